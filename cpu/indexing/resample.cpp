// A sparse matrix that acts along one dimension. If the elements beside the dimension are
// contiguous, an output is a weighted sum of whole rows, added two at a time in blocks that stay in
// the cache; else the lines along the dimension are computed one by one.
#include <algorithm>

#include "tensor/contract/kernels.h"
#include "tensor/contract/loop.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"
#include "tensor/raw_copy.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 32 * 1024;  // elements that are worth a second thread
constexpr std::int64_t kBlock = 2048;       // elements of a row that are summed before the next

// The first element of each line along dim.
Tensor line_starts(const Tensor& x, int dim) {
    Shape shape = x.shape();
    shape[dim] = 1;
    return raw::view(x, shape, x.strides(), x.offset());
}

/// With `Selects`, each row of the matrix is empty or one entry of weight 1, and T may be any word
/// of the element's size.
template <class T, bool Selects> struct Resampling {
    const CsrMatrix& matrix;
    std::int64_t to_step, from_step;  // along the dimension

    /// Output i of `width` contiguous lines.
    void row(T* __restrict to, const T* from, std::int64_t i, std::int64_t width) const {
        std::int64_t t = matrix.starts[static_cast<std::size_t>(i)];
        const std::int64_t end = matrix.starts[static_cast<std::size_t>(i) + 1];
        if (t == end) {
            std::fill_n(to, width, T(0));
        } else if constexpr (Selects) {
            std::copy_n(source(from, t), width, to);
        } else {
            if ((end - t) % 2 != 0) {
                scale(to, source(from, t), weight(t), width);
                t += 1;
            } else {
                pair<false>(to, source(from, t), source(from, t + 1), weight(t), weight(t + 1),
                            width);
                t += 2;
            }
            for (; t < end; t += 2)
                pair<true>(to, source(from, t), source(from, t + 1), weight(t), weight(t + 1),
                           width);
        }
    }

    /// Outputs [first, last) of one line.
    void line(T* to, const T* from, std::int64_t first, std::int64_t last) const {
        for (std::int64_t i = first; i < last; ++i) {
            std::int64_t t = matrix.starts[static_cast<std::size_t>(i)];
            const std::int64_t end = matrix.starts[static_cast<std::size_t>(i) + 1];
            T sum = Selects && t < end ? *source(from, t++) : T(0);
            if constexpr (!Selects)
                for (; t < end; ++t) sum = static_cast<T>(sum + weight(t) * *source(from, t));
            to[i * to_step] = sum;
        }
    }

private:
    const T* source(const T* from, std::int64_t t) const {
        return from + matrix.sources[static_cast<std::size_t>(t)] * from_step;
    }
    T weight(std::int64_t t) const {
        return convert<T>(matrix.weights[static_cast<std::size_t>(t)]);
    }

    static void scale(T* __restrict to, const T* __restrict a, T wa, std::int64_t width) {
        for (std::int64_t k = 0; k < width; ++k) to[k] = static_cast<T>(wa * a[k]);
    }
    template <bool Adds>
    static void pair(T* __restrict to, const T* __restrict a, const T* __restrict b, T wa, T wb,
                     std::int64_t width) {
        for (std::int64_t k = 0; k < width; ++k)
            to[k] = static_cast<T>((Adds ? to[k] + wa * a[k] : wa * a[k]) + wb * b[k]);
    }
};

// Units of work are pieces of an output row.
template <class T, bool Selects>
void resample_rows(T* to, const T* from, const Loop<2>& lines,
                   const Resampling<T, Selects>& resampling) {
    const std::int64_t width = lines.inner_size(), pieces = ceil_div(width, kBlock);
    const std::int64_t outputs = resampling.matrix.outputs();
    parallel_for(lines.outer_count() * outputs * pieces,
                 std::max<std::int64_t>(1, kGrain / std::min(width, kBlock)),
                 [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t unit = begin; unit < end; ++unit) {
                         const std::int64_t first = unit % pieces * kBlock;
                         const std::int64_t i = unit / pieces % outputs;
                         const std::int64_t outer = unit / pieces / outputs;
                         resampling.row(
                             to + lines.row_offset(0, outer) + i * resampling.to_step + first,
                             from + lines.row_offset(1, outer) + first, i,
                             std::min(kBlock, width - first));
                     }
                 });
}

// Units of work are pieces of a line.
template <class T, bool Selects>
void resample_lines(T* to, const T* from, const Loop<2>& lines,
                    const Resampling<T, Selects>& resampling) {
    const std::int64_t width = lines.inner_size(), outputs = resampling.matrix.outputs();
    const std::int64_t pieces = ceil_div(outputs, kBlock);
    parallel_for(lines.outer_count() * width * pieces,
                 std::max<std::int64_t>(1, kGrain / std::min(outputs, kBlock)),
                 [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t unit = begin; unit < end; ++unit) {
                         const std::int64_t first = unit % pieces * kBlock;
                         const std::int64_t inner = unit / pieces % width;
                         const std::int64_t outer = unit / pieces / width;
                         resampling.line(
                             to + lines.row_offset(0, outer) + inner * lines.inner_stride(0),
                             from + lines.row_offset(1, outer) + inner * lines.inner_stride(1),
                             first, std::min(outputs, first + kBlock));
                     }
                 });
}

template <class T, bool Selects>
void resample_typed(Tensor& out, const Tensor& src, int dim, const CsrMatrix& matrix) {
    const Tensor to_starts = line_starts(out, dim), from_starts = line_starts(src, dim);
    const Loop<2> lines = plan_loop<2>({&to_starts, &from_starts});
    const Resampling<T, Selects> resampling{matrix, out.strides()[dim], src.strides()[dim]};
    T* const to = static_cast<T*>(out.raw_data());
    const T* const from = static_cast<const T*>(src.raw_data());
    const bool contiguous = lines.inner_stride(0) == 1 && lines.inner_stride(1) == 1;
    if (contiguous && lines.inner_size() > 1)
        resample_rows(to, from, lines, resampling);
    else
        resample_lines(to, from, lines, resampling);
}

}  // namespace

void resample(Tensor& out, const Tensor& src, int dim, const CsrMatrix& matrix) {
    if (out.numel() == 0) return;
    if (matrix.selects())
        return visit_words(out.dtype(),
                           [&]<class T>() { resample_typed<T, true>(out, src, dim, matrix); });
    visit_number("resample", out.dtype(),
                 [&]<class T>() { resample_typed<T, false>(out, src, dim, matrix); });
}

}  // namespace eps::kernels::cpu
