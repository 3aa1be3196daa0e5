// gather, its adjoint scatter_add, and cumsum: walks along lines of one dimension.
#include <algorithm>
#include <cstring>

#include "tensor/cpu/lines.h"
#include "tensor/kernels.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 16 * 1024;  // elements worth a second thread

std::int64_t checked(const char* op, std::int64_t index, std::int64_t extent) {
    check(index >= 0 && index < extent, op, "index out of range; got ", index, "; expected 0 to ", extent - 1);
    return index;
}

// One index for whole contiguous rows of both tensors, as an embedding has: index spread over the dimensions after `dim`.
struct RowCase {
    bool applies = false;
    std::int64_t outer = 1, indices = 0, row = 1;
    RowCase(const Tensor& picked, const Tensor& table, int dim, const Tensor& index) {
        if (!picked.is_contiguous() || !table.is_contiguous() || picked.dtype() != table.dtype()) return;
        for (int d = 0; d < dim; ++d) outer *= picked.size(d);
        for (int d = dim + 1; d < picked.rank(); ++d) {
            if (index.size(d) != 1 && index.strides()[d] != 0) return;
            if (picked.size(d) != table.size(d)) return;
            row *= picked.size(d);
        }
        for (int d = 0; d < dim; ++d)
            if ((index.size(d) != 1 && index.strides()[d] != 0) || picked.size(d) != table.size(d)) return;
        indices = picked.size(dim);
        applies = row > 1;
    }
};

template <class T>
void gather_rows(const RowCase& rows, T* out, const T* src, std::int64_t extent, const std::int64_t* index, std::int64_t stride) {
    parallel_for(rows.outer * rows.indices, std::max<std::int64_t>(1, kGrain / rows.row), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
            const std::int64_t from = checked("gather", index[r % rows.indices * stride], extent);
            std::memcpy(out + r * rows.row, src + (r / rows.indices * extent + from) * rows.row, static_cast<std::size_t>(rows.row) * sizeof(T));
        }
    });
}

// Parallel over columns, never over indices: two equal indices must add in their order.
template <class T>
void scatter_rows(const RowCase& rows, T* out, const T* src, std::int64_t extent, const std::int64_t* index, std::int64_t stride) {
    parallel_for(rows.row, std::max<std::int64_t>(16, kGrain / std::max<std::int64_t>(1, rows.outer * rows.indices)), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = 0; r < rows.outer * rows.indices; ++r) {
            const std::int64_t to = checked("scatter_add", index[r % rows.indices * stride], extent);
            T* __restrict target = out + (r / rows.indices * extent + to) * rows.row;
            const T* __restrict x = src + r * rows.row;
            for (std::int64_t c = begin; c < end; ++c) target[c] = static_cast<T>(target[c] + x[c]);
        }
    });
}

template <class F>
void visit_numbers(DType dtype, const char* op, F&& f) {
    visit(dtype, [&]<class T>() {
        if constexpr (std::is_same_v<T, bfloat16>) fail(op, "bf16 is a storage type");
        else f.template operator()<T>();
    });
}

}  // namespace

void gather(Tensor& out, const Tensor& src, int dim, const Tensor& index) {
    if (out.numel() == 0) return;
    const auto* indices = index.data<std::int64_t>();
    visit_numbers(out.dtype(), "gather", [&]<class T>() {
        T* target = static_cast<T*>(out.raw_data());
        const T* source = static_cast<const T*>(src.raw_data());
        if (const RowCase rows(out, src, dim, index); rows.applies) return gather_rows(rows, target, source, src.size(dim), indices, index.strides()[dim]);
        const Lines lines(out.shape(), dim);
        const std::int64_t length = out.size(dim), extent = src.size(dim);
        parallel_for(lines.count(), std::max<std::int64_t>(1, kGrain / length), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t l = begin; l < end; ++l) {
                T* to = target + lines.offset(l, out.strides());
                const T* from = source + lines.offset(l, src.strides());
                const std::int64_t* at = indices + lines.offset(l, index.strides());
                for (std::int64_t i = 0; i < length; ++i)
                    to[i * out.strides()[dim]] = from[checked("gather", at[i * index.strides()[dim]], extent) * src.strides()[dim]];
            }
        });
    });
}

void scatter_add(Tensor& out, int dim, const Tensor& index, const Tensor& src) {
    if (src.numel() == 0) return;
    const auto* indices = index.data<std::int64_t>();
    visit_numbers(out.dtype(), "scatter_add", [&]<class T>() {
        T* target = static_cast<T*>(out.raw_data());
        const T* source = static_cast<const T*>(src.raw_data());
        if (const RowCase rows(src, out, dim, index); rows.applies) return scatter_rows(rows, target, source, out.size(dim), indices, index.strides()[dim]);
        const Lines lines(src.shape(), dim);
        const std::int64_t length = src.size(dim), extent = out.size(dim);
        parallel_for(lines.count(), std::max<std::int64_t>(1, kGrain / length), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t l = begin; l < end; ++l) {
                T* to = target + lines.offset(l, out.strides());
                const T* from = source + lines.offset(l, src.strides());
                const std::int64_t* at = indices + lines.offset(l, index.strides());
                for (std::int64_t i = 0; i < length; ++i) {
                    T& cell = to[checked("scatter_add", at[i * index.strides()[dim]], extent) * out.strides()[dim]];
                    cell = static_cast<T>(cell + from[i * src.strides()[dim]]);
                }
            }
        });
    });
}

void cumsum(Tensor& out, const Tensor& src, int dim, bool reverse) {
    if (out.numel() == 0) return;
    visit_numbers(out.dtype(), "cumsum", [&]<class T>() {
        T* target = static_cast<T*>(out.raw_data());
        const T* source = static_cast<const T*>(src.raw_data());
        const Lines lines(out.shape(), dim);
        const std::int64_t length = out.size(dim);
        parallel_for(lines.count(), std::max<std::int64_t>(1, kGrain / length), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t l = begin; l < end; ++l) {
                T* to = target + lines.offset(l, out.strides());
                const T* from = source + lines.offset(l, src.strides());
                T total = T(0);
                for (std::int64_t k = 0; k < length; ++k) {
                    const std::int64_t i = reverse ? length - 1 - k : k;
                    total = static_cast<T>(total + from[i * src.strides()[dim]]);
                    to[i * out.strides()[dim]] = total;
                }
            }
        });
    });
}

}  // namespace eps::kernels::cpu
