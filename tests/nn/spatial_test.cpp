// Layers of images and signals against PyTorch's, with the same parameters.
#include <map>

#include "nn/layers/conv.h"
#include "nn/layers/pool.h"
#include "nn/layers/upsample.h"
#include "tests/golden/spatial_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

const golden::Case& find(const std::vector<golden::Case>& cases, const std::string& name) {
    for (const golden::Case& c : cases)
        if (c.name == name) return c;
    FAIL("no golden values of ", name);
    return cases[0];
}
Tensor golden_input(const std::string& name) {
    const golden::Case& c = find(golden::spatial, name);
    return f64s(c.values, c.shape);
}

// make_spatial_golden.py makes them the same way.
Tensor rounded_spread(const Shape& shape, double phase) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < numel(shape); ++i)
        values.push_back(
            std::nearbyint(std::sin(static_cast<double>(i) * 1.7 + phase) * 1.5 * 1000) / 1000);
    return f64s(values, shape);
}

void check_layer(const std::string& name, nn::Module& layer, const Tensor& x) {
    INFO(name);
    double phase = 0;
    NamedTensors state;
    for (const auto& [key, value] : layer.state_dict())
        state.emplace_back(key, rounded_spread(value.shape(), phase++));
    layer.load_state_dict(state);
    const golden::Case& expected = find(golden::spatial_layers, name);
    const Tensor y = layer(x);
    CHECK(y.shape() == Shape(expected.shape));
    CHECK(distance(y, expected.values) < 1e-12);
}

}  // namespace

TEST_CASE("spatial layers compute what PyTorch's compute") {
    const Tensor image = golden_input("image"), signal = golden_input("signal");
    const std::map<std::string, PadMode> modes{{"zeros", PadMode::zeros},
                                               {"reflect", PadMode::reflect},
                                               {"replicate", PadMode::replicate},
                                               {"circular", PadMode::circular}};
    for (const auto& [name, mode] : modes) {
        nn::Conv2d conv2(2, 3, 3, {.stride = 2, .padding = 2, .padding_mode = mode, .dtype = f64});
        check_layer("Conv2d " + name, conv2, image);
        nn::Conv1d conv1(
            2, 4, 3,
            {.padding = 2, .dilation = 2, .groups = 2, .padding_mode = mode, .dtype = f64});
        check_layer("Conv1d " + name, conv1, signal);
    }
    nn::ConvTranspose1d transposed(2, 3, 3,
                                   {.stride = 2, .padding = 1, .output_padding = 1, .dtype = f64});
    check_layer("ConvTranspose1d", transposed, signal);
    nn::MaxPool2d max_pool(3, {.stride = 2, .padding = 1});
    check_layer("MaxPool2d", max_pool, image);
    nn::AvgPool2d avg_pool(3, {.stride = 2, .padding = 1, .count_include_pad = false});
    check_layer("AvgPool2d", avg_pool, image);
    nn::AdaptiveAvgPool2d adaptive(2);
    check_layer("AdaptiveAvgPool2d", adaptive, image);
    nn::Upsample upsample({.scale_factor = {2}, .mode = Interpolation::linear});
    check_layer("Upsample", upsample, image);
    nn::PixelShuffle shuffle(2);
    check_layer("PixelShuffle", shuffle, rounded_spread({1, 8, 2, 3}, 0.1));

    nn::PixelUnshuffle unshuffle(2);
    CHECK(same_bits(unshuffle(shuffle(rounded_spread({1, 8, 2, 3}, 0.1))),
                    rounded_spread({1, 8, 2, 3}, 0.1)));
    nn::MaxPool1d max_pool1(3, {.stride = 2, .padding = 1});
    CHECK(same_bits(max_pool1(signal), golden_input("max_pool1d")));
    nn::AvgPool1d avg_pool1(3, {.stride = 2, .padding = 1});
    CHECK(distance(avg_pool1(signal), find(golden::spatial, "avg_pool1d").values) < 1e-12);
}
