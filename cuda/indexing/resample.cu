// Products with a sparse matrix along one dimension. The matrix is passed by value with the launch,
// a part at a time, so that there is no device memory to fill and nothing to wait for.
#include <algorithm>

#include "cuda/runtime/context.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

// The most entries and rows of the matrix in one launch, whose parameters must fit into 4 KiB.
constexpr int kMaxEntries = 224, kMaxRows = 192;

/// Some rows of the matrix, in compressed form. A row with more entries than fit continues in the
/// next launch.
struct Part {
    std::int64_t first = 0;  // row of the matrix
    std::int32_t rows = 0;
    bool continues = false;  // the first row began in an earlier launch
    std::uint16_t starts[kMaxRows + 1] = {};
    std::int32_t sources[kMaxEntries] = {};
    double weights[kMaxEntries] = {};
};
static_assert(sizeof(Part) + sizeof(Lines<2>) + 64 <= 4096);

// One thread for each row of the matrix and each line, or V neighbouring lines. Neighbouring
// threads take neighbouring lines. Operands: 0 out, 1 src.
template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    resample_kernel(T* out, const T* src, std::int64_t out_stride, std::int64_t src_stride,
                    const __grid_constant__ Part part, const __grid_constant__ Lines<2> lines) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= lines.count * static_cast<std::uint32_t>(part.rows)) return;
    const auto row = static_cast<std::int32_t>(i / lines.count);
    const auto at = lines.at(i % lines.count);
    T* const to = out + at.of[0] + (part.first + row) * out_stride;
    Vector<T, V> sum = {};
    if (part.continues && row == 0) sum = vector_at<V>(to);
    for (int t = part.starts[row]; t < part.starts[row + 1]; ++t) {
        const auto weight = static_cast<T>(part.weights[t]);
        const Vector<T, V> x = vector_at<V>(src + at.of[1] + part.sources[t] * src_stride);
#pragma unroll
        for (int k = 0; k < V; ++k)
            sum.at[k] = static_cast<T>(sum.at[k] + static_cast<T>(weight * x.at[k]));
    }
    vector_at<V>(to) = sum;
}

// The same for a matrix that only selects. Elements are copied as words.
template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    select_kernel(T* out, const T* src, std::int64_t out_stride, std::int64_t src_stride,
                  const __grid_constant__ Part part, const __grid_constant__ Lines<2> lines) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= lines.count * static_cast<std::uint32_t>(part.rows)) return;
    const auto row = static_cast<std::int32_t>(i / lines.count);
    const auto at = lines.at(i % lines.count);
    const int t = part.starts[row];
    Vector<T, V> selected = {};
    if (t < part.starts[row + 1])
        selected = vector_at<V>(src + at.of[1] + part.sources[t] * src_stride);
    vector_at<V>(out + at.of[0] + (part.first + row) * out_stride) = selected;
}

/// Calls launch(part) for consecutive parts of the matrix.
template <class Launch> void in_parts(const CsrMatrix& matrix, const Launch& launch) {
    std::size_t entry = 0;
    const std::size_t rows = matrix.starts.size() - 1;
    for (std::size_t i = 0; i < rows;) {
        Part part;
        part.first = static_cast<std::int64_t>(i);
        part.continues = entry > static_cast<std::size_t>(matrix.starts[i]);
        std::size_t used = 0;
        while (i < rows && part.rows < kMaxRows && used < kMaxEntries) {
            const auto end = static_cast<std::size_t>(matrix.starts[i + 1]),
                       count = std::min(end - entry, kMaxEntries - used);
            for (std::size_t t = 0; t < count; ++t, ++entry, ++used) {
                part.sources[used] = static_cast<std::int32_t>(matrix.sources[entry]);
                part.weights[used] = matrix.weights[entry];
            }
            part.starts[++part.rows] = static_cast<std::uint16_t>(used);
            if (entry < end) break;
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
            kernel<<<blocks_for(std::int64_t{lines.count} * part.rows), kBlock, 0, stream()>>>(
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
