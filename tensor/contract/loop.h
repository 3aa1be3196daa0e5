#pragma once
// From tensors of any layout to the simplest loop nest that visits them: broadcast, order the
// dimensions by the output's memory, and merge neighbours that are contiguous for every operand.
// Used by the pointwise, copy and reduction kernels of each device.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// `count` operands visited together. Dimensions run from outermost to innermost; strides are in
/// elements, 0 where broadcast.
template <int MaxOperands> struct Loop {
    int rank = 0;
    std::array<std::int64_t, kMaxRank> sizes{};
    std::array<std::array<std::int64_t, kMaxRank>, MaxOperands> strides{};

    std::int64_t inner_size() const { return rank ? sizes[static_cast<std::size_t>(rank - 1)] : 1; }
    std::int64_t inner_stride(std::size_t operand) const {
        return rank ? strides[operand][static_cast<std::size_t>(rank - 1)] : 1;
    }
    /// From one line of the innermost dimension to the next.
    std::int64_t line_stride(std::size_t operand) const {
        return rank > 1 ? strides[operand][static_cast<std::size_t>(rank - 2)] : 0;
    }
    std::int64_t outer_count() const {
        std::int64_t count = 1;
        for (int d = 0; d + 1 < rank; ++d) count *= sizes[static_cast<std::size_t>(d)];
        return count;
    }
    /// Offset of `operand` at the `row`-th outer index, in elements.
    std::int64_t row_offset(std::size_t operand, std::int64_t row) const {
        std::int64_t offset = 0;
        for (int d = rank - 2; d >= 0; --d) {
            const auto at = static_cast<std::size_t>(d);
            offset += row % sizes[at] * strides[operand][at];
            row /= sizes[at];
        }
        return offset;
    }
};

/// The loop over operands[0]'s shape; undefined operands get strides 0. The others broadcast to
/// that shape.
template <int MaxOperands>
Loop<MaxOperands> plan_loop(const std::array<const Tensor*, MaxOperands>& operands) {
    const Shape& shape = operands[0]->shape();
    const int rank = shape.rank();
    // Order: largest output stride first, so that the innermost loop walks the output's memory.
    std::array<int, kMaxRank> order{};
    for (int d = 0; d < rank; ++d) {
        int at = d;
        while (at > 0 && operands[0]->strides()[order[static_cast<std::size_t>(at - 1)]] <
                             operands[0]->strides()[d]) {
            order[static_cast<std::size_t>(at)] = order[static_cast<std::size_t>(at - 1)];
            --at;
        }
        order[static_cast<std::size_t>(at)] = d;
    }
    const auto stride_at = [&](std::size_t operand, int d) -> std::int64_t {
        const Tensor* t = operands[operand];
        if (!t || !t->defined()) return 0;
        const int own = d - (rank - t->rank());
        return own < 0 || (t->shape()[own] == 1) ? 0 : t->strides()[own];
    };
    Loop<MaxOperands> loop;
    for (int i = 0; i < rank; ++i) {
        const int d = order[static_cast<std::size_t>(i)];
        if (shape[d] == 1) continue;
        std::array<std::int64_t, MaxOperands> strides{};
        for (std::size_t k = 0; k < MaxOperands; ++k) strides[k] = stride_at(k, d);
        bool merges = loop.rank > 0;
        const auto last = static_cast<std::size_t>(loop.rank - 1);
        for (std::size_t k = 0; merges && k < MaxOperands; ++k)
            merges = loop.strides[k][last] == strides[k] * shape[d];
        if (merges) {
            loop.sizes[last] *= shape[d];
            for (std::size_t k = 0; k < MaxOperands; ++k) loop.strides[k][last] = strides[k];
        } else {
            const auto next = static_cast<std::size_t>(loop.rank++);
            loop.sizes[next] = shape[d];
            for (std::size_t k = 0; k < MaxOperands; ++k) loop.strides[k][next] = strides[k];
        }
    }
    return loop;
}

}  // namespace eps
