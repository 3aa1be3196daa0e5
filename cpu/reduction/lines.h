#pragma once
// Walking over some dimensions of several tensors at once: what copies, reductions, gather, scans
// and sorting do around their inner loops.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::kernels::cpu {

/// One dimension as N operands see it; strides in elements.
template <std::size_t N> struct Axis {
    std::int64_t size = 1;
    std::array<std::int64_t, N> strides{};
};

/// Dimensions from outermost to innermost. Neighbours that every operand sees as one are merged;
/// extents of 1 are dropped.
template <std::size_t N> class Nest {
public:
    int rank() const { return rank_; }
    const Axis<N>& operator[](int d) const { return axes_[static_cast<std::size_t>(d)]; }
    const Axis<N>& back() const { return (*this)[rank_ - 1]; }
    /// Number of places: 1 for rank 0.
    std::int64_t count() const {
        std::int64_t n = 1;
        for (int d = 0; d < rank_; ++d) n *= (*this)[d].size;
        return n;
    }
    void append(const Axis<N>& axis) {
        if (axis.size == 1) return;
        if (rank_ > 0 && continues(axis)) {
            Axis<N>& last = axes_[static_cast<std::size_t>(rank_ - 1)];
            last = {last.size * axis.size, axis.strides};
        } else {
            axes_[static_cast<std::size_t>(rank_++)] = axis;
        }
    }
    /// Takes the innermost dimension away; an extent of 1 where there is none.
    Axis<N> pop() { return rank_ > 0 ? axes_[static_cast<std::size_t>(--rank_)] : Axis<N>{}; }

private:
    bool continues(const Axis<N>& axis) const {
        for (std::size_t k = 0; k < N; ++k)
            if (back().strides[k] != axis.size * axis.strides[k]) return false;
        return true;
    }
    std::array<Axis<N>, kMaxRank> axes_{};
    int rank_ = 0;
};

/// Dimension d of `shape` in tensors of its rank.
template <std::size_t N>
Axis<N> axis_of(const std::array<const Tensor*, N>& tensors, const Shape& shape, int d) {
    Axis<N> axis{shape[d], {}};
    for (std::size_t k = 0; k < N; ++k) axis.strides[k] = tensors[k]->strides()[d];
    return axis;
}

/// Stands at one place of a nest and knows its offset in each operand. Divides once, to find the
/// start; each step only adds.
template <std::size_t N> class Walk {
public:
    Walk(const Nest<N>& nest, std::int64_t place) : nest_(nest) {
        for (int d = nest.rank() - 1; d >= 0; --d) {
            const std::int64_t i = place % nest[d].size;
            place /= nest[d].size;
            index_[static_cast<std::size_t>(d)] = i;
            for (std::size_t k = 0; k < N; ++k) offsets_[k] += i * nest[d].strides[k];
        }
    }
    /// Offset of operand k, in elements.
    std::int64_t operator[](std::size_t k) const { return offsets_[k]; }
    void next() {
        for (int d = nest_.rank() - 1; d >= 0; --d) {
            const Axis<N>& axis = nest_[d];
            std::int64_t& i = index_[static_cast<std::size_t>(d)];
            for (std::size_t k = 0; k < N; ++k) offsets_[k] += axis.strides[k];
            if (++i < axis.size) return;
            for (std::size_t k = 0; k < N; ++k) offsets_[k] -= axis.size * axis.strides[k];
            i = 0;
        }
    }

private:
    const Nest<N>& nest_;
    std::array<std::int64_t, kMaxRank> index_{};
    std::array<std::int64_t, N> offsets_{};
};

}  // namespace eps::kernels::cpu
