// Convolutions on a GPU at each precision, against the CPU's sums in f64 of factors rounded as
// said. EPS_CUDA_CONV names the algorithm.
#include <cstdlib>
#include <string>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/conv.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/raw_copy.h"
#include "tensor/runtime/precision.h"
#include "tensor/random.h"
#include "tensor/capture/captured_step.h"
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

namespace {

struct Case {
    const char* what;
    Shape x, w;  // [B, C, H, W], [K, C/groups, h, w]
    kernels::ConvGeometry geometry;
    // windows that would fit, in each dimension: what a transposed convolution pads behind
    std::int64_t unused = 0;

    Shape y() const {
        Shape shape = x;
        shape[1] = w[0];
        for (int d = 2; d < 4; ++d) {
            const auto k = static_cast<std::size_t>(d - 2);
            shape[d] = (x[d] + 2 * geometry.padding[k] - geometry.dilation[k] * (w[d] - 1) - 1) /
                           geometry.stride[k] +
                       1 - unused;
        }
        return shape;
    }
};

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"3x3", {2, 16, 9, 10}, {24, 16, 3, 3}, {.padding = {1, 1}}},
        {"3x3 of many channels", {2, 64, 33, 31}, {160, 64, 3, 3}, {.padding = {1, 1}}},
        {"3x3 of many pixels", {3, 4, 64, 64}, {8, 4, 3, 3}, {.padding = {1, 1}}},
        {"3x3 of both", {8, 72, 48, 48}, {72, 72, 3, 3}, {.padding = {1, 1}}},
        {"3x3 of odd channels", {2, 6, 8, 9}, {10, 6, 3, 3}, {.padding = {1, 1}}},
        {"3x3 of one channel", {3, 1, 28, 28}, {8, 1, 3, 3}, {}},
        {"3x3 to three channels", {2, 16, 8, 8}, {3, 16, 3, 3}, {.padding = {1, 1}}},
        {"3x3 of one pixel", {1, 4, 1, 1}, {4, 4, 3, 3}, {.padding = {1, 1}}},
        {"3x3 dilated", {2, 8, 11, 12}, {8, 8, 3, 3}, {.padding = {2, 2}, .dilation = {2, 2}}},
        {"3x3 stride 2", {2, 12, 15, 16}, {20, 12, 3, 3}, {.stride = {2, 2}, .padding = {1, 1}}},
        {"3x3 stride 2, dilated",
         {2, 8, 17, 14},
         {8, 8, 3, 3},
         {.stride = {2, 2}, .padding = {2, 2}, .dilation = {2, 2}}},
        {"3x3 stride 3", {2, 8, 13, 11}, {12, 8, 3, 3}, {.stride = {3, 3}, .padding = {1, 0}}},
        {"1x1", {2, 16, 7, 9}, {24, 16, 1, 1}, {}},
        {"1x1 of odd channels", {2, 5, 7, 9}, {7, 5, 1, 1}, {}},
        {"1x1 stride 2", {2, 16, 7, 8}, {24, 16, 1, 1}, {.stride = {2, 2}}},
        {"1x1 padded", {2, 8, 4, 5}, {8, 8, 1, 1}, {.padding = {1, 1}}},
        {"2x2 of less than its stride", {2, 8, 10, 11}, {8, 8, 2, 2}, {.stride = {3, 3}}},
        {"2x2 of less than its padding", {1, 4, 3, 3}, {4, 4, 2, 2}, {.padding = {3, 3}}},
        {"4x4 stride 2", {2, 8, 12, 14}, {12, 8, 4, 4}, {.stride = {2, 2}, .padding = {1, 1}}},
        {"4x4 stride 2, large",
         {4, 32, 28, 28},
         {72, 32, 4, 4},
         {.stride = {2, 2}, .padding = {1, 1}}},
        {"4x4 stride 2, a pixel left over",
         {2, 8, 13, 11},
         {12, 8, 4, 4},
         {.stride = {2, 2}, .padding = {1, 1}}},
        {"5x2", {2, 8, 9, 7}, {12, 8, 5, 2}, {.padding = {2, 1}}},
        {"5x2 of different strides and dilations",
         {2, 8, 19, 13},
         {12, 8, 5, 2},
         {.stride = {1, 3}, .padding = {2, 1}, .dilation = {2, 1}}},
        {"groups", {2, 16, 8, 8}, {32, 4, 3, 3}, {.padding = {1, 1}, .groups = 4}},
        {"groups of odd channels", {2, 6, 8, 7}, {4, 3, 3, 3}, {.padding = {1, 1}, .groups = 2}},
        {"groups, 4x4 stride 2",
         {2, 16, 12, 12},
         {16, 8, 4, 4},
         {.stride = {2, 2}, .padding = {1, 1}, .groups = 2}},
        {"depthwise", {2, 16, 9, 9}, {16, 1, 3, 3}, {.padding = {1, 1}, .groups = 16}},
        {"depthwise, two filters a channel",
         {2, 8, 9, 9},
         {16, 1, 3, 3},
         {.stride = {2, 2}, .padding = {1, 1}, .groups = 8}},
        {"padding behind", {2, 8, 9, 9}, {8, 8, 3, 3}, {.dilation = {2, 2}}, 1},
    };
    return all;
}

struct Operands {
    Tensor x, w, y, y_bias, x_bias;
    template <class F> Operands mapped(const F& f) const {
        const auto if_defined = [&](const Tensor& bias) { return bias.defined() ? f(bias) : bias; };
        return {f(x), f(w), f(y), if_defined(y_bias), if_defined(x_bias)};
    }
};

Operands operands_of(const Case& c, DType dtype, bool biased) {
    Generator generator(11);
    const auto normal = [&](const Shape& shape) { return raw::to(randn(shape, generator), dtype); };
    const Shape y = c.y();
    return {normal(c.x), normal(c.w), normal(y), biased ? normal({y[1]}) : Tensor(),
            biased ? normal({c.x[1]}) : Tensor()};
}

// y, x and w, each as the two others make it.
std::vector<Tensor> triple(const Operands& o, const kernels::ConvGeometry& geometry,
                           Device device) {
    const Operands here = o.mapped([&](const Tensor& x) { return raw::to(x, device); });
    const Tensor x = channels_last_data(here.x), y = channels_last_data(here.y);
    std::vector<Tensor> out{empty_image(y.shape(), y.options()),
                            empty_image(x.shape(), x.options()), empty_like(here.w)};
    kernels::conv2d(out[0], x, here.w, here.y_bias, geometry);
    kernels::conv2d_input(out[1], y, here.w, here.x_bias, geometry);
    kernels::conv2d_weight(out[2], x, y, geometry);
    return out;
}

double largest_of(const Tensor& x) {
    double largest = 0;
    for (const double v : x.to_vector()) largest = std::max(largest, std::abs(v));
    return largest;
}

Tensor rounded(const Tensor& x, Precision precision) {
    switch (precision) {
        case Precision::f32: return x;
        case Precision::f16: return raw::to(raw::to(x, f16), x.dtype());
        case Precision::bf16: return raw::to(raw::to(x, bf16), x.dtype());
        case Precision::tf32: break;
    }
    std::vector<double> numbers = x.to_vector();
    for (double& v : numbers) {
        int exponent = 0;
        // 10 bits below the first
        v = std::ldexp(std::nearbyint(std::ldexp(std::frexp(v, &exponent), 11)), exponent - 11);
    }
    return tensor(numbers, x.shape(), {.dtype = x.dtype()});
}

std::string algorithm() {
    const char* name = std::getenv("EPS_CUDA_CONV");
    return name ? name : "columns";
}

// Of the sum of the terms' magnitudes. Filters that cuDNN transforms first are rounded to tf32
// after that.
double tolerance(DType dtype, Precision precision) {
    if (dtype == f64) return 1e-13;
    return precision == Precision::tf32 && algorithm() == "cudnn" ? 2e-3 : 1e-5;
}

void compare(const Case& c, DType dtype, Precision precision, bool biased) {
    INFO(algorithm(), ", ", std::string(c.what), ", ", std::string(name_of(dtype)), ", ",
         std::string(name_of(precision)), biased ? ", bias" : "");
    const Operands all = operands_of(c, dtype, biased);
    const Operands factors{rounded(all.x, precision), rounded(all.w, precision),
                           rounded(all.y, precision), all.y_bias, all.x_bias};
    const auto wide = [](const Tensor& x) { return raw::to(x, f64); };
    const auto expected = triple(factors.mapped(wide), c.geometry, cpu);
    const auto magnitudes =
        triple(factors.mapped([&](const Tensor& x) { return abs(wide(x)); }), c.geometry, cpu);
    // Some hardware truncates to tf32, some rounds: what has no more bits stays.
    const Operands& given = precision == Precision::tf32 ? factors : all;
    set_precision(precision);
    const auto got = triple(given, c.geometry, cuda), again = triple(given, c.geometry, cuda);
    set_precision(Precision::f32);
    for (std::size_t i = 0; i < got.size(); ++i) {
        INFO("result ", i);
        CHECK(largest_of(wide(raw::to(got[i], cpu)) - expected[i]) <=
              tolerance(dtype, precision) * largest_of(magnitudes[i]));
        CHECK(got[i].to_vector() == again[i].to_vector());
    }
}

}  // namespace

TEST_CASE(
    "cuda: convolutions of every geometry sum rounded factors, and give the same bits again") {
    if (no_gpu()) return;
    for (const Case& c : cases())
        for (const bool biased : {false, true}) {
            compare(c, f64, Precision::f32, biased);
            for (const std::string& name : precision_names())
                compare(c, f32, precision_named(name), biased);
        }
}

TEST_CASE("cuda: captured convolutions equal called ones, bit for bit") {
    if (no_gpu()) return;
    Generator generator(12);
    const auto on_gpu = [&](const Shape& shape) { return raw::to(randn(shape, generator), cuda); };
    const Tensor w = on_gpu({16, 8, 3, 3}).requires_grad_(), bias = on_gpu({16}).requires_grad_(),
                 v = on_gpu({16, 4, 4, 4}).requires_grad_();
    const auto body = [&](const StepTensors& inputs) {
        const Tensor y = conv2d(inputs.at("x"), w, bias, {.padding = {1, 1}}),
                     z = conv_transpose2d(y, v, {}, {.stride = {2, 2}, .padding = {1, 1}});
        NamedTensors all{{"z", detach(z)}};
        for (const Tensor& g : grad(sum(square(z)), {w, bias, v}))
            all.emplace_back(str("gradient", all.size()), g);
        return all;
    };
    for (const std::string& name : precision_names()) {
        set_precision(precision_named(name));
        Step step(cuda, body);
        for (int i = 0; i < 5; ++i) {
            const Tensor x = on_gpu({4, 8, 12, 12});
            const NamedTensors expected = body({{"x", x}});
            const StepOutputs got = step({{"x", x}});
            for (const auto& [each, tensor] : expected)
                CHECK(got.at(each).to_vector() == tensor.to_vector());
        }
        CHECK_MESSAGE(step.captured(), step.fallback_reason());
        set_precision(Precision::f32);
    }
}
