#include "autograd/ops/norm/attention.h"

#include <cmath>
#include <limits>

#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps {
namespace {

// [B, H, L, V] with memory in the order B L H V: heads then merge into [B, L, H V] without a copy.
Tensor empty_heads(const Shape& s, Options options) {
    return empty_strided(s, {s[1] * s[2] * s[3], s[3], s[1] * s[3], 1}, options);
}

// 0, 1, 2, .. as i64 on x's device.
Tensor positions(std::int64_t count, const Tensor& x) {
    return arange(0, static_cast<double>(count), 1, {i64, x.device()});
}

}  // namespace

namespace ops {

struct Attention {
    kernels::AttentionOptions options;
    Tensor mask = {};    // [B, H, L, S] or undefined; it has no gradient
    double softcap = 0;  // only compose() knows it
    Tensor saved = {};   // log-sum-exp of each query's scores, [B, H, L]
    using saves = SaveAllInputsAndOutput;

    Tensor forward(const Tensor& q, const Tensor& k, const Tensor& v) {
        Tensor out = empty_heads({q.size(0), q.size(1), q.size(2), v.size(3)}, q.options());
        saved = empty({q.size(0), q.size(1), q.size(2)}, q.options());
        kernels::attention(out, saved, q, k, v, mask, options);
        return out;
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor q = context.input(0);
        const Tensor k = context.input(1);
        const Tensor v = context.input(2);
        Tensor dq = empty_heads(q.shape(), q.options());
        Tensor dk = empty_heads(k.shape(), k.options());
        Tensor dv = empty_heads(v.shape(), v.options());
        kernels::attention_backward(dq, dk, dv, g, context.output(), saved, q, k, v, mask, options);
        if (context.needs(0)) out[0] = dq;
        if (context.needs(1)) out[1] = dk;
        if (context.needs(2)) out[2] = dv;
    }
    Tensor compose(const Tensor& q, const Tensor& k, const Tensor& v) const {
        return k.size(2) == 0 ? no_keys(q, k, v) : matmul(weights(q, k), v);
    }
    // What the values are averaged with, [B, H, L, S], if there are keys.
    Tensor weights(const Tensor& q, const Tensor& k) const {
        const double inf = std::numeric_limits<double>::infinity();
        const Tensor one = ones({}, q.options());
        const Tensor scores = masked(capped(matmul(q, transpose(k)) * options.scale), q, k);
        Tensor largest = max(detach(scores), {3}, true);
        // A query without a key has only scores of -inf.
        largest = where(eq(largest, -inf), zeros({}, q.options()), largest);
        const Tensor exponentials = exp(scores - largest);
        const Tensor total = sum(exponentials, {3}, true);
        return exponentials / where(eq(total, 0.0), one, total);
    }

private:
    // Zeros [B, H, L, V], as a function of q and k.
    static Tensor no_keys(const Tensor& q, const Tensor& k, const Tensor& v) {
        return sum(matmul(q, transpose(k)), {3}, true) * zeros({1, 1, 1, v.size(3)}, q.options());
    }
    Tensor capped(const Tensor& scores) const {
        return softcap > 0 ? softcap * tanh(scores / softcap) : scores;
    }
    // -inf where a query may not read a key.
    Tensor masked(Tensor scores, const Tensor& q, const Tensor& k) const {
        const Tensor hidden = full({}, -std::numeric_limits<double>::infinity(), q.options());
        if (mask.defined())
            scores = mask.dtype() == boolean ? where(mask, scores, hidden) : scores + mask;
        if (options.causal) {
            const Tensor query = reshape(positions(q.size(2), q), {q.size(2), 1});
            scores = where(ge(query, positions(k.size(2), q)), scores, hidden);
        }
        return scores;
    }
};

}  // namespace ops

namespace {

void check_ranks(const Checker& check, const Tensor& q, const Tensor& k, const Tensor& v) {
    check.defined(q, k, v);
    const bool fit =
        (q.rank() == 3 || q.rank() == 4) && k.rank() == q.rank() && v.rank() == q.rank();
    check(fit, "needs q, k, v of rank 3 or 4, all alike; got ", q.shape(), ", ", k.shape(), ", ",
          v.shape());
}

void check_heads(const Checker& check, const Tensor& q, const Tensor& k, const Tensor& v) {
    const bool real = q.dtype() == f32 || q.dtype() == f64;
    check(real && k.dtype() == q.dtype() && v.dtype() == q.dtype(),
          "dtypes differ or are not real; got ", q.dtype(), ", ", k.dtype(), ", ", v.dtype(),
          "; expected all f32 or all f64");
    const bool batches = q.size(0) == k.size(0) && q.size(0) == v.size(0);
    const bool heads = q.size(1) == k.size(1) && q.size(1) == v.size(1);
    check(batches && heads && q.size(3) == k.size(3) && k.size(2) == v.size(2),
          "shapes do not fit; got q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(),
          "; expected [B, H, L, D], [B, H, S, D], [B, H, S, V]");
}

void check_mask(const Checker& check, const Tensor& mask, const Tensor& q, const Shape& scores) {
    check(mask.dtype() == boolean || mask.dtype() == q.dtype(),
          "the mask must be bool or of q's dtype; got ", describe(mask));
    check(broadcastable_to(mask.shape(), scores), "the mask does not broadcast; got ", mask.shape(),
          " to ", scores);
}

// q, k, v and a mask without the dimension of heads get one.
Tensor attend_without_heads(const Tensor& q, const Tensor& k, const Tensor& v,
                            AttentionArguments arguments) {
    if (arguments.mask.defined() && arguments.mask.rank() == 3)
        arguments.mask = unsqueeze(arguments.mask, 1);
    const Tensor y =
        scaled_dot_product_attention(unsqueeze(q, 1), unsqueeze(k, 1), unsqueeze(v, 1), arguments);
    return squeeze(y, 1);
}

double default_scale(const Tensor& q) {
    return 1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(q.size(3), 1)));
}

ops::Attention checked_attention(const Checker& check, const Tensor& q, const Tensor& k,
                                 const AttentionArguments& arguments) {
    check(arguments.softcap >= 0, "softcap must not be negative; got ", arguments.softcap);
    const double scale = arguments.scale ? *arguments.scale : default_scale(q);
    ops::Attention attention{.options = {.scale = scale, .causal = arguments.causal},
                             .softcap = arguments.softcap};
    if (!arguments.mask.defined()) return attention;
    const Shape scores{q.size(0), q.size(1), q.size(2), k.size(2)};
    check_mask(check, arguments.mask, q, scores);
    attention.mask = expand(arguments.mask, scores);
    return attention;
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionArguments& arguments) {
    const Checker check("scaled_dot_product_attention");
    check_ranks(check, q, k, v);
    if (q.rank() == 3) return attend_without_heads(q, k, v, arguments);
    check_heads(check, q, k, v);
    ops::Attention attention = checked_attention(check, q, k, arguments);
    if (attention.softcap > 0) return attention.compose(q, k, v);
    // The kernels compute no gradient of a mask.
    if (grad_enabled() && attention.mask.defined() && attention.mask.requires_grad())
        return attention.compose(q, k, v);
    return apply(std::move(attention), q, k, v);
}

Tensor attention_weights(const Tensor& q, const Tensor& k, const AttentionArguments& arguments) {
    const Checker check("attention_weights");
    check_ranks(check, q, k, k);
    if (q.rank() == 3) {
        AttentionArguments with_heads = arguments;
        if (arguments.mask.defined() && arguments.mask.rank() == 3)
            with_heads.mask = unsqueeze(arguments.mask, 1);
        return squeeze(attention_weights(unsqueeze(q, 1), unsqueeze(k, 1), with_heads), 1);
    }
    check_heads(check, q, k, k);
    check(k.size(2) >= 1, "there are no keys; got k ", k.shape());
    return checked_attention(check, q, k, arguments).weights(q, k);
}

}  // namespace eps
