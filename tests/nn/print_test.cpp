// A printed module: nested, with the arguments of each layer and a column of parameter counts.
#include <sstream>

#include "nn/layers/activation.h"
#include "nn/layers/attention.h"
#include "nn/layers/conv.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"
#include "nn/layers/norm.h"
#include "nn/layers/pool.h"
#include "nn/parametrization.h"
#include "nn/sequential.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

struct Net : nn::Module {
    Tensor scale = zeros({2, 3});
    nn::Sequential body;
    nn::Linear head{400, 1, {.bias = false}};
    Net() {
        add_parameter("scale", scale);
        body.add<nn::Linear>(784, 400).add<nn::LeakyReLU>(0.2);
        add("body", body);
        add("head", head);
    }
};

}  // namespace

TEST_CASE("a module prints its class, its submodules and their parameter counts") {
    std::ostringstream out;
    out << Net();
    CHECK(out.str() ==
          "Net(\n"
          "  scale [2, 3]\n"
          "  (body): Sequential(\n"
          "    (0): Linear(784 -> 400, bias)  314,000 parameters\n"
          "    (1): LeakyReLU(0.2)\n"
          "  )                                314,000 parameters\n"
          "  (head): Linear(400 -> 1)             400 parameters\n"
          ")                                  314,406 parameters");
    CHECK(to_string(nn::Sequential()) == "Sequential()");
    CHECK(to_string(nn::Linear(1, 1, {.bias = false})) == "Linear(1 -> 1)  1 parameter");
}

TEST_CASE("layers print their arguments; those without a text of their own, their parameters") {
    const auto printed = [](const nn::Module& module) {
        const std::string text = to_string(module);
        return text.substr(0, text.find("  "));
    };
    CHECK(printed(nn::ReLU()) == "ReLU()");
    CHECK(printed(nn::Hardtanh(-1, 2)) == "Hardtanh(-1, 2)");
    CHECK(printed(nn::Dropout(0.1)) == "Dropout(p 0.1)");
    CHECK(printed(nn::Embedding(10, 4)) == "Embedding(10 -> 4)");
    CHECK(printed(nn::GroupNorm(2, 8)) == "GroupNorm(2 groups, 8 channels)");
    CHECK(printed(nn::BatchNorm(8)) == "BatchNorm(8 channels)");
    CHECK(printed(nn::LayerNorm({4})) == "LayerNorm(weight [4], bias [4])");
    CHECK(printed(nn::MaxPool2d(2)) == "MaxPool2d(2x2)");
    CHECK(printed(nn::Conv2d(3, 8, 4, {.stride = 2, .padding = 1})) ==
          "Conv2d(3 -> 8, 4x4, stride 2, padding 1, bias)");
    CHECK(printed(nn::Conv1d(4, 8, 3, {.dilation = 2, .groups = 2, .bias = false})) ==
          "Conv1d(4 -> 8, 3, dilation 2, groups 2)");
    CHECK(printed(nn::ConvTranspose2d(8, 4, 4, {.groups = 2})) ==
          "ConvTranspose2d(8 -> 4, 4x4, groups 2, bias)");
    CHECK(contains(to_string(nn::MultiheadAttention(8, 2)),
                   "MultiheadAttention(\n  8 wide, 2 heads"));

    nn::Linear layer(2, 3);
    nn::spectral_norm(layer);
    CHECK(contains(to_string(layer),
                   "Linear(\n  2 -> 3, bias\n  (parametrizations.weight): "
                   "SpectralNorm("));
}
