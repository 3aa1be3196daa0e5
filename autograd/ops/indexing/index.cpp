#include "autograd/ops/indexing/index.h"

#include <span>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index_check.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace detail {

int check_index(const Checker& check, const Tensor& x, std::int64_t dim, const Tensor& index) {
    check.defined(x, index);
    check.computes(x);
    const int d = check.dim(dim, x);
    check(index.dtype() == i64, "the index must be i64; got ", describe(index),
          "; hint: to(index, i64)");
    check(index.rank() == x.rank(), "the index has another rank; got ", index.shape(), " for ",
          x.shape());
    for (int k = 0; k < x.rank(); ++k)
        check(k == d || index.size(k) <= x.size(k), "the index is too large; got ", index.shape(),
              " for ", x.shape(), "; expected at most ", x.size(k), " along dim ", k);
    return d;
}

void check_range(const Checker& check, const Tensor& index, std::int64_t extent) {
    if (index.device().is_cuda()) return;
    const Tensor indices = raw::contiguous(index);
    for (const std::int64_t i :
         std::span(indices.data<std::int64_t>(), static_cast<std::size_t>(indices.numel())))
        if (i < 0 || i >= extent) [[unlikely]]  // in_range makes a text, which few elements need
            check.fail("index out of range; got ", i, "; ", in_range(0, extent));
}

void check_source(const Checker& check, const Tensor& x, const Shape& shape, const Tensor& src) {
    check(src.defined() && src.shape() == shape && src.dtype() == x.dtype(),
          "src does not match; got ", describe(src), "; expected ", x.dtype(), " ", shape);
}

}  // namespace detail

namespace {

using detail::check_index, detail::check_range, detail::check_source;

// The part of x that an index with smaller extents covers.
Tensor cut_to(const Tensor& x, const Shape& shape, int dim) {
    Tensor part = x;
    for (int k = 0; k < x.rank(); ++k)
        if (k != dim && part.size(k) != shape[k]) part = narrow(part, k, 0, shape[k]);
    return part;
}

// A rank-1 index as one of x's shape (index.size(0) along dim), without a copy.
Tensor spread_index(const Checker& check, const Tensor& x, std::int64_t dim, const Tensor& index) {
    check.defined(x, index);
    check(index.rank() == 1 && index.dtype() == i64, "the index must be i64 of rank 1; got ",
          describe(index));
    const int d = check.dim(dim, x);
    check_range(check, index, x.size(d));
    Shape line = Dims::filled(x.rank(), 1);
    Shape full = x.shape();
    line[d] = full[d] = index.size(0);
    return expand(reshape(index, line), full);
}

}  // namespace

namespace ops {

struct Gather {
    int dim;
    using saves = SaveInputs<1>;
    Tensor forward(const Tensor& x, const Tensor& index) const {
        Tensor out = empty(index.shape(), x.options());
        kernels::gather(out, cut_to(x, index.shape(), dim), dim, index);
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = scatter_add(zeros(context.shape(0), g.options()), dim, context.input(1), g);
    }
};

struct Scatter {
    int dim;
    using saves = SaveInputs<1>;
    Tensor forward(const Tensor& x, const Tensor& index, const Tensor& src) const {
        Tensor out = raw::clone(x);
        Tensor target = cut_to(out, index.shape(), dim);
        kernels::scatter(target, dim, index, src, false);
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor index = context.input(1);
        if (context.needs(0)) out[0] = scatter(g, dim, index, zeros(index.shape(), g.options()));
        if (context.needs(2))
            out[2] = gather(g, dim, index) * to(winners(g.shape(), index), g.dtype());
    }
    // bool: which elements of src were not overwritten by a later one. Each writes its position
    // along dim to where its index points, and then reads which position is left there.
    Tensor winners(const Shape& shape, const Tensor& index) const {
        const Options options{i64, index.device()};
        Shape line = Dims::filled(index.rank(), 1);
        line[dim] = index.size(dim);
        const Tensor count = arange(0, static_cast<double>(line[dim]), 1, options);
        const Tensor position = expand(reshape(count, line), index.shape());
        const Tensor written = scatter(zeros(shape, options), dim, index, position);
        return eq(gather(written, dim, index), position);
    }
};

struct ScatterAdd {
    int dim;
    using saves = SaveInputs<1>;
    Tensor forward(const Tensor& x, const Tensor& index, const Tensor& src) const {
        Tensor out = raw::clone(x);
        NoGrad guard;
        Tensor target = cut_to(out, index.shape(), dim);
        kernels::scatter(target, dim, index, src, true);
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        if (context.needs(0)) out[0] = g;
        if (context.needs(2)) out[2] = gather(g, dim, context.input(1));
    }
};

}  // namespace ops

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index) {
    const int d = check_index("gather", x, dim, index);
    return apply(ops::Gather{d}, x, index);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
    const Checker check("scatter");
    const int d = check_index(check, x, dim, index);
    check_source(check, x, index.shape(), src);
    return apply(ops::Scatter{d}, x, index, src);
}

Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
    const Checker check("scatter_add");
    const int d = check_index(check, x, dim, index);
    check_source(check, x, index.shape(), src);
    return apply(ops::ScatterAdd{d}, x, index, src);
}

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index) {
    return gather(x, dim, spread_index("index_select", x, dim, index));
}

Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
    const Checker check("index_add");
    const Tensor spread = spread_index(check, x, dim, index);
    check_source(check, x, spread.shape(), src);
    return scatter_add(x, dim, spread, src);
}

Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
    const Checker check("index_copy");
    const Tensor spread = spread_index(check, x, dim, index);
    check_source(check, x, spread.shape(), src);
    return scatter(x, dim, spread, src);
}

Tensor embedding(const Tensor& weight, const Tensor& index, std::int64_t padding_idx) {
    const Checker check("embedding");
    check.defined(weight, index);
    check(weight.rank() == 2, "the weight must be [count, dim]; got ", weight.shape());
    check(index.dtype() == i64, "the index must be i64; got ", describe(index),
          "; hint: to(index, i64)");
    check(padding_idx < weight.size(0), "padding_idx is out of range; got ", padding_idx,
          "; expected below ", weight.size(0));
    check_range(check, index, weight.size(0));
    Shape shape = index.shape();
    shape.push_back(weight.size(1));
    const Tensor rows = reshape(index_select(weight, 0, reshape(index, {index.numel()})), shape);
    if (padding_idx < 0) return rows;
    const Tensor is_padding = unsqueeze(eq(index, static_cast<double>(padding_idx)), -1);
    return where(is_padding, detach(rows), rows);
}

Tensor one_hot(const Tensor& index, std::int64_t classes, DType dtype) {
    const Checker check("one_hot");
    check(index.defined() && index.dtype() == i64, "the index must be i64; got ", describe(index));
    check(classes >= 1, "needs at least one class; got ", classes);
    check_range(check, index, classes);
    Shape shape = index.shape();
    shape.push_back(classes);
    const Options options{dtype, index.device()};
    const Tensor hot = unsqueeze(index, -1);
    return scatter_add(zeros(shape, options), -1, hot, ones(hot.shape(), options));
}

}  // namespace eps
