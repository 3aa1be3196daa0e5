// Functions of two and three numbers, which broadcast and promote.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/indexing/masked.h"
#include "nn/loss.h"
#include "tests/fuzz/chain.h"

namespace eps::fuzz {
namespace {

bool apart(double a, double b) { return std::abs(a - b) > 1e-2; }

// A shape that mostly broadcasts with x: some extents are 1, and dimensions in front are left out
// or added.
Shape beside(Chain& chain, const Shape& x) {
    Shape out;
    const int skipped = static_cast<int>(chain.draws.below(x.rank() + 1));
    for (int d = chain.draws.one_in(2) ? skipped : 0; d < x.rank(); ++d) {
        const std::int64_t kind = chain.draws.below(8);
        out.push_back(kind == 7 ? 2 : kind >= 4 ? 1 : x[d]);
    }
    if (out.rank() < 4 && chain.draws.one_in(6)) out.insert(0, 2);
    return out;
}

using Run2 = Tensor (*)(const Tensor&, const Tensor&);
using Formula2 = Jet (*)(Jet, Jet);
using Smooth2 = bool (*)(double, double);

Call call(Chain& chain, Run2 op, Formula2 formula, Smooth2 smooth, bool same_shape = false) {
    Operand a = chain.x();
    Operand b = chain.partner(same_shape && !chain.draws.one_in(6) ? a.naive.shape
                                                                   : beside(chain, a.naive.shape));
    if (chain.draws.one_in(3)) std::swap(a, b);
    const auto run = [a, b, op] { return op(a.tensor, b.tensor); };
    const auto shape = common_shape(a.naive.shape, b.naive.shape);
    if (!shape || (same_shape && !(a.naive.shape == b.naive.shape))) return throws(run);
    bool is_smooth = true;
    const Naive out = naive_from(*shape, wider(a.naive.dtype, b.naive.dtype), [&](const Shape& i) {
        const Jet u = broadcast_at(a.naive, i), v = broadcast_at(b.naive, i);
        is_smooth = is_smooth && smooth(u.value, v.value);
        return formula(u, v);
    });
    return is_smooth ? gives(out, run) : open(run);
}

#define EPS_TWO_INPUTS(name, expression, formula, where, ...)                       \
    NamedOp {                                                                       \
        name, [](Chain& chain) {                                                    \
            return call(                                                            \
                chain, [](const Tensor& a, const Tensor& b) { return expression; }, \
                [](Jet a, Jet b) { return formula; },                               \
                []([[maybe_unused]] double a, [[maybe_unused]] double b) {          \
                    return where;                                                   \
                } __VA_OPT__(, ) __VA_ARGS__);                                      \
        }                                                                           \
    }

Jet huber_of(Jet d) {
    const double size = std::abs(d.value);
    if (size < 1) return 0.5 * (d * d);
    return (d.value > 0 ? d : -d) + -0.5;
}
Jet bce_of(Jet logit, Jet target) { return log_one_plus_exp(logit) - target * logit; }
Jet max_of(Jet a, Jet b) { return a.value > b.value ? a : b; }

Call where_call(Chain& chain) {
    const Operand a = chain.x(), b = chain.partner(beside(chain, a.naive.shape));
    const Operand c = chain.partner(beside(chain, a.naive.shape));
    const auto run = [a, b, c] { return where(c.tensor > 0.0, a.tensor, b.tensor); };
    const auto ab = common_shape(a.naive.shape, b.naive.shape);
    const auto shape = ab ? common_shape(*ab, c.naive.shape) : std::nullopt;
    if (!shape) return throws(run);
    bool clear = true;
    const Naive out = naive_from(*shape, wider(a.naive.dtype, b.naive.dtype), [&](const Shape& i) {
        const double condition = broadcast_at(c.naive, i).value;
        clear = clear && apart(condition, 0);
        return broadcast_at(condition > 0 ? a.naive : b.naive, i);
    });
    return clear ? gives(out, run) : open(run);
}

template <class F, class G> Call ternary(Chain& chain, const F& op, const G& formula) {
    const Operand a = chain.x(), b = chain.partner(beside(chain, a.naive.shape));
    const Operand c = chain.partner(beside(chain, a.naive.shape));
    const auto run = [=] { return op(a.tensor, b.tensor, c.tensor); };
    const auto ab = common_shape(a.naive.shape, b.naive.shape);
    const auto shape = ab ? common_shape(*ab, c.naive.shape) : std::nullopt;
    if (!shape) return throws(run);
    const DType dtype = wider(wider(a.naive.dtype, b.naive.dtype), c.naive.dtype);
    return gives(naive_from(*shape, dtype,
                            [&](const Shape& i) {
                                return formula(broadcast_at(a.naive, i), broadcast_at(b.naive, i),
                                               broadcast_at(c.naive, i));
                            }),
                 run);
}

Call masked_fill_call(Chain& chain) {
    const Operand x = chain.x(), c = chain.partner(beside(chain, x.naive.shape));
    const bool wrong_dtype = chain.draws.one_in(8);
    const auto run = [=] {
        return masked_fill(x.tensor, wrong_dtype ? c.tensor : c.tensor > 0.0, 0.25);
    };
    const auto shape = common_shape(x.naive.shape, c.naive.shape);
    if (wrong_dtype || !shape) return throws(run);
    bool clear = true;
    const Naive out = naive_from(*shape, x.naive.dtype, [&](const Shape& i) {
        const double condition = broadcast_at(c.naive, i).value;
        clear = clear && apart(condition, 0);
        return condition > 0 ? constant(0.25) : broadcast_at(x.naive, i);
    });
    return clear ? gives(out, run) : open(run);
}

const NamedOp ops[] = {
    EPS_TWO_INPUTS("add", a + b, a + b, true),
    EPS_TWO_INPUTS("sub", a - b, a - b, true),
    EPS_TWO_INPUTS("mul", a* b, a* b, true),
    EPS_TWO_INPUTS("div", a / b, a / b, apart(b, 0) && std::abs(b) > 0.1),
    EPS_TWO_INPUTS("pow", pow(a, b), exponential(b* logarithm(a)),
                   a > 0.1 && a < 5 && std::abs(b) < 3),
    EPS_TWO_INPUTS("maximum", maximum(a, b), max_of(a, b), apart(a, b)),
    EPS_TWO_INPUTS("minimum", minimum(a, b), -max_of(-a, -b), apart(a, b)),
    EPS_TWO_INPUTS("hypot", hypot(a, b), root(a* a + b * b), a* a + b * b > 0.05),
    EPS_TWO_INPUTS("atan2", atan2(a, b), arc_tangent(a / b), b > 0.1),
    EPS_TWO_INPUTS("logaddexp", logaddexp(a, b), logarithm(exponential(a) + exponential(b)),
                   std::abs(a) < 6 && std::abs(b) < 6),
    EPS_TWO_INPUTS("xlogy", xlogy(a, b), a* logarithm(b), b > 0.1 && apart(a, 0)),
    EPS_TWO_INPUTS("squared_error", squared_error(a, b), (a - b) * (a - b), true),
    EPS_TWO_INPUTS("huber", huber(a, b), huber_of(a - b), apart(std::abs(a - b), 1)),
    EPS_TWO_INPUTS("bce_with_logits", bce_with_logits(a, b), bce_of(a, b), std::abs(a) < 6),
    EPS_TWO_INPUTS("mse_loss", nn::mse_loss(a, b, nn::Reduction::none), (a - b) * (a - b), true,
                   true),
    EPS_TWO_INPUTS("l1_loss", nn::l1_loss(a, b, nn::Reduction::none),
                   a.value > b.value ? a - b : b - a, apart(a, b), true),
    {"where", where_call},
    {"masked_fill", masked_fill_call},
    {"lerp",
     [](Chain& chain) {
         return ternary(
             chain, [](const Tensor& a, const Tensor& b, const Tensor& t) { return lerp(a, b, t); },
             [](Jet a, Jet b, Jet t) { return a + t * (b - a); });
     }},
    {"addcmul",
     [](Chain& chain) {
         return ternary(
             chain,
             [](const Tensor& x, const Tensor& a, const Tensor& b) {
                 return addcmul(x, a, b, {.value = 0.5});
             },
             [](Jet x, Jet a, Jet b) { return x + 0.5 * (a * b); });
     }},
};

#undef EPS_TWO_INPUTS

}  // namespace

std::span<const NamedOp> binary_ops() { return ops; }

}  // namespace eps::fuzz
