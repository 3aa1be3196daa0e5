#include "tensor/overlap.h"

#include <array>
#include <numeric>

namespace eps {
namespace {

struct Dimension {
    std::int64_t extent, stride;
};

// The dimensions with more than one element, by rising stride.
struct Dimensions {
    std::array<Dimension, kMaxRank> list;
    int count = 0;

    explicit Dimensions(const Tensor& x) {
        const Shape& shape = x.shape();
        const Strides& strides = x.strides();
        for (int d = 0; d < shape.rank(); ++d) {
            if (shape[d] == 1) continue;
            const Dimension added{shape[d], strides[d]};
            int at = count++;
            for (; at > 0 && (*this)[at - 1].stride > added.stride; --at)
                (*this)[at] = (*this)[at - 1];
            (*this)[at] = added;
        }
    }
    Dimension& operator[](int i) { return list[static_cast<std::size_t>(i)]; }
};

// Whether each stride is larger than the reach of all dimensions behind it, as in a contiguous
// tensor and in what slices leave of it.
bool is_nested(const Shape& shape, const Strides& strides) {
    std::int64_t reach = 0;
    for (int d = shape.rank() - 1; d >= 0; --d) {
        if (shape[d] == 1) continue;
        if (strides[d] <= reach) return false;
        reach += (shape[d] - 1) * strides[d];
    }
    return true;
}

// Every stride is larger than the reach of all smaller ones: no two elements can meet. That holds
// for what views and slices make of a contiguous tensor. Dimensions that stick out so are dropped;
// two that are left meet if their strides have a common multiple inside the tensor.
bool may_meet(Dimensions d) {
    if (d.count > 0 && d[0].stride == 0) return true;
    std::int64_t reach = 0;
    for (int i = 0; i < d.count; ++i) reach += (d[i].extent - 1) * d[i].stride;
    for (; d.count > 0; --d.count) {
        const Dimension& outermost = d[d.count - 1];
        reach -= (outermost.extent - 1) * outermost.stride;
        if (outermost.stride <= reach) break;
    }
    if (d.count != 2) return d.count > 2;
    const std::int64_t common = std::gcd(d[0].stride, d[1].stride);
    return d[1].stride / common < d[0].extent && d[0].stride / common < d[1].extent;
}

// The places of the first and the last element, in elements.
struct Range {
    std::int64_t first, last;
    explicit Range(const Tensor& x) : first(x.offset()), last(x.offset()) {
        for (int d = 0; d < x.rank(); ++d) last += (x.shape()[d] - 1) * x.strides()[d];
    }
};

bool same_layout(const Tensor& a, const Tensor& b) {
    if (a.offset() != b.offset() || a.shape() != b.shape()) return false;
    for (int d = 0; d < a.rank(); ++d)
        if (a.shape()[d] != 1 && a.strides()[d] != b.strides()[d]) return false;
    return true;
}

// Whether places of a and b differ by a multiple of all strides: elsewhere they cannot meet.
bool on_one_grid(const Tensor& a, const Tensor& b) {
    std::int64_t common = 0;
    for (const Tensor* x : {&a, &b})
        for (int d = 0; d < x->rank(); ++d)
            if (x->shape()[d] != 1) common = std::gcd(common, x->strides()[d]);
    return common == 0 || (a.offset() - b.offset()) % common == 0;
}

}  // namespace

bool overlaps_itself(const Tensor& x) {
    return !is_nested(x.shape(), x.strides()) && x.numel() > 0 && may_meet(Dimensions(x));
}

Overlap detail::overlap_within_storage(const Tensor& a, const Tensor& b) {
    if (a.numel() == 0 || b.numel() == 0) return Overlap::none;
    if (a.dtype() != b.dtype()) return Overlap::partial;
    if (same_layout(a, b)) return Overlap::identical;
    const Range of_a(a), of_b(b);
    const bool apart = of_a.last < of_b.first || of_b.last < of_a.first;
    return apart || !on_one_grid(a, b) ? Overlap::none : Overlap::partial;
}

void detail::fail_overlap(const char* op, const Tensor& x) {
    fail(op, "the target overlaps itself, so an element would be written twice; got ", describe(x),
         " with strides ", x.strides(), "; hint: contiguous() or clone() first");
}

}  // namespace eps
