// Parts of a dimension: slice, narrow, select, and the adjoint of slice.
#include <algorithm>

#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/extent.h"

namespace eps {
namespace ops {

struct Slice {
    int dim;
    std::int64_t start, length, step;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Shape shape = x.shape();
        Strides strides = x.strides();
        shape[dim] = length;
        if (length > 1) strides[dim] *= step;  // a longer step past a single element may overflow
        const std::int64_t first = length > 0 ? start * x.strides()[dim] : 0;
        return x.as_strided(shape, strides, x.offset() + first);
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = slice_backward(g, context.shape(0), dim, start, step);
    }
};

struct SliceBackward {
    Shape shape;
    int dim;
    std::int64_t start, step;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Tensor out = zeros(shape, x.options());
        Slice{dim, start, x.size(dim), step}.forward(out).copy_(detach(x));
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = apply(Slice{dim, start, context.shape(0)[dim], step}, g);
    }
};

}  // namespace ops

Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t end,
             std::int64_t step) {
    const Checker check("slice");
    check.defined(x);
    check(step >= 1, "step must be at least 1; got ", step);
    const int d = check.dim(dim, x);
    const std::int64_t extent = x.size(d);
    start = std::clamp<std::int64_t>(start < 0 ? start + extent : start, 0, extent);
    end = std::clamp<std::int64_t>(end < 0 ? end + extent : end, start, extent);
    const std::int64_t length = start < end ? (end - start - 1) / step + 1 : 0;
    return apply(ops::Slice{d, start, length, step}, x);
}

Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length) {
    const Checker check("narrow");
    check.defined(x);
    const int d = check.dim(dim, x);
    check(start >= 0 && length >= 0 && start <= x.size(d) - length,
          "the range is outside the tensor; got start ", start, ", length ", length,
          "; expected within [0, ", x.size(d), ") along dim ", dim, " of ", x.shape());
    return apply(ops::Slice{d, start, length, 1}, x);
}

Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index) {
    const Checker check("select");
    check.defined(x);
    const int d = check.dim(dim, x);
    check(index >= -x.size(d) && index < x.size(d), "index ", index, " is out of range for extent ",
          x.size(d), " of dim ", dim);
    return squeeze(narrow(x, d, index < 0 ? index + x.size(d) : index, 1), d);
}

Tensor slice_backward(const Tensor& x, const Shape& shape, std::int64_t dim, std::int64_t start,
                      std::int64_t step) {
    const Checker check("slice_backward");
    check.defined(x);
    const int d = check.dim(dim, x);
    Shape expected = shape;
    if (expected.rank() == x.rank()) expected[d] = x.size(d);
    const Extent last = Extent(start) + (Extent(x.size(d)) - 1) * step;
    const bool inside = x.size(d) == 0 || (shape[d] > 0 && last.within(0, shape[d] - 1));
    check(expected == x.shape() && step >= 1 && start >= 0 && inside, "x does not fit; got ",
          x.shape(), " at ", start, " with step ", step, " along dim ", dim, " of ", shape);
    return apply(ops::SliceBackward{shape, d, start, step}, x);
}

}  // namespace eps
