// gather and scatter. Indices of a whole row are checked before any is used, so that the loops that
// move elements have no branches. A scatter never cuts a line: equal indices of a line are applied
// in their order, for any number of threads.
#include <algorithm>
#include <cstring>

#include "cpu/reduction/lines.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

[[noreturn, gnu::cold, gnu::noinline]] void out_of_range(const char* op, std::int64_t index,
                                                         std::int64_t extent) {
    fail(op, "index out of range; got ", index, "; ", in_range(0, extent));
}

template <bool Accumulate> constexpr const char* kScatter = Accumulate ? "scatter_add" : "scatter";

// As an unsigned number, a negative index is huge: one comparison finds both kinds of error.
inline std::int64_t checked(const char* op, std::int64_t index, std::int64_t extent) {
    if (static_cast<std::uint64_t>(index) >= static_cast<std::uint64_t>(extent)) [[unlikely]]
        out_of_range(op, index, extent);
    return index;
}

void check_row(const char* op, const std::int64_t* index, std::int64_t stride, std::int64_t n,
               std::int64_t extent) {
    const auto limit = static_cast<std::uint64_t>(extent);
    bool bad = false;
    if (stride == 1)
        for (std::int64_t i = 0; i < n; ++i) bad |= static_cast<std::uint64_t>(index[i]) >= limit;
    else
        for (std::int64_t i = 0; i < n; ++i)
            bad |= static_cast<std::uint64_t>(index[i * stride]) >= limit;
    // A second pass finds the first bad index, at which checked() throws.
    for (std::int64_t i = 0; bad && i < n; ++i) checked(op, index[i * stride], extent);
}

// to[i] = table[index[i], i], where table_line is the distance of the table's lines. The row's
// operands are to, table and index.
template <class T>
void gather_row(T* __restrict to, const T* __restrict table, const std::int64_t* __restrict index,
                const LoopDimension<3>& row, std::int64_t extent, std::int64_t table_line) {
    const auto [to_stride, table_stride, index_stride] = row.strides;
    if (index_stride == 0) {  // one index for the whole row, as in an embedding
        const T* from = table + checked("gather", *index, extent) * table_line;
        if (to_stride == 1 && table_stride == 1)
            std::memcpy(to, from, static_cast<std::size_t>(row.size) * sizeof(T));
        else
            for (std::int64_t i = 0; i < row.size; ++i) to[i * to_stride] = from[i * table_stride];
        return;
    }
    check_row("gather", index, index_stride, row.size, extent);
    for (std::int64_t i = 0; i < row.size; ++i)
        to[i * to_stride] = table[i * table_stride + index[i * index_stride] * table_line];
}

template <class T> void gather_typed(Tensor& out, const Tensor& src, int dim, const Tensor& index) {
    T* const to = static_cast<T*>(out.raw_data());
    const T* const table = static_cast<const T*>(src.raw_data());
    const auto* const indices = index.data<std::int64_t>();
    LineBlocks<3> blocks({&out, &src, &index}, out.shape(), dim);
    const std::int64_t extent = src.rank() ? src.size(dim) : 1;
    const std::int64_t table_line = blocks.line.strides[1];
    // Only the index chooses a position along the table's lines.
    blocks.line.strides[1] = 0;
    Loop<3> rows = blocks.outer;
    rows.append(blocks.line);
    const LoopDimension<3> row = blocks.inner.size > 1 ? blocks.inner : rows.pop();

    // Long rows are cut. Copying whole rows costs less than picking elements.
    const std::int64_t pieces = ceil_div(row.size, kLineGrain);
    const std::int64_t cheap = row.strides[2] == 0 ? 8 : 1;
    const std::int64_t grain = std::max<std::int64_t>(1, cheap * kLineGrain / row.size);
    parallel_for(rows.count() * pieces, grain, [&](std::int64_t begin, std::int64_t end) {
        LoopIterator<3> at(rows, begin / pieces);
        std::int64_t piece = begin % pieces;
        for (std::int64_t unit = begin; unit < end; ++unit) {
            const std::int64_t first = piece * kLineGrain;
            const auto offset = [&](std::size_t k) { return at[k] + first * row.strides[k]; };
            const LoopDimension<3> part{std::min(kLineGrain, row.size - first), row.strides};
            gather_row(to + offset(0), table + offset(1), indices + offset(2), part, extent,
                       table_line);
            if (++piece == pieces) {
                piece = 0;
                at.next();
            }
        }
    });
}

// table[index[i], i] = from[i], or += from[i]. The row's operands are table, index and from.
template <bool Accumulate, class T>
void scatter_row(T* __restrict table, const std::int64_t* __restrict index,
                 const T* __restrict from, const LoopDimension<3>& row, std::int64_t extent,
                 std::int64_t table_line) {
    const auto put = [](T& cell, T x) { cell = Accumulate ? static_cast<T>(cell + x) : x; };
    const auto [table_stride, index_stride, from_stride] = row.strides;
    if (index_stride == 0) {
        T* __restrict to = table + checked(kScatter<Accumulate>, *index, extent) * table_line;
        if (table_stride == 1 && from_stride == 1)
            for (std::int64_t i = 0; i < row.size; ++i) put(to[i], from[i]);
        else
            for (std::int64_t i = 0; i < row.size; ++i)
                put(to[i * table_stride], from[i * from_stride]);
        return;
    }
    check_row(kScatter<Accumulate>, index, index_stride, row.size, extent);
    for (std::int64_t i = 0; i < row.size; ++i)
        put(table[i * table_stride + index[i * index_stride] * table_line], from[i * from_stride]);
}

template <bool Accumulate, class T>
void scatter_typed(Tensor& out, int dim, const Tensor& index, const Tensor& src) {
    T* const table = static_cast<T*>(out.raw_data());
    const auto* const indices = index.data<std::int64_t>();
    const T* const source = static_cast<const T*>(src.raw_data());
    const LineBlocks<3> blocks({&out, &index, &src}, src.shape(), dim);
    const std::int64_t extent = out.rank() ? out.size(dim) : 1;
    const auto work = [&](std::int64_t begin, std::int64_t end, std::int64_t first,
                          std::int64_t last) {
        const auto& [table_line, index_line, from_line] = blocks.line.strides;
        const auto& [table_inner, index_inner, from_inner] = blocks.inner.strides;
        LoopIterator<3> at(blocks.outer, begin);
        if (blocks.inner.size == 1) {  // the line itself is the row
            const LoopDimension<3> line{blocks.line.size, {0, index_line, from_line}};
            for (std::int64_t i = begin; i < end; ++i, at.next())
                scatter_row<Accumulate>(table + at[0], indices + at[1], source + at[2], line,
                                        extent, table_line);
            return;
        }
        const LoopDimension<3> row{last - first, blocks.inner.strides};
        for (std::int64_t i = begin; i < end; ++i, at.next())
            for (std::int64_t j = 0; j < blocks.line.size; ++j)
                scatter_row<Accumulate>(table + at[0] + first * table_inner,
                                        indices + at[1] + j * index_line + first * index_inner,
                                        source + at[2] + j * from_line + first * from_inner, row,
                                        extent, table_line);
    };
    parallel_lines(blocks, work);
}

}  // namespace

void gather(Tensor& out, const Tensor& src, int dim, const Tensor& index) {
    if (out.numel() == 0) return;
    visit_words(out.dtype(), [&]<class T>() { gather_typed<T>(out, src, dim, index); });
}

void scatter(Tensor& out, int dim, const Tensor& index, const Tensor& src, bool accumulate) {
    if (src.numel() == 0) return;
    if (!accumulate)
        return visit_words(out.dtype(),
                           [&]<class T>() { scatter_typed<false, T>(out, dim, index, src); });
    visit(out.dtype(), [&]<class T>() {
        // The op has rejected storage-only types.
        if constexpr (!is_stored_only<T>) scatter_typed<true, T>(out, dim, index, src);
    });
}

}  // namespace eps::kernels::cpu
