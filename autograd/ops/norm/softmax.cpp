#include "autograd/ops/norm/softmax.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/list.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

Tensor softmax_forward(const Tensor& x, int dim, bool log) {
    const Tensor from = raw::dense(x);
    Tensor out = empty_strided(from.shape(), from.strides(), from.options());
    if (x.numel() > 0) kernels::softmax(out, from, dim, log);
    return out;
}

Tensor softmax_gradient(const Tensor& g, const Tensor& y, int dim, bool log) {
    Tensor dx = empty_strided(y.shape(), y.strides(), y.options()), gradient = g;
    if (g.strides() != y.strides()) {
        gradient = empty_strided(y.shape(), y.strides(), y.options());
        kernels::copy(gradient, g);
    }
    if (y.numel() > 0) kernels::softmax_backward(dx, gradient, y, dim, log);
    return dx;
}

Tensor shifted(const Tensor& x, int dim) {
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
        const Tensor e = exp(shifted(x, dim));
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
        const Tensor s = shifted(x, dim);
        return s - log(sum(exp(s), {dim}, true));
    }
};

}  // namespace ops

namespace {

Tensor real(const char* op, const Tensor& x) {
    check(x.defined(), op, "the tensor is undefined");
    check(x.rank() > 0, op, "needs a tensor of rank at least 1; got ", describe(x));
    check_computes(op, x);
    return is_floating(x.dtype()) ? x : to(x, f32);
}

}  // namespace

Tensor softmax(const Tensor& x, std::int64_t dim) {
    const Tensor input = real("softmax", x);
    return apply(ops::Softmax{normalize_dim(dim, x.rank(), "softmax")}, input);
}

Tensor log_softmax(const Tensor& x, std::int64_t dim) {
    const Tensor input = real("log_softmax", x);
    return apply(ops::LogSoftmax{normalize_dim(dim, x.rank(), "log_softmax")}, input);
}

}  // namespace eps
