#include "autograd/ops/reduction/reduce.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps {
namespace {

// The shape of x with extent 1 in the reduced dimensions.
Shape reduced_shape(const Tensor& x, const Dims& dims) {
    Shape shape = x.shape();
    for (std::int64_t d : dims) shape[static_cast<int>(d)] = 1;
    return shape;
}

// A reduced tensor without the dimensions of extent 1, unless keepdim.
Tensor drop_dims(const Tensor& reduced, const Dims& dims, bool keepdim) {
    if (keepdim) return reduced;
    Shape shape;
    for (int d = 0; d < reduced.rank(); ++d)
        if (!dims.contains(d)) shape.push_back(reduced.size(d));
    return reshape(reduced, shape);
}

std::int64_t reduced_count(const Tensor& x, const Dims& dims) {
    std::int64_t count = 1;
    for (std::int64_t d : dims) count *= x.size(d);
    return count;
}

Tensor floating(const Tensor& x) { return is_floating(x.dtype()) ? x : to(x, f32); }

// The dimensions to reduce, for an x that can be computed with.
Dims checked_dims(const Checker& check, const Tensor& x, const Dims& dims) {
    check.computes(x);
    return check.dims(dims, x);
}

}  // namespace

namespace ops {

struct Sum {
    Dims dims;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        const DType dtype = is_floating(x.dtype()) ? x.dtype() : i64;
        Tensor out = empty(reduced_shape(x, dims), {dtype, x.device()});
        kernels::reduce(kernels::Reduction::sum, out, x, dims);
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = expand(g, context.shape(0));
    }
};

struct Extremum {
    Dims dims;
    bool smallest;
    using saves = SaveInputsAndOutput<0>;
    Tensor forward(const Tensor& x) const {
        Tensor out = empty(reduced_shape(x, dims), x.options());
        const auto reduction = smallest ? kernels::Reduction::min : kernels::Reduction::max;
        kernels::reduce(reduction, out, x, dims);
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        // Equal elements share the gradient.
        const Tensor mask = to(eq(context.input(0), context.output()), g.dtype());
        out[0] = mask * (g / sum(mask, dims, true));
    }
};

}  // namespace ops

Tensor sum(const Tensor& x, const Dims& dims, bool keepdim) {
    const Dims over = checked_dims("sum", x, dims);
    return drop_dims(apply(ops::Sum{over}, x), over, keepdim);
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
    const Checker check("sum_to");
    check.computes(x);
    check(broadcastable_to(shape, x.shape()), "the shape does not broadcast to the tensor's; got ",
          shape, " for ", x.shape());
    if (x.shape() == shape) return x;
    Dims over;
    const int lead = x.rank() - shape.rank();
    for (int d = 0; d < x.rank(); ++d)
        if (d < lead || (shape[d - lead] == 1 && x.size(d) != 1)) over.push_back(d);
    return reshape(over.empty() ? x : apply(ops::Sum{over}, x), shape);
}

Tensor mean(const Tensor& x, const Dims& dims, bool keepdim) {
    const Dims over = checked_dims("mean", x, dims);
    return sum(floating(x), over.empty() ? dims : over, keepdim) /
           static_cast<double>(reduced_count(x, over));
}

namespace {

Tensor extremum(const Checker& check, const Tensor& x, const Dims& dims, bool keepdim,
                bool smallest) {
    const Dims over = checked_dims(check, x, dims);
    check(reduced_count(x, over) > 0, "an empty reduction has no largest element; got ", x.shape(),
          " over ", over);
    return drop_dims(apply(ops::Extremum{over, smallest}, x), over, keepdim);
}

}  // namespace

Tensor max(const Tensor& x, const Dims& dims, bool keepdim) {
    return extremum("max", x, dims, keepdim, false);
}

Tensor min(const Tensor& x, const Dims& dims, bool keepdim) {
    return extremum("min", x, dims, keepdim, true);
}

namespace {

// The product along one dimension: multiply the first half by the second until one is left; an odd
// last element waits for the next round.
Tensor product_along(Tensor rest, std::int64_t dim) {
    if (rest.size(dim) == 0) return sum(rest, {dim}, true) + 1.0;  // 1, and in the graph
    while (rest.size(dim) > 1) {
        const std::int64_t half = rest.size(dim) / 2;
        const bool odd = rest.size(dim) % 2 != 0;
        const Tensor product = narrow(rest, dim, 0, half) * narrow(rest, dim, half, half);
        rest = odd ? concat({product, narrow(rest, dim, 2 * half, 1)}, dim) : product;
    }
    return rest;
}

}  // namespace

Tensor prod(const Tensor& x, const Dims& dims, bool keepdim) {
    const Dims over = checked_dims("prod", x, dims);
    Tensor product = x.dtype() == boolean || x.dtype() == u8 ? to(x, i64) : x;
    for (std::int64_t dim : over) product = product_along(product, dim);
    return drop_dims(product, over, keepdim);
}

Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim) {
    const Dims over = checked_dims("logsumexp", x, dims);
    const Tensor values = floating(x);
    if (reduced_count(values, over) == 0) return log(sum(values, over, keepdim));  // log 0
    Tensor shift = max(detach(values), over, true);
    shift = where(isfinite(shift), shift, zeros({}, shift.options()));  // -inf - -inf would be NaN
    return drop_dims(log(sum(exp(values - shift), over, true)) + shift, over, keepdim);
}

namespace {

Tensor centred(const Tensor& x, const Dims& dims) {
    const Tensor values = floating(x);
    return values - mean(values, dims, true);
}

}  // namespace

Tensor var(const Tensor& x, const Dims& dims, bool keepdim, double correction) {
    const Dims over = checked_dims("var", x, dims);
    return sum(square(centred(x, over)), over, keepdim) /
           (static_cast<double>(reduced_count(x, over)) - correction);
}

Tensor stddev(const Tensor& x, const Dims& dims, bool keepdim, double correction) {
    const Dims over = checked_dims("stddev", x, dims);
    const double count = static_cast<double>(reduced_count(x, over));
    return norm(centred(x, over), 2, over, keepdim) / std::sqrt(count - correction);
}

namespace {

Tensor arg_extremum(const Checker& check, const Tensor& x, std::int64_t dim, bool keepdim,
                    bool smallest) {
    check.computes(x);
    const int d = check.dim(dim, x);
    check(x.size(d) > 0, "dim ", dim, " of ", x.shape(), " is empty");
    Tensor out = empty(reduced_shape(x, {d}), {i64, x.device()});
    kernels::argmax(out, x, d, smallest);
    return drop_dims(out, {d}, keepdim);
}

}  // namespace

Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim) {
    return arg_extremum("argmax", x, dim, keepdim, false);
}

Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim) {
    return arg_extremum("argmin", x, dim, keepdim, true);
}

Tensor any(const Tensor& x, const Dims& dims, bool keepdim) {
    const Dims over = checked_dims("any", x, dims);
    return sum(ne(x, 0), over, keepdim) > 0;
}

Tensor all(const Tensor& x, const Dims& dims, bool keepdim) {
    const Dims over = checked_dims("all", x, dims);
    return eq(sum(eq(x, 0), over, keepdim), 0);
}

}  // namespace eps
