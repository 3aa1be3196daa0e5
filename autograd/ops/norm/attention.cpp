#include "autograd/ops/norm/attention.h"

#include <cmath>
#include <limits>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/list.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"

namespace eps {
namespace {

// The order B L H V of memory: heads then merge into [B, L, H V] without a copy.
Tensor empty_heads(const Shape& s, Options options) {
    return empty_strided(s, {s[1] * s[2] * s[3], s[3], s[1] * s[3], 1}, options);
}

}  // namespace

namespace ops {

struct Attention {
    kernels::AttentionOptions options;
    Tensor mask;       // [B, H, L, S] or undefined; has no gradient
    Tensor kept = {};  // log-sum-exp of each row of scores, [B, H, L]
    using saves = SaveAllInputsAndOutput;

    Tensor forward(const Tensor& q, const Tensor& k, const Tensor& v) {
        Tensor out = empty_heads({q.size(0), q.size(1), q.size(2), v.size(3)}, q.options());
        kept = empty({q.size(0), q.size(1), q.size(2)}, q.options());
        kernels::attention(out, kept, q, k, v, mask, options);
        return out;
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor q = context.input(0), k = context.input(1), v = context.input(2);
        Tensor dq = empty_heads(q.shape(), q.options()), dk = empty_heads(k.shape(), k.options()),
               dv = empty_heads(v.shape(), v.options());
        kernels::attention_backward(dq, dk, dv, g, context.output(), kept, q, k, v, mask, options);
        if (context.needs(0)) out[0] = dq;
        if (context.needs(1)) out[1] = dk;
        if (context.needs(2)) out[2] = dv;
    }
    Tensor compose(const Tensor& q, const Tensor& k, const Tensor& v) const {
        const double inf = std::numeric_limits<double>::infinity();
        if (k.size(2) == 0)
            return sum(matmul(q, transpose(k)), {3}, true) *
                   zeros({1, 1, 1, v.size(3)}, q.options());
        Tensor scores = matmul(q, transpose(k)) * options.scale;
        const Tensor hidden = full({}, -inf, q.options());
        if (mask.defined())
            scores = mask.dtype() == boolean ? where(mask, scores, hidden) : scores + mask;
        if (options.causal) {
            const Tensor row = reshape(
                arange(0, static_cast<double>(q.size(2)), 1, {i64, q.device()}), {q.size(2), 1});
            scores = where(ge(row, arange(0, static_cast<double>(k.size(2)), 1, {i64, q.device()})),
                           scores, hidden);
        }
        Tensor largest = max(detach(scores), {3}, true);
        largest = where(eq(largest, -inf), zeros({}, q.options()), largest);  // no key is seen
        const Tensor weights = exp(scores - largest), total = sum(weights, {3}, true);
        return matmul(weights / where(eq(total, 0.0), ones({}, q.options()), total), v);
    }
};

}  // namespace ops

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionArguments& arguments) {
    const char* const op = "scaled_dot_product_attention";
    check(q.defined() && k.defined() && v.defined(), op, "an input is an undefined tensor");
    check((q.rank() == 3 || q.rank() == 4) && k.rank() == q.rank() && v.rank() == q.rank(), op,
          "needs q, k, v of rank 3 or 4, all alike; got ", q.shape(), ", ", k.shape(), ", ",
          v.shape());
    if (q.rank() == 3) {
        AttentionArguments with_head = arguments;
        if (arguments.mask.defined() && arguments.mask.rank() == 3)
            with_head.mask = unsqueeze(arguments.mask, 1);
        return squeeze(scaled_dot_product_attention(unsqueeze(q, 1), unsqueeze(k, 1),
                                                    unsqueeze(v, 1), with_head),
                       1);
    }
    const bool real =
        (q.dtype() == f32 || q.dtype() == f64) && k.dtype() == q.dtype() && v.dtype() == q.dtype();
    check(real, op, "dtypes differ or are not real; got ", q.dtype(), ", ", k.dtype(), ", ",
          v.dtype(), "; expected all f32 or all f64");
    const bool fit = q.size(0) == k.size(0) && q.size(0) == v.size(0) && q.size(1) == k.size(1) &&
                     q.size(1) == v.size(1) && q.size(3) == k.size(3) && k.size(2) == v.size(2);
    check(fit, op, "shapes do not fit; got q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(),
          "; expected [B, H, L, D], [B, H, S, D], [B, H, S, V]");
    ops::Attention attention{
        {arguments.scale.value_or(
             1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(q.size(3), 1)))),
         arguments.causal},
        {}};
    if (arguments.mask.defined()) {
        const Shape scores{q.size(0), q.size(1), q.size(2), k.size(2)};
        check(arguments.mask.dtype() == boolean || arguments.mask.dtype() == q.dtype(), op,
              "the mask must be bool or of q's dtype; got ", describe(arguments.mask));
        check(broadcastable_to(arguments.mask.shape(), scores), op,
              "the mask does not broadcast; got ", arguments.mask.shape(), " to ", scores);
        attention.mask = expand(arguments.mask, scores);
        if (grad_enabled() && attention.mask.requires_grad()) return attention.compose(q, k, v);
    }
    return apply(std::move(attention), q, k, v);
}

}  // namespace eps
