#pragma once
// Extents and strides: up to eight dimensions held inline, no heap.
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace eps {

inline constexpr int kMaxRank = 8;

/// Up to kMaxRank integers: the extents of a tensor, its strides, or a list of dimensions.
class Dims {
public:
    Dims() = default;
    Dims(std::initializer_list<std::int64_t> values)
        : Dims(std::span(values.begin(), values.size())) {}
    explicit Dims(std::span<const std::int64_t> values);
    Dims(const std::vector<std::int64_t>& values) : Dims(std::span(values)) {}
    static Dims filled(int rank, std::int64_t value);

    int rank() const { return rank_; }
    bool empty() const { return rank_ == 0; }
    std::int64_t operator[](int i) const { return values_[static_cast<std::size_t>(i)]; }
    std::int64_t& operator[](int i) { return values_[static_cast<std::size_t>(i)]; }
    const std::int64_t* begin() const { return values_.data(); }
    const std::int64_t* end() const { return values_.data() + rank_; }
    std::int64_t back() const { return (*this)[rank_ - 1]; }
    void push_back(std::int64_t value);
    void insert(int at, std::int64_t value);
    void erase(int at);
    bool contains(std::int64_t value) const;
    std::string to_string() const;  // "[2, 3]"

    friend bool operator==(const Dims& a, const Dims& b) {
        if (a.rank_ != b.rank_) return false;
        for (int i = 0; i < a.rank_; ++i)
            if (a[i] != b[i]) return false;
        return true;
    }

private:
    std::array<std::int64_t, kMaxRank> values_{};
    int rank_ = 0;
};

using Shape = Dims;
using Strides = Dims;

/// The product of the extents; 1 for rank 0. Throws, naming `op`, if it overflows.
std::int64_t numel(const Shape& shape, const char* op = "shape");
/// Row-major strides, in elements. Throws if the extents above 0 have a product that overflows:
/// then that of some of a tensor's extents never does, even where another extent is 0.
Strides contiguous_strides(const Shape& shape);
/// The dimensions by falling stride, outermost in memory first; equal strides keep their order.
/// A dimension d with moves(d) false keeps its position among those before it.
template <class Moves> Dims dims_by_stride(const Strides& strides, const Moves& moves) {
    Dims order = strides;
    for (int d = 0; d < strides.rank(); ++d) {  // an insertion sort
        int at = d;
        if (moves(d))
            for (; at > 0 && strides[static_cast<int>(order[at - 1])] < strides[d]; --at)
                order[at] = order[at - 1];
        order[at] = d;
    }
    return order;
}
inline Dims dims_by_stride(const Strides& strides) {
    return dims_by_stride(strides, [](int) { return true; });
}
/// The shape to which both broadcast (NumPy's rule). Throws, naming `op` and both shapes, if there
/// is none.
Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op);
bool broadcastable_to(const Shape& from, const Shape& to);
/// "expected low to end - 1", or, where that is no range, "there are none": for messages.
std::string in_range(std::int64_t low, std::int64_t end);
/// Maps dim in [-rank, rank) to [0, rank). Throws, naming `op`, on any other.
int normalize_dim(std::int64_t dim, int rank, const char* op);
/// All dims normalized and ascending; an empty list means all dimensions. Throws on duplicates.
Dims normalize_dims(const Dims& dims, int rank, const char* op);

}  // namespace eps
