// A sparse matrix along one dimension. Its table travels with the launch, some matrix at a time: no
// device memory to fill, nothing to wait for.
#include <algorithm>

#include "cuda/runtime/context.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

constexpr int kTaps = 224, kOutputs = 192;  // of one launch, whose parameters must fit into 4 KiB

/// Some outputs of the table and some matrix of theirs. An output with more matrix than fit goes on
/// in the next launch.
struct Part {
    std::int64_t first = 0;  // output
    std::int32_t outputs = 0;
    bool continues = false;  // the first output was begun before
    std::uint16_t starts[kOutputs + 1] = {};
    std::int32_t sources[kTaps] = {};
    double weights[kTaps] = {};
};
static_assert(sizeof(Part) + sizeof(Lines<2>) + 64 <= 4096);

// A thread for an output of each line, or of V neighbouring ones; neighbouring threads are
// neighbouring lines. Operands: 0 out, 1 src.
template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    resample_kernel(T* out, const T* src, std::int64_t out_stride, std::int64_t src_stride,
                    const __grid_constant__ Part part, const __grid_constant__ Lines<2> lines) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= lines.count * static_cast<std::uint32_t>(part.outputs)) return;
    const auto output = static_cast<std::int32_t>(i / lines.count);
    const auto at = lines.at(i % lines.count);
    T* const to = out + at.of[0] + (part.first + output) * out_stride;
    Vector<T, V> sum = {};
    if (part.continues && output == 0) sum = vector_at<V>(to);
    for (int t = part.starts[output]; t < part.starts[output + 1]; ++t) {
        const auto weight = static_cast<T>(part.weights[t]);
        const Vector<T, V> x = vector_at<V>(src + at.of[1] + part.sources[t] * src_stride);
#pragma unroll
        for (int k = 0; k < V; ++k)
            sum.at[k] = static_cast<T>(sum.at[k] + static_cast<T>(weight * x.at[k]));
    }
    vector_at<V>(to) = sum;
}

// The same of a table that selects: elements are words.
template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    select_kernel(T* out, const T* src, std::int64_t out_stride, std::int64_t src_stride,
                  const __grid_constant__ Part part, const __grid_constant__ Lines<2> lines) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= lines.count * static_cast<std::uint32_t>(part.outputs)) return;
    const auto output = static_cast<std::int32_t>(i / lines.count);
    const auto at = lines.at(i % lines.count);
    const int t = part.starts[output];
    Vector<T, V> seen = {};
    if (t < part.starts[output + 1])
        seen = vector_at<V>(src + at.of[1] + part.sources[t] * src_stride);
    vector_at<V>(out + at.of[0] + (part.first + output) * out_stride) = seen;
}

/// Calls launch(part) until the table is through.
template <class Launch> void in_parts(const CsrMatrix& matrix, const Launch& launch) {
    std::size_t tap = 0;
    const std::size_t outputs = matrix.starts.size() - 1;
    for (std::size_t i = 0; i < outputs;) {
        Part part;
        part.first = static_cast<std::int64_t>(i);
        part.continues = tap > static_cast<std::size_t>(matrix.starts[i]);
        std::size_t used = 0;
        while (i < outputs && part.outputs < kOutputs && used < kTaps) {
            const auto end = static_cast<std::size_t>(matrix.starts[i + 1]),
                       count = std::min(end - tap, kTaps - used);
            for (std::size_t t = 0; t < count; ++t, ++tap, ++used) {
                part.sources[used] = static_cast<std::int32_t>(matrix.sources[tap]);
                part.weights[used] = matrix.weights[tap];
            }
            part.starts[++part.outputs] = static_cast<std::uint16_t>(used);
            if (tap < end) break;
            ++i;
        }
        launch(part);
    }
}

}  // namespace

void resample(Tensor& out, const Tensor& src, int dim, const CsrMatrix& matrix) {
    if (out.numel() == 0) return;
    check_count(out.numel(), "resample");
    check_count(matrix.inputs, "resample");
    const Tensor out_starts = line_starts(out, dim), src_starts = line_starts(src, dim);
    const std::int64_t out_stride = out.strides()[dim], src_stride = src.strides()[dim];
    const auto run = [&]<class T>(auto one, auto several) {
        constexpr std::int64_t V = kVector<T>;
        auto loop = plan_loop<2>({&out_starts, &src_starts});
        const bool wide = out_stride % V == 0 && src_stride % V == 0 &&
                          is_aligned(data_of<T>(out)) && is_aligned(data_of<T>(src)) &&
                          in_vectors(loop, V);
        const Lines<2> lines(loop);
        const auto kernel = wide ? several : one;
        in_parts(matrix, [&](const Part& part) {
            kernel<<<blocks_for(std::int64_t{lines.count} * part.outputs), kBlock, 0, stream()>>>(
                data_of<T>(out), data_of<T>(src), out_stride, src_stride, part, lines);
            check_launch("resample");
        });
    };
    if (!matrix.selects())
        return visit_number(out.dtype(), [&]<class T>() {
            run.template operator()<T>(resample_kernel<T, 1>, resample_kernel<T, kVector<T>>);
        });
    visit_words(out.dtype(), [&]<class T>() {
        run.template operator()<T>(select_kernel<T, 1>, select_kernel<T, kVector<T>>);
    });
}

}  // namespace eps::kernels::cuda
