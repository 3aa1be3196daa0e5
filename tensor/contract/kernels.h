#pragma once
// The complete list of what a device provides, one EPS_KERNEL each. kernels::name(...) calls
// cpu::name (bodies in cpu/) or cuda::name (bodies in cuda/) by the device of its first tensor:
// see kernel.h.
//
// Kernels trust their arguments: the op that calls them has checked shapes, dtypes and devices.
// The caller allocates every output. Inputs may have any strides unless the comment says
// otherwise. "f64 [2, N]" names a dtype and a shape; floating kernels compute in f32 or f64.
#include <cstdint>
#include <span>

#include "tensor/contract/csr_matrix.h"
#include "tensor/contract/cuda_device.h"
#include "tensor/contract/image_geometry.h"
#include "tensor/contract/kernel.h"
#include "tensor/contract/norm_options.h"
#include "tensor/contract/optimizer_steps.h"
#include "tensor/contract/pointwise_descriptor.h"
#include "tensor/contract/random_stream.h"

namespace eps::kernels {
// clang-format off

// ---- Copies ------------------------------------------------------------------------------------

/// out = src, converted and broadcast to out's shape; out may have any strides, too.
EPS_KERNEL(copy, void(Tensor& out, const Tensor& src));

/// out[...] = value; an integer that no double is reaches an i64, too.
EPS_KERNEL(fill, void(Tensor& out, Number value));

/// out[i] = start + i step, as tensor/contract/sequence.h says; out is contiguous.
EPS_KERNEL(arange, void(Tensor& out, double start, double step));

// ---- Reductions --------------------------------------------------------------------------------

enum class Reduction : std::uint8_t { sum, max, min };

/// Reduces src over `dims`, which ascend. The order of the additions depends on shape and strides
/// alone, so the bits are the same for any number of threads.
/// Shapes: out has src's shape with the extents of `dims` 1, contiguous.
/// NaN wins in max and min; an empty reduction gives the identity.
EPS_KERNEL(reduce, void(Reduction reduction, Tensor& out, const Tensor& src, const Dims& dims));

/// out = the index along dim of the first largest (or smallest) element; the first NaN wins.
/// Shapes: out is i64, with extent 1 along dim.
EPS_KERNEL(argmax, void(Tensor& out, const Tensor& src, int dim, bool smallest));

/// out[i] = sum_{k <= i} src[k] along dim; the sum of k >= i if reverse.
EPS_KERNEL(cumsum, void(Tensor& out, const Tensor& src, int dim, bool reverse));

// ---- Matrix products and factorisations --------------------------------------------------------

/// out[b] = a[b] b[b], added to out[b] if accumulate.
/// Shapes: a [B, M, K], b [B, K, N], out [B, M, N], contiguous in its last two dimensions.
/// Transposed operands are not copied. A GPU uses the precision of tensor/runtime/precision.h.
EPS_KERNEL(matmul, void(Tensor& out, const Tensor& a, const Tensor& b, bool accumulate));

/// out[i, j] = bias[j] + sum_k x[i, k] weight[j, k]
/// Shapes: x [M, K], weight [N, K], bias [N], out [M, N], contiguous; otherwise as matmul.
EPS_KERNEL(linear, void(Tensor& out, const Tensor& x, const Tensor& weight, const Tensor& bias));

// The factorisations treat each matrix of a batch alone. A column-major output [.., rows, columns]
// has the strides {.., 1, rows}.

/// out = L, lower triangular with a positive diagonal, with L L^T = a.
/// Shapes: a [B, n, n], of which the lower triangle is read; out [B, n, n], contiguous.
/// If leading minor k is the first that is not positive, L's diagonal is NaN from element k - 1 on.
EPS_KERNEL(cholesky, void(Tensor& out, const Tensor& a));

/// out = U and, below its diagonal, L without its unit diagonal. L U is a with its rows in the
/// order of permutation; the pivot is the largest element of a column.
/// Shapes: a [B, m, n], m >= n; out [B, m, n], column-major; permutation i64 [B, m], contiguous,
/// which is not written if n is 0.
/// A zero on U's diagonal means that a is singular. If a is not finite, neither is out.
EPS_KERNEL(lu, void(Tensor& out, Tensor& permutation, const Tensor& a));

/// out = Q, whose columns are orthonormal, above R, upper triangular, with Q R = a.
/// Shapes: a [B, m, n], m >= n; out [B, m + n, n], column-major: Q [m, n] over R [n, n].
/// A Householder reflection gives R's diagonal the sign opposite to that of the column's first
/// element. A column that is zero below that element is not reflected.
EPS_KERNEL(qr, void(Tensor& out, const Tensor& a));

/// out = the orthonormal eigenvectors, one a column, above a row of eigenvalues, which ascend.
/// Shapes: a [B, n, n], symmetric, of which the lower triangle is read; out [B, n + 1, n],
/// column-major.
/// The eigenvalues are NaN if a is not finite or the iteration did not converge.
EPS_KERNEL(eigh, void(Tensor& out, const Tensor& a));

/// out = U, whose columns are orthonormal, or 0 where the singular value is 0, above V, orthogonal,
/// above a row of singular values, which descend: U diag(s) V^T = a.
/// Shapes: a [B, m, n], m >= n; out [B, m + n + 1, n], column-major.
/// All of out is NaN if a is not finite or the iteration did not converge.
EPS_KERNEL(svd, void(Tensor& out, const Tensor& a));

/// x = a^-1 x, reading only the upper or the lower triangle of a, and its diagonal unless `unit`.
/// Shapes: x [B, n, k], contiguous; a [B, n, n].
EPS_KERNEL(triangular_solve, void(Tensor& x, const Tensor& a, bool upper, bool unit));

// ---- Images ------------------------------------------------------------------------------------

// The convolution triple: the derivatives of each member are the two others. Images are
// x [B, C, H, W] and y [B, K, H', W'], dense and channels-last in memory; filters are
// w [K, C/groups, h, w], row-major. A bias may be undefined.

/// y[b, k, i, j] = bias[k] + sum_{c, u, v} w[k, c, u, v] x[b, c, i', j'], where
/// i' = i stride - padding + u dilation, and j' = j stride - padding + v dilation.
EPS_KERNEL(conv2d, void(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
                        const ConvGeometry& geometry));

/// x[b, c, i', j'] = bias[c] + sum_{k, i, j, u, v} w[k, c, u, v] y[b, k, i, j], the adjoint in x:
/// a transposed convolution.
EPS_KERNEL(conv2d_input, void(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                              const ConvGeometry& geometry));

/// w[k, c, u, v] = sum_{b, i, j} y[b, k, i, j] x[b, c, i', j'], the adjoint in w.
EPS_KERNEL(conv2d_weight, void(Tensor& w, const Tensor& x, const Tensor& y,
                               const ConvGeometry& geometry));

/// values = the largest x of each window; indices = its pixel, row W + column. Of equal elements
/// the first wins; NaN wins over all.
/// Shapes: x [B, C, H, W], values [B, C, H', W'], indices i64 of the same shape; all dense and
/// channels-last in memory, any number type, H W < 2^31. No window is empty.
EPS_KERNEL(max_pool2d, void(Tensor& values, Tensor& indices, const Tensor& x,
                            const PoolGeometry& geometry));

/// out[.., i, ..] = sum_s matrix[i, s] src[.., s, ..] along dim, in the order of row i's entries;
/// 0 where the row is empty.
/// The weights are whole numbers unless the dtype is f32 or f64. For bool, f16 and bf16 the matrix
/// selects: each row is empty, or one entry of weight 1.
EPS_KERNEL(resample, void(Tensor& out, const Tensor& src, int dim, const CsrMatrix& matrix));

// ---- Indexing ----------------------------------------------------------------------------------

/// out[i, j] = src[i, index[i, j]], where the last index runs along dim.
/// Shapes: index is i64 of out's shape. Throws: an index is out of range (CPU).
EPS_KERNEL(gather, void(Tensor& out, const Tensor& src, int dim, const Tensor& index));

/// out[i, index[i, j]] = src[i, j] along dim, or += if accumulate, in the order of j: the last of
/// equal indices wins.
/// Shapes: index is i64 of src's shape. Throws: an index is out of range (CPU).
EPS_KERNEL(scatter, void(Tensor& out, int dim, const Tensor& index, const Tensor& src,
                         bool accumulate));

/// out = the indices that sort src along dim, stably. NaN counts as largest.
/// Shapes: out is i64 of src's shape.
EPS_KERNEL(argsort, void(Tensor& out, const Tensor& src, int dim, bool descending));

/// out = how many elements of `sorted`, along the last dimension, are below each value; with right,
/// how many are not above it. NaN counts as largest.
/// Shapes: values and out (i64) have one shape; sorted differs from it in the last extent only.
EPS_KERNEL(searchsorted, void(Tensor& out, const Tensor& sorted, const Tensor& values,
                              bool right));

// ---- Random numbers ----------------------------------------------------------------------------

/// Fills a contiguous `out`. Element i is a function of the state and of i alone, on every device
/// and for any number of threads. A block of four words serves four elements (f32, bernoulli) or
/// two (f64 and i64, which take two words each).
/// uniform: [a, b); normal: mean a, deviation b; bernoulli: 1 with probability a; randint: the
/// integers of [a, b).
EPS_KERNEL(random, void(Tensor& out, Distribution distribution, PhiloxState state, double a,
                        double b));

/// out[i] = 1 with probability p[i], else 0.
/// Shapes: p has out's shape and is contiguous.
EPS_KERNEL(random_bernoulli, void(Tensor& out, const Tensor& p, PhiloxState state));

// ---- Normalisation and attention ---------------------------------------------------------------

// In the group norms, x [B, C, S] is dense with either S or C innermost, and every tensor of x's
// shape has x's strides. Statistics are f64 [2, B, groups], or [2, 1, C] across the batch: the
// means, then the biased variances.

/// statistics = the mean and variance of each group.
EPS_KERNEL(group_statistics, void(Tensor& statistics, const Tensor& x,
                                  const GroupNormOptions& options));

/// out = (x - mean) / sqrt(variance + epsilon) weight + bias. Writes the statistics, or reads them
/// if `given`.
/// Shapes: weight and bias are [C] or [B, C], contiguous.
EPS_KERNEL(group_norm, void(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                            const Tensor& bias, const GroupNormOptions& options, bool given));

/// The gradients in x, weight and bias. With `constant`, the statistics do not depend on x.
EPS_KERNEL(group_norm_backward, void(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                                     const Tensor& statistics, const Tensor& x,
                                     const Tensor& weight, const Tensor& bias,
                                     const GroupNormOptions& options, bool constant));

/// running = (1 - momentum) running + momentum scale values.
/// Shapes: running [C], f32 or f64; values f64 [C].
EPS_KERNEL(moving_average, void(Tensor& running, const Tensor& values, double momentum,
                                double scale));

/// For each row of x: out = (x - mean) / sqrt(variance + epsilon) weight + bias. Without a bias
/// (undefined) it is RMS norm: out = x / sqrt(mean square + epsilon) weight.
/// Shapes: x, out [N, D]; weight, bias [D]; statistics f64 [2, N], the means and the biased
/// variances, or zeros and the mean squares. All contiguous.
EPS_KERNEL(layer_norm, void(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                            const Tensor& bias, double epsilon));

/// The gradients in x, weight and bias; dbias is undefined for RMS norm.
EPS_KERNEL(layer_norm_backward, void(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                                     const Tensor& statistics, const Tensor& x,
                                     const Tensor& weight, double epsilon));

/// out = softmax(x) along dim, or its logarithm. x is dense, and out has its strides.
EPS_KERNEL(softmax, void(Tensor& out, const Tensor& x, int dim, bool log));

/// dx = y (g - sum g y), or, of log_softmax, g - exp(y) sum g, where y is the output. All are
/// dense, with the same strides.
EPS_KERNEL(softmax_backward, void(Tensor& dx, const Tensor& g, const Tensor& y, int dim, bool log));

/// out = softmax(scale q k^T + mask) v; lse = the log of the sum of exp of each row of scores.
/// Shapes: q [B, H, L, D], k [B, H, S, D], v [B, H, S, V], out [B, H, L, V]; lse [B, H, L],
/// contiguous; mask undefined or [B, H, L, S]: bool (true: attend to the key), or added.
/// A query that attends to no key gets out = 0 and lse = -inf.
EPS_KERNEL(attention, void(Tensor& out, Tensor& lse, const Tensor& q, const Tensor& k,
                           const Tensor& v, const Tensor& mask, const AttentionOptions& options));

/// The gradients in q, k and v, each dense in any order of its dimensions.
EPS_KERNEL(attention_backward, void(Tensor& dq, Tensor& dk, Tensor& dv, const Tensor& g,
                                    const Tensor& out, const Tensor& lse, const Tensor& q,
                                    const Tensor& k, const Tensor& v, const Tensor& mask,
                                    const AttentionOptions& options));

// ---- Optimiser steps ---------------------------------------------------------------------------

/// Takes one step of an optimiser for all parameters of the list in one launch. On a CPU it needs
/// no memory, so that it cannot fail half way.
/// Shapes: coefficients is what as_tensor() makes, on the parameters' device.
EPS_KERNEL(multi_tensor_update, void(Update update, const Tensor& coefficients,
                                     std::span<const UpdateTensors> list));

/// value = gradient / scale for all of the list, which has no states. `found` becomes 1 if a
/// gradient is not finite, and else keeps its value.
/// Shapes: found and scale are f32 [].
EPS_KERNEL(multi_tensor_unscale, void(Tensor& found, const Tensor& scale,
                                      std::span<const UpdateTensors> list));

// clang-format on

// ---- Pointwise ops -----------------------------------------------------------------------------

// One body per device computes every entry of every op's derivative table
// (cpu/pointwise/entries.h, cuda/pointwise/entries.cuh).
namespace cpu {
template <class F> PointwiseKernels pointwise_kernels();
}
namespace cuda {
#if EPS_WITH_CUDA
template <class F> PointwiseKernels pointwise_kernels();
#else
[[noreturn]] inline void no_pointwise(const void*, int, const PointwiseArgs&) {
    without_cuda("pointwise");
}
template <class F> PointwiseKernels pointwise_kernels() { return {no_pointwise, no_pointwise}; }
#endif
}  // namespace cuda

/// Computes one entry of an op's derivative table on the device of `args.out`.
inline void run_pointwise(const PointwiseOp& op, const void* attributes, int entry,
                          const PointwiseArgs& args) {
    const Device device = args.out.device();
    if (!device.is_cuda()) return op.cpu_kernel(attributes, entry, args);
    cuda::use(device);
    op.cuda_kernel(attributes, entry, args);
}

}  // namespace eps::kernels
