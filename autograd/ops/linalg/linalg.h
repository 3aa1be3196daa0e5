#pragma once
// Linear algebra on batches of matrices [.., n, n], f32 or f64, differentiable to any order.
// Leading dimensions of two arguments broadcast.
//
// On the CPU, an op throws if a matrix has no such factorisation or solution, and names the matrix.
// On a GPU, where reading would wait, the result is NaN or infinite instead.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

// Factorisations.

/// The lower triangular L with a positive diagonal of a symmetric positive definite a:
///     L L^T = a
/// Only the lower triangle of a is read. The gradient is the symmetric one.
/// Shapes: [.., n, n] -> [.., n, n].
/// Throws if a is not positive definite.
/// Source: Murray 2016, "Differentiation of the Cholesky decomposition", eq. 8.
Tensor cholesky(const Tensor& a);

/// A permutation p, l lower triangular with a unit diagonal, and u upper triangular:
///     a = p l u
/// The pivot of each column is its largest element. Exists for every a; the derivative exists if
/// the first k columns of u have no zero on their diagonal. p has no gradient.
/// Shapes: a [.., m, n], p [.., m, m], l [.., m, k], u [.., k, n], k = min(m, n).
/// Source: de Hoog, Anderssen and Lukas 2011, "Differentiation of matrix functionals using
/// triangular factorization".
struct Lu {
    Tensor p, l, u;
};
Lu lu(const Tensor& a);

/// q with orthonormal columns and r upper triangular, in the reduced form:
///     a = q r
/// The signs on r's diagonal are those of LAPACK. The derivative exists if the first k columns of
/// a are independent; in a wide matrix, r = q^T a in the columns behind the first m.
/// Shapes: a [.., m, n], q [.., m, k], r [.., k, n], k = min(m, n).
/// Source: Walter and Lehmann 2010, "Algorithmic differentiation of linear algebra functions".
struct Qr {
    Tensor q, r;
};
Qr qr(const Tensor& a);

/// Eigenvalues w, ascending, and eigenvectors, the orthonormal columns of V, of a symmetric a:
///     a = V diag(w) V^T
/// Only the lower triangle of a is read. The sign of an eigenvector is arbitrary, and so is the
/// basis of a subspace with equal eigenvalues: a loss must not depend on either. The gradient is
/// the symmetric one; for such a loss, pairs of equal eigenvalues add nothing to it through V.
/// Second derivatives are right where all eigenvalues differ.
/// Shapes: a, V [.., n, n], w [.., n].
/// Source: Giles 2008, "Collected matrix derivative results", section 3.1.
struct Eigh {
    Tensor eigenvalues, eigenvectors;
};
Eigh eigh(const Tensor& a);

/// Singular values s, descending, and singular vectors, the orthonormal columns of u and rows of
/// vt, in the reduced form:
///     a = u diag(s) vt
/// One-sided Jacobi rotations compute them, and small singular values are as accurate as the
/// scaling of a's columns (of its rows, if it is wide) permits. The sign of a pair of vectors is
/// arbitrary, and so is the basis of a subspace with equal singular values, and all of the vectors
/// of those that are 0: a loss must not depend on any of that. For such a loss the derivative is
/// right at equal singular values too, and pairs of vectors of zeros add nothing to it. Second
/// derivatives are right where all singular values differ and none is 0.
/// Shapes: a [.., m, n], u [.., m, k], s [.., k], vt [.., k, n], k = min(m, n).
/// Throws if a is not finite.
/// Source: Townsend 2016, "Differentiating the singular value decomposition"; Demmel and Veselic
/// 1992, "Jacobi's method is more accurate than QR".
struct Svd {
    Tensor u, s, vt;
};
Svd svd(const Tensor& a);
/// The singular values alone, descending. Their sum, the nuclear norm, has the gradient u vt: at a
/// matrix that is not of full rank, this is one of the subgradients.
///     d s_i = u_i^T da v_i
/// Shapes: [.., m, n] -> [.., k], k = min(m, n).
/// Throws: as svd().
Tensor svdvals(const Tensor& a);

// Solving.

struct TriangularOptions {
    bool upper = false;  // which triangle of a is read; the rest may hold anything
    bool left = true;    // a X = b, or X a = b
    bool unit = false;   // the diagonal of a is taken to be 1, and not read
};
/// The solution X of a X = b, or of X a = b, for a triangular a. For a^T, pass
/// transpose(a), a view, with the other triangle. A zero on the diagonal gives infinity or NaN.
/// Shapes: a [.., n, n], b [.., n, k], or [.., k, n] for X a = b -> b's.
/// Source: Giles 2008, section 2.3.1.
Tensor solve_triangular(const Tensor& a, const Tensor& b, const TriangularOptions& options = {});
/// The solution X of a X = b, by LU. Derivatives of any order use the same factors.
/// Shapes: a [.., n, n], b [.., n, k] or a vector [n] -> b's.
/// Throws on a singular a.
/// Source: Giles 2008, section 2.3.1.
Tensor solve(const Tensor& a, const Tensor& b);
/// a^-1. solve(a, b) is faster and more accurate than inverse(a) b.
/// Shapes: [.., n, n] -> [.., n, n].
/// Throws on a singular a.
Tensor inverse(const Tensor& a);

/// The determinant: the product of LU's pivots, with the sign of the permutation. Its derivative is
/// Jacobi's formula:
///     d det(a) = det(a) tr(a^-1 da)
/// A batch with a matrix that is singular, or nearly so, is differentiated by its cofactors, to any
/// order and without a division by 0. On a GPU, this holds for ranks of n - 2 and above.
/// Shapes: [.., n, n] -> [..].
Tensor det(const Tensor& a);
/// The determinant as sign exp(logabsdet), which neither overflows nor underflows.
///     d logabsdet(a) = tr(a^-1 da)
/// A singular a gives 0 and -inf, and a gradient that is not finite; sign has no gradient.
/// Shapes: [.., n, n] -> both [..].
struct SlogDet {
    Tensor sign, logabsdet;
};
SlogDet slogdet(const Tensor& a);
/// log det a, which is NaN where the determinant is negative.
/// Shapes: [.., n, n] -> [..].
Tensor logdet(const Tensor& a);
/// log |det a| of a triangular a:
///     sum_i log |a_ii|
/// Shapes: [.., n, n] -> [..].
Tensor logdet_triangular(const Tensor& a);

// Diagonals of the last two dimensions, of any dtype; diagonal() itself, a view, is in shape.h.

/// The sum of the main diagonal.
/// Shapes: [.., m, n] -> [..].
Tensor trace(const Tensor& x);
/// Zeros with x on a diagonal, `offset` columns to the right of the main one, or, if that is
/// negative, rows below it.
/// Shapes: [.., k] -> [.., n, n], n = k + |offset|.
Tensor diag_embed(const Tensor& x, std::int64_t offset = 0);
/// The matrix with a given diagonal [k], or the diagonal of a given matrix.
Tensor diag(const Tensor& x, std::int64_t offset = 0);

}  // namespace eps
