// Activation functions. The defaults of attributes are those of ONNX.
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/norm/softmax.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// clamp(alpha x + beta, 0, 1)
Results hard_sigmoid(const Call& c) {
    return clamp(c.real("alpha", 0.2) * c[0] + c.real("beta", 0.5), {0, 1});
}

Results selu_of(const Call& c) {
    if (!c.has("alpha") && !c.has("gamma")) return selu(c[0]);
    return c.real("gamma", 1.0507009873554805) * elu(c[0], {c.real("alpha", 1.6732632423543772)});
}

// x < -lambda ? x + bias : x > lambda ? x - bias : 0
Results shrink(const Call& c) {
    const double lambda = c.real("lambd", 0.5), bias = c.real("bias", 0);
    if (bias == lambda) return softshrink(c[0], {lambda});
    return where(c[0] < -lambda, c[0] + bias, where(c[0] > lambda, c[0] - bias, zeros_like(c[0])));
}

Results thresholded_relu(const Call& c) {
    return where(c[0] > c.real("alpha", 1), c[0], zeros_like(c[0]));
}

// Before op set 7 there was one slope for each channel; since then the slopes broadcast.
Results prelu(const Call& c) {
    Shape shape = c[1].shape();
    for (int d = 2; c.opset() < 7 && d < c[0].rank(); ++d) shape.push_back(1);
    return where(c[0] < 0.0, reshape(c[1], shape) * c[0], c[0]);
}

// Before op set 13 the dimensions from `axis` on were joined, and the default axis was 1.
template <auto F> Results along_axis(const Call& c) {
    if (c.opset() >= 13) return F(c[0], c.integer("axis", -1));
    const int axis = normalize_dim(c.integer("axis", 1), c[0].rank(), "axis");
    return reshape(F(flatten(c[0], axis, -1), axis), c[0].shape());
}

// 1 at the first largest element along the axis, else 0
Results hardmax(const Call& c) {
    const std::int64_t axis = c.integer("axis", -1);
    const Tensor largest = argmax(c[0], axis, true);
    return scatter_add(zeros_like(c[0]), axis, largest, ones(largest.shape(), c[0].options()));
}

Results gelu_of(const Call& c) {
    return c.text("approximate", "none") == "tanh" ? gelu_tanh(c[0]) : gelu(c[0]);
}

}  // namespace

void add_activation_ops(OpTable& table) {
    table.insert({
        {"Relu", unary<relu>},
        {"Sigmoid", unary<sigmoid>},
        {"Softplus", unary<softplus>},
        {"Softsign", unary<softsign>},
        {"HardSwish", unary<hardswish>},
        {"HardSigmoid", hard_sigmoid},
        {"Selu", selu_of},
        {"Gelu", gelu_of},
        {"Mish", unary<mish>},
        {"Swish",
         [](const Call& c) -> Results { return c[0] * sigmoid(c.real("alpha", 1) * c[0]); }},
        {"Shrink", shrink},
        {"ThresholdedRelu", thresholded_relu},
        {"PRelu", prelu},
        {"LeakyRelu",
         [](const Call& c) -> Results { return leaky_relu(c[0], {c.real("alpha", 0.01)}); }},
        {"Elu", [](const Call& c) -> Results { return elu(c[0], {c.real("alpha", 1)}); }},
        {"Celu", [](const Call& c) -> Results { return celu(c[0], {c.real("alpha", 1)}); }},
        {"Softmax",
         along_axis<[](const Tensor& x, std::int64_t axis) { return softmax(x, axis); }>},
        {"LogSoftmax",
         along_axis<[](const Tensor& x, std::int64_t axis) { return log_softmax(x, axis); }>},
        {"Hardmax", hardmax},
    });
}

}  // namespace eps::conformance
