#pragma once
// Lengths of vectors, and distances between them.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// The p-norm over `dims` (all if empty), for any p: 0 counts the elements that are not 0, infinity
/// takes the largest |x| and -infinity the smallest.
///     (sum |x|^p)^(1/p)
/// Elements are divided by the largest first (the smallest for p < 0), so that no power overflows
/// or vanishes. The gradient at x = 0 is 0, also that of a single element.
/// Shapes: x -> x's without the reduced dimensions, or with extent 1 there if keepdim.
/// Throws: if p is NaN, or there are no elements and p < 0 or infinite.
Tensor norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false);

/// Norms of a matrix that are not one of an order p.
enum class MatrixNorm : std::uint8_t {
    frobenius,  // the root of the sum of all squares
    nuclear,    // the sum of the singular values
};
/// A norm of the matrices in the last two dimensions. At a matrix that is not of full rank, the
/// gradient of the nuclear norm is one of its subgradients.
/// Shapes: [.., m, n] -> [..], or [.., 1, 1] if keepdim.
/// Source: Golub and Van Loan 2013, "Matrix Computations", section 2.3.
Tensor matrix_norm(const Tensor& x, MatrixNorm kind = MatrixNorm::frobenius, bool keepdim = false);
/// The norm of order p: 1 is the largest sum of |x| in a column, infinity that in a row, and 2 the
/// largest singular value; -1, -infinity and -2 are the smallest.
///     max_|v|_p = 1 |x v|_p, or the minimum
/// Equal sums or singular values share the gradient.
/// Shapes: [.., m, n] -> [..], or [.., 1, 1] if keepdim.
/// Throws: if p is another number, or there is nothing to take the largest of.
Tensor matrix_norm(const Tensor& x, double p, bool keepdim = false);

/// x divided by its p-norms along dim: vectors of length 1. Shorter ones than epsilon are divided
/// by epsilon.
///     x / max(norm(x), epsilon)
/// Throws: unless epsilon > 0.
Tensor normalize(const Tensor& x, double p = 2, std::int64_t dim = 1, double epsilon = 1e-12);

/// The p-norms of all differences between rows of a and rows of b. They are computed from the
/// differences themselves, a tensor [.., n, m, d], and so are exact for points that lie close
/// together.
/// Shapes: a [.., n, d], b [.., m, d] -> [.., n, m]; the dimensions before broadcast.
/// Throws: as norm().
Tensor cdist(const Tensor& a, const Tensor& b, double p = 2);

}  // namespace eps
