#include "autograd/ops/linalg/matmul.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps {
namespace {

/// A matrix as a batch of one. join_batch() does the same with two ops, which take about as long as
/// a small product.
Tensor batch_of_one(const Tensor& a) {
    return a.as_strided({1, a.size(0), a.size(1)},
                        {a.size(0) * a.strides()[0], a.strides()[0], a.strides()[1]}, a.offset());
}

}  // namespace

namespace ops {

struct MatMul {
    using saves = SaveInputs<0, 1>;
    Tensor forward(const Tensor& a, const Tensor& b) const {
        if (a.rank() == 2 && b.rank() == 2) {
            const Tensor out = empty({a.size(0), b.size(1)}, a.options());
            Tensor flat = batch_of_one(out);
            kernels::matmul(flat, batch_of_one(a), batch_of_one(b), false);
            return out;
        }
        const Shape batch = broadcast_shapes(batch_of(a), batch_of(b), "matmul");
        Shape shape = batch;
        shape.push_back(a.size(-2));
        shape.push_back(b.size(-1));
        Tensor out = empty(shape, a.options());
        Tensor flat = join_batch(out, batch);
        kernels::matmul(flat, join_batch(a, batch), join_batch(b, batch), false);
        return out;
    }
    // dA = G B^T, dB = A^T G
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        if (context.needs(0))
            out[0] = sum_to(matmul(g, transpose(context.input(1))), context.shape(0));
        if (context.needs(1))
            out[1] = sum_to(matmul(transpose(context.input(0)), g), context.shape(1));
    }
};

struct Linear {
    using saves = SaveInputs<0, 1>;
    // x [B, in], weight [out, in], bias [out]
    Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
        Tensor out = empty({x.size(0), weight.size(0)}, x.options());
        kernels::linear(out, x, weight, bias);
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        if (context.needs(0)) out[0] = matmul(g, context.input(1));
        if (context.needs(1)) out[1] = matmul(transpose(g), context.input(0));
        if (context.needs(2)) out[2] = sum(g, {0});
    }
};

}  // namespace ops

namespace {

bool same_real_dtype(const Tensor& a, const Tensor& b) {
    return a.dtype() == b.dtype() && (a.dtype() == f32 || a.dtype() == f64);
}

// What the caller of a product that does not fit probably meant.
const char* hint_for(const Tensor& a, const Tensor& b) {
    if (b.rank() == 1) return "; expected a [.., M, K] and b [K]";
    if (a.size(-1) == b.size(-1)) return "; did you mean matmul(a, transpose(b))?";
    if (a.rank() > 1 && a.size(-2) == b.size(-2)) return "; did you mean matmul(transpose(a), b)?";
    return "; expected a [.., M, K] and b [.., K, N]";
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
    const Checker check("matmul");
    check.defined(a, b);
    check(a.rank() > 0 && b.rank() > 0, "needs tensors of rank at least 1; got ", a.shape(),
          " and ", b.shape(), "; hint: use * for scalars");
    check(same_real_dtype(a, b), "dtypes differ or are not real; got ", a.dtype(), " and ",
          b.dtype(), "; expected both f32 or both f64; hint: to(x, f32)");
    if (a.size(-1) != b.size(b.rank() == 1 ? 0 : -2))
        check.fail("inner dimensions differ: a is ", a.shape(), ", b is ", b.shape(),
                   hint_for(a, b));
    if (a.rank() == 1) return squeeze(matmul(unsqueeze(a, 0), b), b.rank() == 1 ? 0 : -2);
    if (b.rank() == 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1);
    if (a.rank() > 2 && b.rank() == 2) {  // one large product in place of a batch of small ones
        Shape shape = a.shape();
        shape[a.rank() - 1] = b.size(1);
        return reshape(matmul(reshape(a, {numel(batch_of(a)) * a.size(-2), a.size(-1)}), b), shape);
    }
    return apply(ops::MatMul{}, a, b);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    const Checker check("linear");
    check.defined(x, weight);
    check(weight.rank() == 2, "the weight must be [out, in]; got ", weight.shape());
    check(x.rank() >= 1 && x.size(-1) == weight.size(1), "features differ: x is ", x.shape(),
          ", weight is ", weight.shape(), "; expected x [.., ", weight.size(1), "]");
    check(same_real_dtype(x, weight), "dtypes differ or are not real; got ", x.dtype(), " and ",
          weight.dtype(), "; hint: to(x, f32)");
    if (!bias.defined()) return matmul(x, transpose(weight));
    check(bias.shape() == Shape{weight.size(0)} && bias.dtype() == x.dtype(),
          "the bias does not match; got ", describe(bias), "; expected ", x.dtype(), " [",
          weight.size(0), "]");
    if (x.rank() == 2) return apply(ops::Linear{}, x, weight, bias);
    Shape shape = x.shape();
    shape.erase(x.rank() - 1);
    const Tensor rows = reshape(x, {numel(shape), x.size(-1)});
    shape.push_back(weight.size(0));
    return reshape(apply(ops::Linear{}, rows, weight, bias), shape);
}

}  // namespace eps
