// Reductions. The dimensions are an attribute, or, for ReduceSum since op set 13, input 1. No
// dimensions means all of them.
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

template <class F> Results reduced(const Call& c, F f) {
    const std::vector<std::int64_t> axes = axes_of(c);
    const bool keep = c.flag("keepdims", true);
    if (axes.empty() && c.flag("noop_with_empty_axes")) return c[0];
    return f(c[0], Dims(axes), keep);
}

#define EPS_REDUCTION(formula)                                                                   \
    [](const Call& c) {                                                                          \
        return reduced(c, [](const Tensor& x, const Dims& dims, bool keep) { return formula; }); \
    }

}  // namespace

void add_reduce_ops(OpTable& table) {
    table.insert({
        {"ReduceSum", EPS_REDUCTION(sum(x, dims, keep))},
        {"ReduceMean", EPS_REDUCTION(mean(x, dims, keep))},
        {"ReduceProd", EPS_REDUCTION(prod(x, dims, keep))},
        {"ReduceMax", EPS_REDUCTION(max(x, dims, keep))},
        {"ReduceMin", EPS_REDUCTION(min(x, dims, keep))},
        {"ReduceL1", EPS_REDUCTION(norm(x, 1, dims, keep))},
        {"ReduceL2", EPS_REDUCTION(norm(x, 2, dims, keep))},
        {"ReduceLogSum", EPS_REDUCTION(log(sum(x, dims, keep)))},
        {"ReduceLogSumExp", EPS_REDUCTION(logsumexp(x, dims, keep))},
        {"ReduceSumSquare", EPS_REDUCTION(sum(square(x), dims, keep))},
    });
}
#undef EPS_REDUCTION

}  // namespace eps::conformance
