#include "autograd/ops/reduction/reduce.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"

namespace eps {
namespace {

Shape kept_shape(const Tensor& x, const Dims& dims) {
    Shape shape = x.shape();
    for (std::int64_t d : dims) shape[static_cast<int>(d)] = 1;
    return shape;
}

Tensor drop_dims(const Tensor& kept, const Dims& dims, bool keepdim) {
    if (keepdim) return kept;
    Shape shape;
    for (int d = 0; d < kept.rank(); ++d)
        if (!dims.contains(d)) shape.push_back(kept.size(d));
    return reshape(kept, shape);
}

std::int64_t reduced_count(const Tensor& x, const Dims& dims) {
    std::int64_t count = 1;
    for (std::int64_t d : dims) count *= x.size(d);
    return count;
}

Tensor floating(const Tensor& x) { return is_floating(x.dtype()) ? x : to(x, f32); }

void check_input(const Tensor& x, const char* op) {
    check(x.defined(), op, "the tensor is undefined");
    check_computes(op, x);
}

}  // namespace

namespace ops {

struct Sum {
    Dims dims;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Tensor out =
            empty(kept_shape(x, dims), {is_floating(x.dtype()) ? x.dtype() : i64, x.device()});
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
        Tensor out = empty(kept_shape(x, dims), x.options());
        kernels::reduce(smallest ? kernels::Reduction::min : kernels::Reduction::max, out, x, dims);
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor mask = to(eq(context.input(0), context.output()), g.dtype());
        out[0] = mask * (g / sum(mask, dims, true));
    }
};

}  // namespace ops

Tensor sum(const Tensor& x, const Dims& dims, bool keepdim) {
    check_input(x, "sum");
    const Dims over = normalize_dims(dims, x.rank(), "sum");
    return drop_dims(apply(ops::Sum{over}, x), over, keepdim);
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
    check_input(x, "sum_to");
    check(broadcastable_to(shape, x.shape()), "sum_to",
          "the shape does not broadcast to the tensor's; got ", shape, " for ", x.shape());
    if (x.shape() == shape) return x;
    Dims over;
    const int lead = x.rank() - shape.rank();
    for (int d = 0; d < x.rank(); ++d)
        if (d < lead || (shape[d - lead] == 1 && x.size(d) != 1)) over.push_back(d);
    return reshape(over.empty() ? x : apply(ops::Sum{over}, x), shape);
}

Tensor mean(const Tensor& x, const Dims& dims, bool keepdim) {
    check_input(x, "mean");
    const Dims over = normalize_dims(dims, x.rank(), "mean");
    return sum(floating(x), over.empty() ? dims : over, keepdim) /
           static_cast<double>(reduced_count(x, over));
}

namespace {
Tensor extremum(const Tensor& x, const Dims& dims, bool keepdim, bool smallest) {
    const char* op = smallest ? "min" : "max";
    check_input(x, op);
    const Dims over = normalize_dims(dims, x.rank(), op);
    check(reduced_count(x, over) > 0, op, "an empty reduction has no largest element; got ",
          x.shape(), " over ", over);
    return drop_dims(apply(ops::Extremum{over, smallest}, x), over, keepdim);
}
}  // namespace

Tensor max(const Tensor& x, const Dims& dims, bool keepdim) {
    return extremum(x, dims, keepdim, false);
}
Tensor min(const Tensor& x, const Dims& dims, bool keepdim) {
    return extremum(x, dims, keepdim, true);
}

Tensor prod(const Tensor& x, const Dims& dims, bool keepdim) {
    check_input(x, "prod");
    const Dims over = normalize_dims(dims, x.rank(), "prod");
    Tensor rest = x.dtype() == boolean || x.dtype() == u8 ? to(x, i64) : x;
    for (std::int64_t dim : over) {
        if (rest.size(dim) == 0) {
            Shape shape = rest.shape();
            shape[static_cast<int>(dim)] = 1;
            rest = ones(shape, rest.options());
        }
        // multiply the first half by the second; an odd last element waits for the next round
        while (rest.size(dim) > 1) {
            const std::int64_t half = rest.size(dim) / 2, odd = rest.size(dim) % 2;
            const Tensor product = narrow(rest, dim, 0, half) * narrow(rest, dim, half, half);
            rest = odd ? concat({product, narrow(rest, dim, 2 * half, 1)}, dim) : product;
        }
    }
    return drop_dims(rest, over, keepdim);
}

Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim) {
    check_input(x, "logsumexp");
    const Dims over = normalize_dims(dims, x.rank(), "logsumexp");
    const Tensor values = floating(x);
    if (reduced_count(values, over) == 0) return log(sum(values, over, keepdim));  // log 0
    Tensor shift = max(detach(values), over, true);
    shift = where(isfinite(shift), shift, zeros({}, shift.options()));  // -inf - -inf would be NaN
    return drop_dims(log(sum(exp(values - shift), over, true)) + shift, over, keepdim);
}

namespace {
Tensor variance(const char* op, const Tensor& x, const Dims& dims, bool keepdim,
                double correction) {
    check_input(x, op);
    const Dims over = normalize_dims(dims, x.rank(), op);
    const Tensor values = floating(x);
    const Tensor centred = values - mean(values, over, true);
    return sum(square(centred), over, keepdim) /
           (static_cast<double>(reduced_count(x, over)) - correction);
}

}  // namespace

Tensor var(const Tensor& x, const Dims& dims, bool keepdim, double correction) {
    return variance("var", x, dims, keepdim, correction);
}
Tensor stddev(const Tensor& x, const Dims& dims, bool keepdim, double correction) {
    return sqrt(variance("stddev", x, dims, keepdim, correction));
}

Tensor norm(const Tensor& x, double p, const Dims& dims, bool keepdim) {
    check_input(x, "norm");
    check(p >= 1, "norm", "p must be at least 1; got ", p);
    const Dims over = normalize_dims(dims, x.rank(), "norm");
    const Tensor values = floating(x);
    if (p == 1) return sum(abs(values), over, keepdim);
    if (std::isinf(p)) return max(abs(values), over, keepdim);
    if (p != 2) return pow(sum(pow(abs(values), p), over, keepdim), 1 / p);
    const Tensor squares = sum(square(values), over, keepdim);
    // sqrt has an infinite slope at 0, where the norm's subgradient is 0: differentiate sqrt(1)
    // there and select 0.
    const Tensor is_zero = eq(squares, 0);
    return where(is_zero, zeros({}, squares.options()),
                 sqrt(where(is_zero, ones({}, squares.options()), squares)));
}

namespace {
Tensor arg_extremum(const Tensor& x, std::int64_t dim, bool keepdim, bool smallest) {
    const char* op = smallest ? "argmin" : "argmax";
    check_input(x, op);
    const int d = normalize_dim(dim, x.rank(), op);
    check(x.size(d) > 0, op, "dim ", dim, " of ", x.shape(), " is empty");
    Tensor out = empty(kept_shape(x, {d}), {i64, x.device()});
    kernels::argmax(out, x, d, smallest);
    return drop_dims(out, {d}, keepdim);
}
}  // namespace

Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim) {
    return arg_extremum(x, dim, keepdim, false);
}
Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim) {
    return arg_extremum(x, dim, keepdim, true);
}

Tensor any(const Tensor& x, const Dims& dims, bool keepdim) {
    check_input(x, "any");
    return sum(ne(x, 0), normalize_dims(dims, x.rank(), "any"), keepdim) > 0;
}
Tensor all(const Tensor& x, const Dims& dims, bool keepdim) {
    check_input(x, "all");
    return eq(sum(eq(x, 0), normalize_dims(dims, x.rank(), "all"), keepdim), 0);
}

}  // namespace eps
