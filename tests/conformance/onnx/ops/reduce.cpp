// Reductions. The dimensions are an attribute, or, for ReduceSum since op set 13, input 1. No
// dimensions means all of them.
#include <limits>

#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/norms.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

template <class F> Results reduced(const Call& c, F f) {
    const std::vector<std::int64_t> axes = axes_of(c);
    const bool keep = c.flag("keepdims", true), reduces = !c.flag("noop_with_empty_axes");
    if (!axes.empty() || reduces) return f(c[0], Dims(axes), keep);
    // Each element is reduced by itself, along a dimension of extent 1 that is added for that.
    return f(unsqueeze(c[0], -1), Dims{-1}, false);
}

// The largest (smallest) of no elements is -infinity (infinity).
template <auto F> Results extreme(const Call& c, double of_nothing) {
    return reduced(c, [of_nothing](const Tensor& x, const Dims& dims, bool keep) {
        const bool has_elements = x.numel() > 0;
        return has_elements ? F(x, dims, keep)
                            : full(sum(x, dims, keep).shape(), of_nothing, x.options());
    });
}

#define EPS_REDUCTION(formula)                                                                   \
    [](const Call& c) {                                                                          \
        return reduced(c, [](const Tensor& x, const Dims& dims, bool keep) { return formula; }); \
    }

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor largest(const Tensor& x, const Dims& dims, bool keep) { return max(x, dims, keep); }
Tensor smallest(const Tensor& x, const Dims& dims, bool keep) { return min(x, dims, keep); }

}  // namespace

void add_reduce_ops(OpTable& table) {
    table.insert({
        {"ReduceSum", EPS_REDUCTION(sum(x, dims, keep))},
        {"ReduceMean", EPS_REDUCTION(mean(x, dims, keep))},
        {"ReduceProd", EPS_REDUCTION(prod(x, dims, keep))},
        {"ReduceMax", [](const Call& c) { return extreme<largest>(c, -infinity); }},
        {"ReduceMin", [](const Call& c) { return extreme<smallest>(c, infinity); }},
        {"ReduceL1", EPS_REDUCTION(norm(x, 1, dims, keep))},
        {"ReduceL2", EPS_REDUCTION(norm(x, 2, dims, keep))},
        {"ReduceLogSum", EPS_REDUCTION(log(sum(x, dims, keep)))},
        {"ReduceLogSumExp", EPS_REDUCTION(logsumexp(x, dims, keep))},
        {"ReduceSumSquare", EPS_REDUCTION(sum(square(x), dims, keep))},
    });
}
#undef EPS_REDUCTION

}  // namespace eps::conformance
