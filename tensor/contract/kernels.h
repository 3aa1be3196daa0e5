#pragma once
// The complete list of what a device provides. Each kernel is declared once; EPS_KERNEL makes
// cpu::name (bodies in cpu/), cuda::name (bodies in cuda/) and the dispatcher that calls one
// or the other by the device of the first argument. A kernel without a body is a link error. In a
// build without CUDA, cuda::name throws.
//
// Kernels trust their arguments: shapes, dtypes and devices were checked by the op that calls them.
// `out` is always allocated by the caller, and inputs may have any strides.
#include <array>
#include <cstdint>
#include <span>

#include "tensor/config.h"
#include "tensor/scalar/hd.h"
#include "tensor/contract/optimizer_steps.h"
#include "tensor/contract/pointwise_descriptor.h"
#include "tensor/contract/csr_matrix.h"
#include "tensor/tensor.h"

namespace eps::kernels {

[[noreturn]] void without_cuda(const char* kernel);
namespace cuda {
/// What is called next runs on this GPU.
void use(Device device);
}  // namespace cuda

#if EPS_WITH_CUDA
#define EPS_KERNEL_CUDA(name, params, args) void name params;
#else
#define EPS_KERNEL_CUDA(name, params, args) \
    [[noreturn]] inline void name params { without_cuda(#name); }
#endif
#define EPS_KERNEL(name, params, args, device_of)         \
    namespace cpu {                                       \
    void name params;                                     \
    }                                                     \
    namespace cuda {                                      \
    EPS_KERNEL_CUDA(name, params, args)                   \
    }                                                     \
    inline void name params {                             \
        const Device eps_device = (device_of).device();   \
        if (!eps_device.is_cuda()) return cpu::name args; \
        cuda::use(eps_device);                            \
        cuda::name args;                                  \
    }

// GCC warns of parameters that the throwing stand-ins ignore.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

/// out = src, converted and broadcast; any strides on both sides.
EPS_KERNEL(copy, (Tensor & out, const Tensor& src), (out, src), out)
/// out[...] = value.
EPS_KERNEL(fill, (Tensor & out, double value), (out, value), out)
/// out[i] = start + i * step, computed in f64; out is contiguous.
EPS_KERNEL(arange, (Tensor & out, double start, double step), (out, start, step), out)

enum class Reduction : std::uint8_t { sum, max, min };
/// Reduces src over `dims` (ascending); out has src's shape with those dims 1, contiguous. The tree
/// of additions is fixed by shape and strides: the same bits for any number of threads. NaN wins in
/// max and min. Empty reductions give the identity.
EPS_KERNEL(reduce, (Reduction reduction, Tensor& out, const Tensor& src, const Dims& dims),
           (reduction, out, src, dims), out)
/// Index (i64) of the first largest (or smallest) element along dim; NaN counts as largest. out has
/// dim 1.
EPS_KERNEL(argmax, (Tensor & out, const Tensor& src, int dim, bool smallest),
           (out, src, dim, smallest), out)

/// out[b] = a[b] b[b] (+ out[b] if accumulate): a [B, M, K], b [B, K, N], out [B, M, N], f32 or
/// f64, any strides on a and b (transposed ones are not copied), out contiguous in its last two
/// dimensions. On a GPU with the precision of tensor/runtime/precision.h.
EPS_KERNEL(matmul, (Tensor & out, const Tensor& a, const Tensor& b, bool accumulate),
           (out, a, b, accumulate), out)
/// out[i, j] = bias[j] + sum_k x[i, k] weight[j, k]: x [M, K], weight [N, K], out [M, N]
/// contiguous, bias [N]; as matmul otherwise.
EPS_KERNEL(linear, (Tensor & out, const Tensor& x, const Tensor& weight, const Tensor& bias),
           (out, x, weight, bias), out)

/// How a filter moves over an image. Padding is what is added before the first row and column; what
/// is added behind the last follows from the extents. Channels [i C/groups, (i+1) C/groups) only
/// see filters [i K/groups, (i+1) K/groups).
struct ConvGeometry {
    std::array<std::int64_t, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
    std::int64_t groups = 1;
};
// The convolution triple: each one's derivatives are the two others. Images x [B, C, H, W] and y
// [B, K, H', W'] are channels-last in memory and dense, filters w [K, C/groups, h, w] row-major;
// f32 or f64.
/// y[b, k, i, j] = bias[k] + sum_{c, u, v} w[k, c, u, v] x[b, c, i stride - padding + u dilation, j
/// stride - padding + v dilation]; bias may be undefined.
EPS_KERNEL(conv2d,
           (Tensor & y, const Tensor& x, const Tensor& w, const Tensor& bias,
            const ConvGeometry& geometry),
           (y, x, w, bias, geometry), y)
/// The adjoint in x, a transposed convolution: x = sum of w times y, bias [C] added.
EPS_KERNEL(conv2d_input,
           (Tensor & x, const Tensor& y, const Tensor& w, const Tensor& bias,
            const ConvGeometry& geometry),
           (x, y, w, bias, geometry), x)
/// The adjoint in w: w[k, c, u, v] = sum_{b, i, j} y[b, k, i, j] x[b, c, ...].
EPS_KERNEL(conv2d_weight,
           (Tensor & w, const Tensor& x, const Tensor& y, const ConvGeometry& geometry),
           (w, x, y, geometry), w)

// Factorisations of each matrix of a batch, f32 or f64, and solving with their triangles. "By
// columns": strides {.., 1, rows}.
/// out [B, n, n] (contiguous) = L, lower triangular with a positive diagonal: L L^T = a. Of a [B,
/// n, n] only the lower triangle is read. Where leading minor k is the first that is not positive
/// definite, L's diagonal is NaN from element k - 1 on.
EPS_KERNEL(cholesky, (Tensor & out, const Tensor& a), (out, a), out)
/// out [B, n, n] (by columns) = U and, below its diagonal, L without its unit diagonal: L U = the
/// rows of a in the order of permutation (i64 [B, n], contiguous), the largest element of a column
/// as pivot. A zero on U's diagonal: a is singular. Of an a that is not finite the result is not,
/// either.
EPS_KERNEL(lu, (Tensor & out, Tensor& permutation, const Tensor& a), (out, permutation, a), out)
/// out [B, m + n, n] (by columns), m >= n, = Q [m, n] with orthonormal columns over R [n, n], upper
/// triangular: Q R = a. Householder's reflections turn each column away from its first element,
/// whose sign R's diagonal gets reversed; where nothing lies below that element, there is no
/// reflection.
EPS_KERNEL(qr, (Tensor & out, const Tensor& a), (out, a), out)
/// out [B, n + 1, n] (by columns) = the orthonormal eigenvectors, one a column, over a row of
/// eigenvalues, ascending. Of a [B, n, n], which is symmetric, only the lower triangle is read.
/// Eigenvalues are NaN where a is not finite or the iteration did not end.
EPS_KERNEL(eigh, (Tensor & out, const Tensor& a), (out, a), out)
/// x = a^-1 x: x [B, n, k] is contiguous; of a [B, n, n] (any strides) the named triangle is read,
/// and its diagonal unless that is `unit`.
EPS_KERNEL(triangular_solve, (Tensor & x, const Tensor& a, bool upper, bool unit),
           (x, a, upper, unit), x)
/// The windows of a pooling: size[d] places of dimension d, dilation[d] apart, from i stride[d] -
/// padding[d] on; or adaptive, those from floor(i in / out) up to ceil((i + 1) in / out).
struct PoolGeometry {
    std::array<std::int64_t, 2> size{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
    bool adaptive = false;
    struct Window {
        std::int64_t first, end, step;
    };
    /// What of window i, one of `outputs`, lies inside of an image of `inputs` places.
    EPS_HD Window window(std::size_t d, std::int64_t i, std::int64_t inputs,
                         std::int64_t outputs) const {
        if (adaptive) return {i * inputs / outputs, ((i + 1) * inputs + outputs - 1) / outputs, 1};
        const std::int64_t start = i * stride[d] - padding[d],
                           end = start + (size[d] - 1) * dilation[d] + 1;
        const std::int64_t outside = start < 0 ? (dilation[d] - 1 - start) / dilation[d] : 0;
        return {start + outside * dilation[d], end < inputs ? end : inputs, dilation[d]};
    }
};
/// values [B, C, H', W'] = the largest x [B, C, H, W] of each window, which is never empty; indices
/// (i64) = its place, row W + column. The first of equals; NaN wins. All channels-last in memory
/// and dense, H W < 2^31; any numbers.
EPS_KERNEL(max_pool2d,
           (Tensor & values, Tensor& indices, const Tensor& x, const PoolGeometry& geometry),
           (values, indices, x, geometry), x)
/// out[.., i, ..] = sum of weight src[.., source, ..] along dim over the matrix of i, in their
/// order; 0 where it has none. The weights are whole unless the dtype is f32 or f64; bool, f16 and
/// bf16 are only selected.
EPS_KERNEL(resample, (Tensor & out, const Tensor& src, int dim, const CsrMatrix& matrix),
           (out, src, dim, matrix), src)

/// out[i][j] = src[i][index[i][j]] along dim; index has out's shape.
EPS_KERNEL(gather, (Tensor & out, const Tensor& src, int dim, const Tensor& index),
           (out, src, dim, index), out)
/// out[i][index[i][j]] = src[i][j] along dim, or += if accumulate, in the order of j: of equal
/// indices the last wins. index has src's shape.
EPS_KERNEL(scatter,
           (Tensor & out, int dim, const Tensor& index, const Tensor& src, bool accumulate),
           (out, dim, index, src, accumulate), out)
/// out[i] = sum_{k <= i} src[k] along dim (k >= i if reverse).
EPS_KERNEL(cumsum, (Tensor & out, const Tensor& src, int dim, bool reverse),
           (out, src, dim, reverse), out)
/// out (i64) = indices that sort src along dim, stably; NaN sorts last when ascending, first when
/// descending.
EPS_KERNEL(argsort, (Tensor & out, const Tensor& src, int dim, bool descending),
           (out, src, dim, descending), out)
/// out (i64) = how many elements of the sorted line lie below each value (do not lie above it, if
/// right); NaN is the largest. sorted and values have out's shape but for sorted's extent in the
/// last dimension, and one dtype.
EPS_KERNEL(searchsorted, (Tensor & out, const Tensor& sorted, const Tensor& values, bool right),
           (out, sorted, values, right), out)

/// Where a stream of random numbers stands: block first() of Philox4x32-10 under key `seed`. In a
/// captured step it is told by memory of the device, which each replay moves on, how far the stream
/// had come when the step began.
struct PhiloxState {
    std::uint64_t seed;
    std::uint64_t counter;
    const std::uint64_t* base = nullptr;
    EPS_HD std::uint64_t first() const { return counter + (base ? *base : 0); }
};
enum class Distribution : std::uint8_t { uniform, normal, bernoulli, randint };
/// Fills a contiguous `out`; element i is a function of the state and of i alone, on every device
/// and for any thread count. A block of four words serves four elements (f32, bernoulli) or two
/// (f64, i64, which take two words each). uniform: [a, b); normal: mean a, deviation b; bernoulli:
/// 1 with probability a; randint: integers of [a, b).
EPS_KERNEL(random, (Tensor & out, Distribution distribution, PhiloxState state, double a, double b),
           (out, distribution, state, a, b), out)
/// out[i] = 1 with probability p[i], else 0; p has out's shape and is contiguous.
EPS_KERNEL(random_bernoulli, (Tensor & out, const Tensor& p, PhiloxState state), (out, p, state),
           out)

/// Over what group_norm takes the mean of x [B, C, S]: each of `groups` runs of C / groups
/// channels, of every sample for itself or (across_batch, with C groups) of all samples together.
/// `silu`: z sigmoid(z) follows.
struct GroupNormOptions {
    std::int64_t groups = 1;
    double epsilon = 0;
    bool across_batch = false, silu = false;
};
/// statistics (f64 [2, B, groups]; across the batch [2, 1, C]) = mean and biased variance. Here and
/// below x is dense, with places or channels innermost, and what has its shape has its strides.
EPS_KERNEL(group_statistics,
           (Tensor & statistics, const Tensor& x, const GroupNormOptions& options),
           (statistics, x, options), x)
/// out = (x - mean) / sqrt(variance + epsilon) weight + bias; weight and bias are contiguous, [C]
/// or [B, C]. The statistics are computed, or given.
EPS_KERNEL(group_norm,
           (Tensor & out, Tensor& statistics, const Tensor& x, const Tensor& weight,
            const Tensor& bias, const GroupNormOptions& options, bool given),
           (out, statistics, x, weight, bias, options, given), x)
/// The gradients in x, weight and bias, each like what it belongs to. `constant`: the statistics do
/// not depend on x.
EPS_KERNEL(group_norm_backward,
           (Tensor & dx, Tensor& dweight, Tensor& dbias, const Tensor& g, const Tensor& statistics,
            const Tensor& x, const Tensor& weight, const Tensor& bias,
            const GroupNormOptions& options, bool constant),
           (dx, dweight, dbias, g, statistics, x, weight, bias, options, constant), x)
/// running (f32 or f64, [C]) becomes (1 - momentum) running + momentum scale values, of values f64
/// [C].
EPS_KERNEL(moving_average, (Tensor & running, const Tensor& values, double momentum, double scale),
           (running, values, momentum, scale), running)
/// Each row of x [N, D]: out = (x - mean) / sqrt(variance + epsilon) weight + bias, statistics (f64
/// [2, N]) = mean and biased variance. With an undefined bias, x / sqrt(mean square + epsilon)
/// weight, and statistics = 0 and the mean square. All contiguous.
EPS_KERNEL(layer_norm,
           (Tensor & out, Tensor& statistics, const Tensor& x, const Tensor& weight,
            const Tensor& bias, double epsilon),
           (out, statistics, x, weight, bias, epsilon), x)
/// The gradients; dbias is undefined where the bias was.
EPS_KERNEL(layer_norm_backward,
           (Tensor & dx, Tensor& dweight, Tensor& dbias, const Tensor& g, const Tensor& statistics,
            const Tensor& x, const Tensor& weight, double epsilon),
           (dx, dweight, dbias, g, statistics, x, weight, epsilon), x)

/// softmax(x) along dim, or its logarithm; x is dense, out has its strides.
EPS_KERNEL(softmax, (Tensor & out, const Tensor& x, int dim, bool log), (out, x, dim, log), x)
/// dx from g and the output y: y (g - sum g y), or g - exp(y) sum g. All dense, of the same
/// strides.
EPS_KERNEL(softmax_backward, (Tensor & dx, const Tensor& g, const Tensor& y, int dim, bool log),
           (dx, g, y, dim, log), g)

/// Scores are scale q k^T; causal: query i sees keys 0 to i.
struct AttentionOptions {
    double scale = 1;
    bool causal = false;
};
/// out [B, H, L, V] = softmax(scores + mask) v, lse [B, H, L] (contiguous) = the logarithm of the
/// sum of exponentials of each row of scores: q [B, H, L, D], k [B, H, S, D], v [B, H, S, V], any
/// strides; mask undefined, or [B, H, L, S] of any strides, bool (true: is seen) or added. A query
/// that sees no key gets zeros, and lse -inf.
EPS_KERNEL(attention,
           (Tensor & out, Tensor& lse, const Tensor& q, const Tensor& k, const Tensor& v,
            const Tensor& mask, const AttentionOptions& options),
           (out, lse, q, k, v, mask, options), q)
/// The gradients in q, k and v, each dense in any order of memory.
EPS_KERNEL(attention_backward,
           (Tensor & dq, Tensor& dk, Tensor& dv, const Tensor& g, const Tensor& out,
            const Tensor& lse, const Tensor& q, const Tensor& k, const Tensor& v,
            const Tensor& mask, const AttentionOptions& options),
           (dq, dk, dv, g, out, lse, q, k, v, mask, options), q)

/// Which step of an optimiser: its formula is a struct of tensor/contract/optimizer_steps.h.
#define EPS_UPDATE_NAME(name, S) name,
enum class Update : std::uint8_t { EPS_UPDATES(EPS_UPDATE_NAME) };
#undef EPS_UPDATE_NAME
using math::UpdateCoefficients;
/// One parameter of a multi-tensor update: the value, its gradient, and up to two state tensors,
/// all contiguous and of one dtype.
struct UpdateTensors {
    Tensor value, gradient, state1, state2;
};
/// As a kernel reads them, which may be later than they are written: the numbers of the struct,
/// f64, on the CPU.
Tensor as_tensor(const UpdateCoefficients& c);
/// Writes their `skip`, from a number on their device.
void set_skip(Tensor& coefficients, const Tensor& skip);
/// Updates all parameters in one launch. coefficients: as_tensor's, on the parameters' device.
EPS_KERNEL(multi_tensor_update,
           (Update update, const Tensor& coefficients, std::span<const UpdateTensors> list),
           (update, coefficients, list), list[0].value)
/// value = gradient / scale for all of the list, which has no states; found (f32 []) becomes 1
/// where a gradient is not finite, and else stays as it is. scale: f32 [].
EPS_KERNEL(multi_tensor_unscale,
           (Tensor & found, const Tensor& scale, std::span<const UpdateTensors> list),
           (found, scale, list), found)

#pragma GCC diagnostic pop

// Pointwise ops: one body per device computes every entry of every derivative table
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
/// The device's allocator; throws where there is no such device.
CachingAllocator& allocator(Device device);
/// Bytes between host and device, or two devices, in stream order; waits when the host is the
/// target.
void copy_bytes(void* to, Device to_device, const void* from, Device from_device,
                std::size_t bytes);
/// Between begin_capture and end_capture what is launched on the device is not run but becomes a
/// graph, which launch_graph runs. abandon_capture ends a capture that went wrong, or one that is
/// over.
void begin_capture(Device device);
void* end_capture(Device device);
void abandon_capture(Device device);
void launch_graph(Device device, void* graph);
/// Waits until the graph does not run.
void release_graph(Device device, void* graph);
/// Devices found now: 0 without a driver or in a build without CUDA.
int device_count();
/// "NVIDIA H200, compute 9.0, 139 GiB" or why there is none of that index.
std::string device_summary(int index = 0);
}  // namespace cuda

/// Computes one entry of an op's derivative table, on the device of `out`.
inline void run_pointwise(const PointwiseOp& op, const void* attributes, int entry,
                          const PointwiseArgs& args) {
    const Device device = args.out.device();
    if (device.is_cuda()) cuda::use(device);
    (device.is_cuda() ? op.cuda_kernel : op.cpu_kernel)(attributes, entry, args);
}

}  // namespace eps::kernels
