#pragma once
// Linear algebra on batches of matrices [.., n, n], f32 or f64, differentiable to any order.
// Leading dimensions of two arguments broadcast.
//
// On the CPU, a matrix without the factorisation or solution asked for is an error that names it.
// On a GPU, where looking would wait, its result is NaN or infinite instead.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

// Factorisations.

/// Lower triangular L with a positive diagonal, L L^T = a, of a symmetric positive definite a [..,
/// n, n]; only its lower triangle is read. The gradient is the symmetric one. (Murray 2016,
/// "Differentiation of the Cholesky decomposition", eq. 8)
Tensor cholesky(const Tensor& a);

/// a = p l u [.., n, n]: p a permutation, l lower triangular with a unit diagonal, u upper
/// triangular; in each column the largest element is the pivot. Exists for every a; its derivative
/// for those whose u has no zero on the diagonal. p has no gradient. (de Hoog, Anderssen and Lukas
/// 2011, "Differentiation of matrix functionals using triangular factorization")
struct Lu {
    Tensor p, l, u;
};
Lu lu(const Tensor& a);

/// a = q r [.., m, n], reduced: q [.., m, k] with orthonormal columns, r [.., k, n] upper
/// triangular, k = min(m, n). The signs on r's diagonal are those of LAPACK. The derivative exists
/// where the first k columns of a are independent. (Walter and Lehmann 2010, "Algorithmic
/// differentiation of linear algebra functions"; wide: r = q^T a beyond the first m columns)
struct Qr {
    Tensor q, r;
};
Qr qr(const Tensor& a);

/// a = V diag(w) V^T of a symmetric a [.., n, n], of which only the lower triangle is read:
/// eigenvalues w [.., n], ascending, and V
/// [.., n, n] with orthonormal columns. The sign of an eigenvector is arbitrary, as is the basis
/// where eigenvalues are equal; a loss must not depend on either. The gradient is the symmetric one
/// (Giles 2008, section 3.1), to which, for such a loss, pairs of equal eigenvalues add nothing
/// through V. Second derivatives are right where all eigenvalues differ.
struct Eigh {
    Tensor eigenvalues, eigenvectors;
};
Eigh eigh(const Tensor& a);

// Solving.

/// Which triangle of a is read (the rest may hold anything), on which side a stands, and whether
/// its diagonal is taken to be 1.
struct TriangularOptions {
    bool upper = false, left = true, unit = false;
};
/// X of a X = b, a [.., n, n] triangular, b [.., n, k]; of X a = b, b [.., k, n], if not `left`.
/// For a^T, pass transpose(a), a view, with the other triangle. A zero on the diagonal divides:
/// infinity or NaN. (Giles 2008, section 2.3.1)
Tensor solve_triangular(const Tensor& a, const Tensor& b, const TriangularOptions& options = {});
/// X of a X = b, by LU: a [.., n, n], b [.., n, k], or a vector [n]. Derivatives of any order use
/// the factors again. Throws on a singular a. (Giles 2008, section 2.3.1)
Tensor solve(const Tensor& a, const Tensor& b);
/// a^-1. solve(a, b) is faster and more accurate than inverse(a) b. Throws on a singular a.
Tensor inverse(const Tensor& a);

/// det a [..] = +- product of the pivots; d det(a) = det(a) tr(a^-1 da) (Jacobi). The gradient of a
/// singular matrix is not finite, although det is smooth there: the formula divides by its pivot 0.
Tensor det(const Tensor& a);
/// det a = sign exp(logabsdet), which neither overflows nor underflows: both [..]. A singular a
/// gives 0 and -inf, and a gradient that is not finite; sign has none. d logabsdet(a) = tr(a^-1
/// da).
struct SlogDet {
    Tensor sign, logabsdet;
};
SlogDet slogdet(const Tensor& a);
/// log |det a| = sum_i log |a_ii| of a triangular a [.., n, n] -> [..]
Tensor logdet_triangular(const Tensor& a);

// Diagonals of the last two dimensions, of any dtype; diagonal() itself, a view, is in shape.h.

/// sum_i x_ii: [.., m, n] -> [..]
Tensor trace(const Tensor& x);
/// [.., k] -> [.., n, n], n = k + |offset|: zeros, but for x on the diagonal `offset` columns right
/// of the main one, or rows below it.
Tensor diag_embed(const Tensor& x, std::int64_t offset = 0);
/// The matrix of a diagonal [k], or the diagonal of a matrix.
Tensor diag(const Tensor& x, std::int64_t offset = 0);

}  // namespace eps
