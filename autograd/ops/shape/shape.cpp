#include "autograd/ops/shape/shape.h"

#include <algorithm>
#include <optional>

#include "autograd/engine.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

// The strides that show x under a new shape without a copy, if there are any: both shapes are cut
// into the shortest groups of equal size; a group of x must be contiguous within itself.
std::optional<Strides> view_strides(const Tensor& x, const Shape& shape) {
    if (x.is_contiguous()) return contiguous_strides(shape);
    Strides strides = Dims::filled(shape.rank(), 0);
    int from = 0, to = 0;
    while (from < x.rank() || to < shape.rank()) {
        const int first_from = from, first_to = to;
        std::int64_t size_from = from < x.rank() ? x.size(from++) : 1,
                     size_to = to < shape.rank() ? shape[to++] : 1;
        while (size_from != size_to) {
            if (size_from < size_to)
                size_from *= x.size(from++);
            else
                size_to *= shape[to++];
        }
        while (from < x.rank() && x.size(from) == 1) ++from;
        while (to < shape.rank() && shape[to] == 1) strides[to++] = 1;
        std::int64_t stride = 0;
        bool inside = false;
        for (int d = from - 1; d >= first_from; --d) {
            if (x.size(d) == 1) continue;
            if (inside && x.strides()[d] != stride) return std::nullopt;
            if (!inside) stride = x.strides()[d];
            const std::int64_t inner = stride;
            stride = inner * x.size(d);
            if (!inside) {
                std::int64_t running = inner;
                for (int t = to - 1; t >= first_to; --t) {
                    strides[t] = running;
                    running *= shape[t];
                }
            }
            inside = true;
        }
    }
    return strides;
}

Shape with_inferred_extent(const Tensor& x, Shape shape) {
    int hole = -1;
    for (int d = 0; d < shape.rank(); ++d) {
        check(shape[d] >= -1, "reshape", "negative extent; got ", shape,
              "; expected extents >= 0, or one -1");
        check(shape[d] >= 0 || hole < 0, "reshape", "only one extent can be -1; got ", shape);
        if (shape[d] == -1) hole = d;
    }
    if (hole >= 0) {
        Shape others = shape;
        others[hole] = 1;
        const std::int64_t known = numel(others);
        check(known > 0 && x.numel() % known == 0, "reshape", "the -1 cannot be inferred; got ",
              shape, " for ", x.shape());
        shape[hole] = x.numel() / known;
    }
    check(numel(shape) == x.numel(), "reshape", "element counts differ; got ", x.shape(), " (",
          x.numel(), ") to ", shape, " (", numel(shape), ")");
    return shape;
}

}  // namespace

namespace ops {

struct Reshape {
    Shape shape;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        if (const auto strides = view_strides(x, shape))
            return x.as_strided(shape, *strides, x.offset());
        return raw::clone(x).as_strided(shape, contiguous_strides(shape), 0);
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = reshape(g, context.shape(0));
    }
};

struct Permute {
    Dims order;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Shape shape;
        Strides strides;
        for (std::int64_t d : order) {
            shape.push_back(x.shape()[static_cast<int>(d)]);
            strides.push_back(x.strides()[static_cast<int>(d)]);
        }
        return x.as_strided(shape, strides, x.offset());
    }
    void backward(const Tensor& g, const Context&, Gradients out) const {
        Dims inverse = order;
        for (int d = 0; d < order.rank(); ++d) inverse[static_cast<int>(order[d])] = d;
        out[0] = permute(g, inverse);
    }
};

struct Expand {
    Shape shape;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Strides strides = Dims::filled(shape.rank(), 0);
        for (int d = 0; d < x.rank(); ++d)
            if (x.shape()[d] != 1) strides[shape.rank() - x.rank() + d] = x.strides()[d];
        return x.as_strided(shape, strides, x.offset());
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = sum_to(g, context.shape(0));
    }
};

struct Slice {
    int dim;
    std::int64_t start, length, step;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Shape shape = x.shape();
        Strides strides = x.strides();
        shape[dim] = length;
        // a single element needs none, and the step may be anything
        if (length > 1) strides[dim] *= step;
        return x.as_strided(shape, strides, x.offset() + (length ? start * x.strides()[dim] : 0));
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = embed(g, context.shape(0), dim, start, step);
    }
};

struct Embed {
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

struct Pad {
    Dims before, after;
    double value;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Shape shape = x.shape();
        std::int64_t offset = 0;
        for (int d = 0; d < x.rank(); ++d) shape[d] += before[d] + after[d];
        Tensor out = empty_like(x, shape);  // images that are channels-last stay so
        out.fill_(value);
        for (int d = 0; d < x.rank(); ++d) offset += before[d] * out.strides()[d];
        out.as_strided(x.shape(), out.strides(), offset).copy_(detach(x));
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        Tensor inner = g;
        for (int d = 0; d < before.rank(); ++d)
            inner = narrow(inner, d, before[d], context.shape(0)[d]);
        out[0] = inner;
    }
};

struct Clone {
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const { return raw::clone(x); }
    void backward(const Tensor& g, const Context&, Gradients out) const { out[0] = g; }
};

}  // namespace ops

Tensor reshape(const Tensor& x, const Shape& shape) {
    check(x.defined(), "reshape", "the tensor is undefined");
    const Shape target = with_inferred_extent(x, shape);
    return target == x.shape() ? x : apply(ops::Reshape{target}, x);
}

Tensor flatten(const Tensor& x, std::int64_t start, std::int64_t end) {
    check(x.defined(), "flatten", "the tensor is undefined");
    if (x.rank() == 0) return reshape(x, {1});
    const int first = normalize_dim(start, x.rank(), "flatten"),
              last = normalize_dim(end, x.rank(), "flatten");
    check(first <= last, "flatten", "start is behind end; got ", start, " and ", end, " for rank ",
          x.rank());
    Shape shape;
    std::int64_t joined = 1;
    for (int d = 0; d < x.rank(); ++d) {
        if (d >= first && d <= last) joined *= x.size(d);
        if (d < first || d > last)
            shape.push_back(x.size(d));
        else if (d == last)
            shape.push_back(joined);
    }
    return reshape(x, shape);
}

Tensor permute(const Tensor& x, const Dims& order) {
    check(x.defined(), "permute", "the tensor is undefined");
    check(order.rank() == x.rank(), "permute", "the order does not name every dimension; got ",
          order, " for ", x.shape());
    if (x.rank() == 0) return x;
    normalize_dims(order, x.rank(), "permute");  // in range, none twice
    Dims normal = order;
    for (int d = 0; d < normal.rank(); ++d)
        normal[d] = normalize_dim(order[d], x.rank(), "permute");
    return apply(ops::Permute{normal}, x);
}

Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1) {
    check(x.defined(), "transpose", "the tensor is undefined");
    const int a = normalize_dim(dim0, x.rank(), "transpose"),
              b = normalize_dim(dim1, x.rank(), "transpose");
    Dims order = Dims::filled(x.rank(), 0);
    for (int d = 0; d < x.rank(); ++d) order[d] = d == a ? b : d == b ? a : d;
    return apply(ops::Permute{order}, x);
}

Tensor expand(const Tensor& x, const Shape& shape) {
    check(x.defined(), "expand", "the tensor is undefined");
    Shape target = shape;
    for (int i = 1; i <= std::min(target.rank(), x.rank()); ++i)
        if (target[target.rank() - i] == -1) target[target.rank() - i] = x.size(-i);
    for (std::int64_t extent : target)
        check(extent >= 0, "expand", "negative extent; got ", shape, " for ", x.shape(),
              "; expected -1 only where x has a dimension");
    check(broadcastable_to(x.shape(), target), "expand", "the shape does not broadcast; got ",
          x.shape(), " to ", shape, "; expected equal extents or 1, aligned at the last dimension");
    return target == x.shape() ? x : apply(ops::Expand{target}, x);
}

Tensor squeeze(const Tensor& x, std::int64_t dim) {
    check(x.defined(), "squeeze", "the tensor is undefined");
    const int d = normalize_dim(dim, x.rank(), "squeeze");
    check(x.size(d) == 1, "squeeze", "dim ", dim, " has extent ", x.size(d), " in ", x.shape(),
          "; expected 1");
    Shape shape = x.shape();
    shape.erase(d);
    return reshape(x, shape);
}

Tensor squeeze(const Tensor& x) {
    check(x.defined(), "squeeze", "the tensor is undefined");
    Shape shape;
    for (std::int64_t extent : x.shape())
        if (extent != 1) shape.push_back(extent);
    return reshape(x, shape);
}

Tensor unsqueeze(const Tensor& x, std::int64_t dim) {
    check(x.defined(), "unsqueeze", "the tensor is undefined");
    Shape shape = x.shape();
    shape.insert(normalize_dim(dim, x.rank() + 1, "unsqueeze"), 1);
    return reshape(x, shape);
}

Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t end,
             std::int64_t step) {
    check(x.defined(), "slice", "the tensor is undefined");
    check(step >= 1, "slice", "step must be at least 1; got ", step);
    const int d = normalize_dim(dim, x.rank(), "slice");
    const std::int64_t extent = x.size(d);
    start = std::clamp<std::int64_t>(start < 0 ? start + extent : start, 0, extent);
    end = std::clamp<std::int64_t>(end < 0 ? end + extent : end, start, extent);
    return apply(ops::Slice{d, start, start < end ? (end - start - 1) / step + 1 : 0, step}, x);
}

Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length) {
    check(x.defined(), "narrow", "the tensor is undefined");
    const int d = normalize_dim(dim, x.rank(), "narrow");
    check(start >= 0 && length >= 0 && start <= x.size(d) - length, "narrow",
          "the range is outside the tensor; got start ", start, ", length ", length,
          "; expected within [0, ", x.size(d), ") along dim ", dim, " of ", x.shape());
    return apply(ops::Slice{d, start, length, 1}, x);
}

Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index) {
    check(x.defined(), "select", "the tensor is undefined");
    const int d = normalize_dim(dim, x.rank(), "select");
    check(index >= -x.size(d) && index < x.size(d), "select", "index ", index,
          " is out of range for extent ", x.size(d), " of dim ", dim);
    return squeeze(narrow(x, d, index < 0 ? index + x.size(d) : index, 1), d);
}

Tensor contiguous(const Tensor& x) {
    check(x.defined(), "contiguous", "the tensor is undefined");
    return x.is_contiguous() ? x : apply(ops::Clone{}, x);
}

Tensor clone(const Tensor& x) {
    check(x.defined(), "clone", "the tensor is undefined");
    return apply(ops::Clone{}, x);
}

Tensor embed(const Tensor& x, const Shape& shape, std::int64_t dim, std::int64_t start,
             std::int64_t step) {
    check(x.defined(), "embed", "the tensor is undefined");
    const int d = normalize_dim(dim, x.rank(), "embed");
    Shape expected = shape;
    if (expected.rank() == x.rank()) expected[d] = x.size(d);
    check(expected == x.shape() && step >= 1 && start >= 0 &&
              (x.size(d) == 0 || start + (x.size(d) - 1) * step < shape[d]),
          "embed", "x does not fit; got ", x.shape(), " at ", start, " with step ", step,
          " along dim ", dim, " of ", shape);
    return apply(ops::Embed{shape, d, start, step}, x);
}

// two of them and an extent are still an int64
constexpr std::int64_t kMaxWidth = std::int64_t{1} << 60;

Tensor pad(const Tensor& x, const Dims& before, const Dims& after, double value) {
    check(x.defined(), "pad", "the tensor is undefined");
    check(before.rank() == x.rank() && after.rank() == x.rank(), "pad",
          "needs one width a dimension on each side; got ", before, " and ", after, " for ",
          x.shape());
    for (int d = 0; d < x.rank(); ++d) {
        check(before[d] >= 0 && after[d] >= 0, "pad", "negative width; got ", before, " and ",
              after, "; hint: slice() cuts");
        check(before[d] <= kMaxWidth && after[d] <= kMaxWidth, "pad",
              "the size overflows; got widths ", before, " and ", after);
    }
    return apply(ops::Pad{before, after, value}, x);
}

}  // namespace eps
