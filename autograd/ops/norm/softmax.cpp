#include "autograd/ops/norm/softmax.h"

#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

Tensor softmax_forward(const Tensor& x, int dim, bool log) {
    const Tensor dense = raw::dense(x);
    Tensor y = empty_strided(dense.shape(), dense.strides(), dense.options());
    if (x.numel() > 0) kernels::softmax(y, dense, dim, log);
    return y;
}

// The kernel wants all three tensors in y's order of memory.
Tensor softmax_gradient(const Tensor& g, const Tensor& y, int dim, bool log) {
    Tensor dx = empty_strided(y.shape(), y.strides(), y.options());
    Tensor gradient = g;
    if (g.strides() != y.strides()) {
        gradient = empty_strided(y.shape(), y.strides(), y.options());
        kernels::copy(gradient, g);
    }
    if (y.numel() > 0) kernels::softmax_backward(dx, gradient, y, dim, log);
    return dx;
}

Tensor less_its_largest(const Tensor& x, int dim) {
    return x.numel() > 0 ? x - max(detach(x), {dim}, true) : x;
}

}  // namespace

namespace ops {

struct Softmax {
    int dim;
    using saves = SaveAllInputsAndOutput;
    Tensor forward(const Tensor& x) { return softmax_forward(x, dim, false); }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = softmax_gradient(g, context.output(), dim, false);
    }
    Tensor compose(const Tensor& x) const {
        const Tensor e = exp(less_its_largest(x, dim));
        return e / sum(e, {dim}, true);
    }
};

struct LogSoftmax {
    int dim;
    using saves = SaveAllInputsAndOutput;
    Tensor forward(const Tensor& x) { return softmax_forward(x, dim, true); }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = softmax_gradient(g, context.output(), dim, true);
    }
    Tensor compose(const Tensor& x) const {
        const Tensor s = less_its_largest(x, dim);
        return s - log(sum(exp(s), {dim}, true));
    }
};

}  // namespace ops

namespace {

// x as `dtype`, or integers as f32.
Tensor checked_input(const Checker& check, const Tensor& x, std::optional<DType> dtype) {
    check.defined(x);
    check(x.rank() > 0, "needs a tensor of rank at least 1; got ", describe(x));
    check.computes(x);
    check(!dtype || *dtype == f32 || *dtype == f64, "the dtype must be f32 or f64; got ",
          dtype.value_or(f32));
    if (dtype) return to(x, *dtype);
    return is_floating(x.dtype()) ? x : to(x, f32);
}

}  // namespace

Tensor softmax(const Tensor& x, std::int64_t dim, std::optional<DType> dtype) {
    const Checker check("softmax");
    const Tensor input = checked_input(check, x, dtype);
    return apply(ops::Softmax{check.dim(dim, x)}, input);
}

Tensor log_softmax(const Tensor& x, std::int64_t dim, std::optional<DType> dtype) {
    const Checker check("log_softmax");
    const Tensor input = checked_input(check, x, dtype);
    return apply(ops::LogSoftmax{check.dim(dim, x)}, input);
}

}  // namespace eps
