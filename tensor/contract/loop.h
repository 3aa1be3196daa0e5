#pragma once
// Loop: the simplest loop nest that visits several tensors of any layout together. Dimensions of
// extent 1 are dropped, and neighbours that are contiguous for every operand are merged, so that
// most loops over a 4-d tensor have one dimension or two. All kernels that meet strides, on both
// devices, plan their loops here.
//
//     const auto loop = plan_loop<2>({&out, &src});
//     LoopIterator<2> at(loop, 0);
//     for (std::int64_t i = 0; i < loop.count(); ++i, at.next()) to[at[0]] = from[at[1]];
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// One dimension of a loop over N operands. Strides are in elements, 0 where broadcast.
template <int N> struct LoopDimension {
    std::int64_t size = 1;
    std::array<std::int64_t, N> strides{};
};

/// A loop nest over N operands. Dimensions run from outermost to innermost.
template <int N> struct Loop {
    int rank = 0;
    std::array<std::int64_t, kMaxRank> sizes{};
    std::array<std::array<std::int64_t, kMaxRank>, N> strides{};  // by operand

    LoopDimension<N> operator[](int d) const {
        const auto at = static_cast<std::size_t>(d);
        LoopDimension<N> dimension{sizes[at], {}};
        for (std::size_t k = 0; k < N; ++k) dimension.strides[k] = strides[k][at];
        return dimension;
    }
    LoopDimension<N> innermost() const { return rank > 0 ? (*this)[rank - 1] : LoopDimension<N>{}; }

    std::int64_t inner_size() const { return rank ? sizes[static_cast<std::size_t>(rank - 1)] : 1; }
    std::int64_t inner_stride(std::size_t operand) const {
        return rank ? strides[operand][static_cast<std::size_t>(rank - 1)] : 1;
    }
    /// The stride of the dimension around the innermost.
    std::int64_t line_stride(std::size_t operand) const {
        return rank > 1 ? strides[operand][static_cast<std::size_t>(rank - 2)] : 0;
    }
    /// Indices of the loop: 1 for rank 0.
    std::int64_t count() const { return outer_count() * inner_size(); }
    /// Indices of all dimensions but the innermost.
    std::int64_t outer_count() const {
        std::int64_t n = 1;
        for (int d = 0; d + 1 < rank; ++d) n *= sizes[static_cast<std::size_t>(d)];
        return n;
    }
    /// Offset of an operand at the `row`-th outer index, in elements.
    std::int64_t row_offset(std::size_t operand, std::int64_t row) const {
        std::int64_t offset = 0;
        for (int d = rank - 2; d >= 0; --d) {
            const auto at = static_cast<std::size_t>(d);
            offset += row % sizes[at] * strides[operand][at];
            row /= sizes[at];
        }
        return offset;
    }

    /// Adds a dimension inside all others, or merges it with the innermost.
    void append(const LoopDimension<N>& dimension) {
        if (dimension.size == 1) return;
        const bool merges = rank > 0 && continues(dimension);
        const auto at = static_cast<std::size_t>(merges ? rank - 1 : rank++);
        sizes[at] = merges ? sizes[at] * dimension.size : dimension.size;
        for (std::size_t k = 0; k < N; ++k) strides[k][at] = dimension.strides[k];
    }
    /// Removes the innermost dimension and returns it; one of extent 1 if there is none.
    LoopDimension<N> pop() {
        const LoopDimension<N> last = innermost();
        if (rank > 0) --rank;
        return last;
    }

private:
    // Does the innermost dimension go on where `inside` ends, for every operand?
    bool continues(const LoopDimension<N>& inside) const {
        for (std::size_t k = 0; k < N; ++k)
            if (strides[k][static_cast<std::size_t>(rank - 1)] != inside.strides[k] * inside.size)
                return false;
        return true;
    }
};

/// Dimension d of `shape` in tensors that broadcast to it; the strides of undefined ones are 0.
template <int N>
LoopDimension<N> dimension_of(const std::array<const Tensor*, N>& tensors, const Shape& shape,
                              int d) {
    LoopDimension<N> dimension{shape[d], {}};
    for (std::size_t k = 0; k < N; ++k) {
        const Tensor* const x = tensors[k];
        if (!x || !x->defined()) continue;
        const int own = d - (shape.rank() - x->rank());
        if (own >= 0 && x->shape()[own] != 1) dimension.strides[k] = x->strides()[own];
    }
    return dimension;
}

/// The loop over the shape of operands[0], to which the others broadcast. The dimensions are in
/// the order of that operand's memory, so that the innermost loop walks along it.
template <int N> Loop<N> plan_loop(const std::array<const Tensor*, N>& operands) {
    Loop<N> loop;
    for (const std::int64_t d : dims_by_stride(operands[0]->strides()))
        loop.append(dimension_of<N>(operands, operands[0]->shape(), static_cast<int>(d)));
    return loop;
}

/// A position in a loop, with the offset of each operand there. Finding the start takes divisions;
/// next() only adds.
template <int N> class LoopIterator {
public:
    LoopIterator(const Loop<N>& loop, std::int64_t start) : loop_(loop) {
        for (int d = loop.rank - 1; d >= 0; --d) {
            const auto at = static_cast<std::size_t>(d);
            index_[at] = start % loop.sizes[at];
            start /= loop.sizes[at];
            for (std::size_t k = 0; k < N; ++k) offsets_[k] += index_[at] * loop.strides[k][at];
        }
    }
    /// Offset of operand k, in elements.
    std::int64_t operator[](std::size_t k) const { return offsets_[k]; }
    void next() {
        for (int d = loop_.rank - 1; d >= 0; --d) {
            const auto at = static_cast<std::size_t>(d);
            for (std::size_t k = 0; k < N; ++k) offsets_[k] += loop_.strides[k][at];
            if (++index_[at] < loop_.sizes[at]) return;
            for (std::size_t k = 0; k < N; ++k)
                offsets_[k] -= loop_.sizes[at] * loop_.strides[k][at];
            index_[at] = 0;
        }
    }

private:
    const Loop<N>& loop_;
    std::array<std::int64_t, kMaxRank> index_{};
    std::array<std::int64_t, N> offsets_{};
};

}  // namespace eps
