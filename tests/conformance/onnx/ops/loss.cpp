// Losses of classifiers: scores [N, C, ..], targets [N, ..], weights [C]. Targets equal to
// ignore_index have no effect.
#include "nn/loss.h"

#include "autograd/ops/norm/softmax.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

nn::Reduction reduction_of(const Call& c) {
    const std::string name = c.text("reduction", "mean");
    if (name == "none") return nn::Reduction::none;
    if (name == "sum") return nn::Reduction::sum;
    if (name != "mean") c.unsupported("reduction " + name);
    return nn::Reduction::mean;
}

std::optional<std::int64_t> ignored(const Call& c) {
    if (!c.has("ignore_index")) return {};
    return c.integer("ignore_index", 0);
}

Results negative_log_likelihood(const Call& c) {
    return nn::nll_loss(
        c[0], to(c[1], i64),
        {.weight = c.optional(2), .ignore_index = ignored(c), .reduction = reduction_of(c)});
}

Results softmax_cross_entropy(const Call& c) {
    const nn::CrossEntropyOptions options{
        .weight = c.optional(2), .ignore_index = ignored(c), .reduction = reduction_of(c)};
    return {nn::cross_entropy(c[0], to(c[1], i64), options), log_softmax(c[0], 1)};
}

}  // namespace

void add_loss_ops(OpTable& table) {
    table.insert({{"NegativeLogLikelihoodLoss", negative_log_likelihood},
                  {"SoftmaxCrossEntropyLoss", softmax_cross_entropy}});
}

}  // namespace eps::conformance
