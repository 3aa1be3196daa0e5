// Moving elements: copy with conversion and broadcasting, fill, arange.
#include <algorithm>
#include <cstring>

#include "tensor/kernels.h"
#include "tensor/loop.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 64 * 1024;  // elements worth a second thread
constexpr std::int64_t kBlock = 32;         // side of a transposed block: two blocks of f32 stay in L1

template <class To, class From>
void copy_row(To* __restrict to, std::int64_t to_stride, const From* __restrict from, std::int64_t from_stride, std::int64_t n) {
    if (to_stride == 1 && from_stride == 1) {
        if constexpr (std::is_same_v<To, From>) std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(To));
        else
            for (std::int64_t i = 0; i < n; ++i) to[i] = convert<To>(from[i]);
    } else if (from_stride == 0) {
        const To value = convert<To>(*from);
        for (std::int64_t i = 0; i < n; ++i) to[i * to_stride] = value;
    } else {
        for (std::int64_t i = 0; i < n; ++i) to[i * to_stride] = convert<To>(from[i * from_stride]);
    }
}

// A transposed matrix, block by block: row by row would read one element of each cache line.
template <class To, class From>
void copy_transposed(To* to, const From* from, std::int64_t rows, std::int64_t columns, std::int64_t to_stride, std::int64_t from_stride) {
    parallel_for((rows + kBlock - 1) / kBlock, std::max<std::int64_t>(1, kGrain / (kBlock * columns)), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r0 = begin * kBlock; r0 < std::min(rows, end * kBlock); r0 += kBlock)
            for (std::int64_t c0 = 0; c0 < columns; c0 += kBlock)
                for (std::int64_t r = r0; r < std::min(rows, r0 + kBlock); ++r)
                    for (std::int64_t c = c0; c < std::min(columns, c0 + kBlock); ++c) to[r * to_stride + c] = convert<To>(from[c * from_stride + r]);
    });
}

template <class To, class From>
void copy_typed(Tensor& out, const Tensor& src) {
    const auto loop = plan_loop<2>({&out, &src});
    To* to = static_cast<To*>(out.raw_data());
    const From* from = static_cast<const From*>(src.raw_data());
    const std::int64_t inner = loop.inner_size();
    if (loop.rank == 2 && loop.inner_stride(0) == 1 && loop.strides[1][0] == 1 && loop.inner_stride(1) > 1)
        return copy_transposed(to, from, loop.sizes[0], inner, loop.strides[0][0], loop.inner_stride(1));
    const std::int64_t pieces = (inner + kGrain - 1) / kGrain;  // a long row is cut, too
    parallel_for(loop.outer_count() * pieces, std::max<std::int64_t>(1, kGrain / inner), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t unit = begin; unit < end; ++unit) {
            const std::int64_t row = unit / pieces, first = unit % pieces * kGrain;
            copy_row(to + loop.row_offset(0, row) + first * loop.inner_stride(0), loop.inner_stride(0),
                     from + loop.row_offset(1, row) + first * loop.inner_stride(1), loop.inner_stride(1), std::min(kGrain, inner - first));
        }
    });
}

}  // namespace

void copy(Tensor& out, const Tensor& src) {
    if (out.numel() == 0) return;
    visit(out.dtype(), [&]<class To>() { visit(src.dtype(), [&]<class From>() { copy_typed<To, From>(out, src); }); });
}

void fill(Tensor& out, double value) {
    if (out.numel() == 0) return;
    visit(out.dtype(), [&]<class T>() {
        const auto loop = plan_loop<1>({&out});
        T* data = static_cast<T*>(out.raw_data());
        const T element = convert<T>(value);
        const std::int64_t stride = loop.inner_stride(0), inner = loop.inner_size();
        if (loop.rank <= 1 && stride == 1) {
            parallel_for(inner, kGrain, [&](std::int64_t begin, std::int64_t end) { std::fill(data + begin, data + end, element); });
            return;
        }
        parallel_for(loop.outer_count(), std::max<std::int64_t>(1, kGrain / inner), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row)
                for (std::int64_t i = 0; i < inner; ++i) data[loop.row_offset(0, row) + i * stride] = element;
        });
    });
}

void arange(Tensor& out, double start, double step) {
    visit(out.dtype(), [&]<class T>() {
        T* data = static_cast<T*>(out.raw_data());
        for (std::int64_t i = 0; i < out.numel(); ++i) data[i] = convert<T>(start + static_cast<double>(i) * step);
    });
}

}  // namespace eps::kernels::cpu
