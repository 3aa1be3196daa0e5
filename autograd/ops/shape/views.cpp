// Views of all elements in another shape or order: reshape, permute, expand and what is made of
// them; and contiguous, which undoes them.
#include <algorithm>
#include <optional>

#include "autograd/ops/checker.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

// Moves `from` and `to` on to the end of the shortest groups of dimensions of x and of `shape` that
// have the same number of elements, and returns that number. Extents of 1 behind them belong to
// the groups.
std::int64_t end_of_group(const Tensor& x, int& from, const Shape& shape, int& to) {
    std::int64_t size_from = from < x.rank() ? x.size(from++) : 1;
    std::int64_t size_to = to < shape.rank() ? shape[to++] : 1;
    while (size_from != size_to) {
        if (size_from < size_to)
            size_from *= x.size(from++);
        else
            size_to *= shape[to++];
    }
    while (from < x.rank() && x.size(from) == 1) ++from;
    while (to < shape.rank() && shape[to] == 1) ++to;
    return size_from;
}

// The distance between neighbours in dims [first, end) of x, taken in row-major order; nothing if
// it is not the same everywhere. At least one extent is not 1.
std::optional<std::int64_t> even_stride(const Tensor& x, int first, int end) {
    std::optional<std::int64_t> innermost;
    std::int64_t expected = 0;
    for (int d = end - 1; d >= first; --d) {
        if (x.size(d) == 1) continue;
        if (!innermost) innermost = expected = x.strides()[d];
        if (x.strides()[d] != expected) return std::nullopt;
        expected *= x.size(d);
    }
    return innermost;
}

// The strides that show x under a new shape without a copy, if there are any: both shapes are cut
// into groups of equal size, and each group of x must be evenly spaced.
std::optional<Strides> view_strides(const Tensor& x, const Shape& shape) {
    if (x.is_contiguous()) return contiguous_strides(shape);
    Strides strides = Dims::filled(shape.rank(), 1);
    int from = 0;
    int to = 0;
    while (from < x.rank() || to < shape.rank()) {
        const int first_from = from;
        const int first_to = to;
        if (end_of_group(x, from, shape, to) == 1) continue;
        const auto stride = even_stride(x, first_from, from);
        if (!stride) return std::nullopt;
        std::int64_t running = *stride;
        for (int d = to - 1; d >= first_to; --d) {
            strides[d] = running;
            running *= shape[d];
        }
    }
    return strides;
}

Shape with_inferred_extent(const Tensor& x, Shape shape) {
    const Checker check("reshape");
    int inferred = -1;
    for (int d = 0; d < shape.rank(); ++d) {
        check(shape[d] >= -1, "negative extent; got ", shape, "; expected extents >= 0, or one -1");
        check(shape[d] >= 0 || inferred < 0, "only one extent can be -1; got ", shape);
        if (shape[d] == -1) inferred = d;
    }
    if (inferred >= 0) {
        Shape others = shape;
        others[inferred] = 1;
        const std::int64_t known = numel(others, check.op);
        check(known > 0 && x.numel() % known == 0, "the -1 cannot be inferred; got ", shape,
              " for ", x.shape());
        shape[inferred] = x.numel() / known;
    }
    check(numel(shape, check.op) == x.numel(), "element counts differ; got ", x.shape(), " (",
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

struct Clone {
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const { return raw::clone(x); }
    void backward(const Tensor& g, const Context&, Gradients out) const { out[0] = g; }
};

}  // namespace ops

Tensor reshape(const Tensor& x, const Shape& shape) {
    Checker("reshape").defined(x);
    const Shape target = with_inferred_extent(x, shape);
    return target == x.shape() ? x : apply(ops::Reshape{target}, x);
}

Tensor flatten(const Tensor& x, std::int64_t start, std::int64_t end) {
    const Checker check("flatten");
    check.defined(x);
    if (x.rank() == 0) return reshape(x, {1});
    const int first = check.dim(start, x);
    const int last = check.dim(end, x);
    check(first <= last, "start is behind end; got ", start, " and ", end, " for rank ", x.rank());
    Shape shape;
    for (int d = 0; d <= first; ++d) shape.push_back(x.size(d));
    for (int d = first + 1; d <= last; ++d) shape[first] *= x.size(d);
    for (int d = last + 1; d < x.rank(); ++d) shape.push_back(x.size(d));
    return reshape(x, shape);
}

Tensor permute(const Tensor& x, const Dims& order) {
    const Checker check("permute");
    check.defined(x);
    check(order.rank() == x.rank(), "the order does not name every dimension; got ", order, " for ",
          x.shape());
    if (x.rank() == 0) return x;
    check.dims(order, x);  // in range, none twice
    Dims normal = order;
    for (int d = 0; d < normal.rank(); ++d) normal[d] = check.dim(order[d], x);
    return apply(ops::Permute{normal}, x);
}

Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1) {
    const Checker check("transpose");
    check.defined(x);
    const int a = check.dim(dim0, x);
    const int b = check.dim(dim1, x);
    Dims order = Dims::filled(x.rank(), 0);
    for (int d = 0; d < x.rank(); ++d) order[d] = d;
    order[a] = b;
    order[b] = a;
    return apply(ops::Permute{order}, x);
}

Tensor expand(const Tensor& x, const Shape& shape) {
    const Checker check("expand");
    check.defined(x);
    Shape target = shape;
    for (int i = 1; i <= std::min(target.rank(), x.rank()); ++i)
        if (target[target.rank() - i] == -1) target[target.rank() - i] = x.size(-i);
    for (std::int64_t extent : target)
        check(extent >= 0, "negative extent; got ", shape, " for ", x.shape(),
              "; expected -1 only where x has a dimension");
    check(broadcastable_to(x.shape(), target), "the shape does not broadcast; got ", x.shape(),
          " to ", shape, "; expected equal extents or 1, aligned at the last dimension");
    numel(target, check.op);
    return target == x.shape() ? x : apply(ops::Expand{target}, x);
}

Tensor squeeze(const Tensor& x, std::int64_t dim) {
    const Checker check("squeeze");
    check.defined(x);
    const int d = check.dim(dim, x);
    check(x.size(d) == 1, "dim ", dim, " has extent ", x.size(d), " in ", x.shape(),
          "; expected 1");
    Shape shape = x.shape();
    shape.erase(d);
    return reshape(x, shape);
}

Tensor squeeze(const Tensor& x) {
    Checker("squeeze").defined(x);
    Shape shape;
    for (std::int64_t extent : x.shape())
        if (extent != 1) shape.push_back(extent);
    return reshape(x, shape);
}

Tensor unsqueeze(const Tensor& x, std::int64_t dim) {
    const Checker check("unsqueeze");
    check.defined(x);
    check(x.rank() < kMaxRank, "the result would have too many dimensions; got ", x.shape(),
          "; expected at most ", kMaxRank);
    Shape shape = x.shape();
    shape.insert(normalize_dim(dim, x.rank() + 1, check.op), 1);
    return reshape(x, shape);
}

Tensor contiguous(const Tensor& x) {
    Checker("contiguous").defined(x);
    return x.is_contiguous() ? x : apply(ops::Clone{}, x);
}

Tensor clone(const Tensor& x) {
    Checker("clone").defined(x);
    return apply(ops::Clone{}, x);
}

}  // namespace eps
