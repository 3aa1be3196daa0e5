#include "autograd/ops/indexing/index.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index_check.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace detail {

int check_index(const char* op, const Tensor& x, std::int64_t dim, const Tensor& index) {
    check(x.defined() && index.defined(), op, "an input is an undefined tensor");
    check_computes(op, x);
    const int d = normalize_dim(dim, x.rank(), op);
    check(index.dtype() == i64, op, "the index must be i64; got ", describe(index),
          "; hint: to(index, i64)");
    check(index.rank() == x.rank(), op, "the index has another rank; got ", index.shape(), " for ",
          x.shape());
    for (int k = 0; k < x.rank(); ++k)
        check(k == d || index.size(k) <= x.size(k), op, "the index is too large; got ",
              index.shape(), " for ", x.shape(), "; expected at most ", x.size(k), " along dim ",
              k);
    return d;
}

void check_range(const char* op, const Tensor& index, std::int64_t extent) {
    if (index.device().is_cuda()) return;
    for (double i : index.to_vector())
        check(i >= 0 && i < static_cast<double>(extent), op, "index out of range; got ", i,
              "; expected 0 to ", extent - 1);
}

void check_source(const char* op, const Tensor& x, const Shape& shape, const Tensor& src) {
    check(src.defined() && src.shape() == shape && src.dtype() == x.dtype(), op,
          "src does not match; got ", describe(src), "; expected ", x.dtype(), " ", shape);
}

}  // namespace detail

namespace {

using detail::check_index, detail::check_range, detail::check_source;

// The part of x that an index with smaller extents sees.
Tensor cut_to(const Tensor& x, const Shape& shape, int dim) {
    Tensor part = x;
    for (int k = 0; k < x.rank(); ++k)
        if (k != dim && part.size(k) != shape[k]) part = narrow(part, k, 0, shape[k]);
    return part;
}

// A rank-1 index as one with the shape of x (index.size(0) along dim), without a copy.
Tensor spread_index(const char* op, const Tensor& x, std::int64_t dim, const Tensor& index) {
    check(x.defined() && index.defined(), op, "an input is an undefined tensor");
    check(index.rank() == 1 && index.dtype() == i64, op, "the index must be i64 of rank 1; got ",
          describe(index));
    const int d = normalize_dim(dim, x.rank(), op);
    check_range(op, index, x.size(d));
    Shape line = Dims::filled(x.rank(), 1), full = x.shape();
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
        Tensor out = raw::clone(x), target = cut_to(out, index.shape(), dim);
        kernels::scatter(target, dim, index, src, false);
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor index = context.input(1);
        if (context.needs(0)) out[0] = scatter(g, dim, index, zeros(index.shape(), g.options()));
        if (context.needs(2))
            out[2] = gather(g, dim, index) * to(winners(g.shape(), index), g.dtype());
    }
    // Which elements of src are seen: each leaves its place along dim, and looks whose is still
    // there.
    Tensor winners(const Shape& shape, const Tensor& index) const {
        const Options options{i64, index.device()};
        Shape line = Dims::filled(index.rank(), 1);
        line[dim] = index.size(dim);
        const Tensor place = expand(
            reshape(arange(0, static_cast<double>(line[dim]), 1, options), line), index.shape());
        return eq(gather(scatter(zeros(shape, options), dim, index, place), dim, index), place);
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

struct Cumsum {
    int dim;
    bool reverse;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Tensor out = empty(x.shape(), x.options());
        kernels::cumsum(out, x, dim, reverse);
        return out;
    }
    void backward(const Tensor& g, const Context&, Gradients out) const {
        out[0] = cumsum(g, dim, !reverse);
    }
};

}  // namespace ops

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index) {
    const int d = check_index("gather", x, dim, index);
    return apply(ops::Gather{d}, x, index);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
    const int d = check_index("scatter", x, dim, index);
    check_source("scatter", x, index.shape(), src);
    return apply(ops::Scatter{d}, x, index, src);
}

Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
    const int d = check_index("scatter_add", x, dim, index);
    check_source("scatter_add", x, index.shape(), src);
    return apply(ops::ScatterAdd{d}, x, index, src);
}

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index) {
    return gather(x, dim, spread_index("index_select", x, dim, index));
}
Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
    const Tensor spread = spread_index("index_add", x, dim, index);
    check_source("index_add", x, spread.shape(), src);
    return scatter_add(x, dim, spread, src);
}
Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src) {
    const Tensor spread = spread_index("index_copy", x, dim, index);
    check_source("index_copy", x, spread.shape(), src);
    return scatter(x, dim, spread, src);
}

Tensor embedding(const Tensor& weight, const Tensor& index, std::int64_t padding_idx) {
    check(weight.defined() && index.defined(), "embedding", "an input is an undefined tensor");
    check(weight.rank() == 2, "embedding", "the weight must be [count, dim]; got ", weight.shape());
    check(index.dtype() == i64, "embedding", "the index must be i64; got ", describe(index),
          "; hint: to(index, i64)");
    check(padding_idx < weight.size(0), "embedding", "padding_idx is out of range; got ",
          padding_idx, "; expected below ", weight.size(0));
    check_range("embedding", index, weight.size(0));
    Shape shape = index.shape();
    shape.push_back(weight.size(1));
    const Tensor rows = reshape(index_select(weight, 0, reshape(index, {index.numel()})), shape);
    return padding_idx < 0 ? rows
                           : where(unsqueeze(eq(index, static_cast<double>(padding_idx)), -1),
                                   detach(rows), rows);
}

Tensor cumsum(const Tensor& x, std::int64_t dim, bool reverse) {
    check(x.defined(), "cumsum", "the tensor is undefined");
    check_computes("cumsum", x);
    const Tensor values = is_floating(x.dtype()) ? x : to(x, i64);
    return apply(ops::Cumsum{normalize_dim(dim, x.rank(), "cumsum"), reverse}, values);
}

Tensor cumprod(const Tensor& x, std::int64_t dim) {
    check(x.defined(), "cumprod", "the tensor is undefined");
    check_computes("cumprod", x);
    const int d = normalize_dim(dim, x.rank(), "cumprod");
    Tensor y = is_floating(x.dtype()) ? x : to(x, i64);
    const std::int64_t length = x.rank() ? x.size(d) : 1;
    for (std::int64_t distance = 1; distance < length; distance *= 2) {
        const std::int64_t rest = length - distance;
        y = concat(
            {narrow(y, d, 0, distance), narrow(y, d, distance, rest) * narrow(y, d, 0, rest)}, d);
    }
    return y;
}

namespace {
Tensor sorting_order(const char* op, const Tensor& x, std::int64_t dim, bool descending) {
    check(x.defined(), op, "the tensor is undefined");
    check_computes(op, x);
    Tensor out = empty(x.shape(), {i64, x.device()});
    kernels::argsort(out, x, normalize_dim(dim, x.rank(), op), descending);
    return out;
}
}  // namespace

Tensor argsort(const Tensor& x, std::int64_t dim, bool descending) {
    return sorting_order("argsort", x, dim, descending);
}

Sorted sort(const Tensor& x, std::int64_t dim, bool descending) {
    const Tensor indices = sorting_order("sort", x, dim, descending);
    return {gather(x, dim, indices), indices};
}

Sorted topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest) {
    check(x.defined(), "topk", "the tensor is undefined");
    const int d = normalize_dim(dim, x.rank(), "topk");
    check(k >= 0 && k <= x.size(d), "topk", "k is out of range; got ", k, "; expected 0 to ",
          x.size(d), " for dim ", dim, " of ", x.shape());
    const Tensor indices = contiguous(narrow(sorting_order("topk", x, d, largest), d, 0, k));
    return {gather(x, dim, indices), indices};
}

Tensor one_hot(const Tensor& index, std::int64_t classes, DType dtype) {
    check(index.defined() && index.dtype() == i64, "one_hot", "the index must be i64; got ",
          describe(index));
    check(classes >= 1, "one_hot", "needs at least one class; got ", classes);
    check_range("one_hot", index, classes);
    Shape shape = index.shape();
    shape.push_back(classes);
    const Tensor hot = unsqueeze(index, -1);
    return scatter_add(zeros(shape, {dtype, index.device()}), -1, hot,
                       ones(hot.shape(), {dtype, index.device()}));
}

}  // namespace eps
