// Pooling, resizing, windows and rearrangements against PyTorch's values.
#include <cmath>

#include "tests/autograd/support.h"
#include "tests/golden/spatial_golden.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;
using V = std::vector<double>;

namespace {

Tensor golden_tensor(const std::string& name) {
    for (const golden::Case& c : golden::spatial)
        if (c.name == name) return tensor(c.values, c.shape, {.dtype = f64});
    FAIL("no golden values of ", name);
    return {};
}

// The same values as in make_spatial_golden.py.
Tensor spread(const Shape& shape, double phase) {
    Tensor x = empty(shape, {.dtype = f64});
    for (std::int64_t i = 0; i < x.numel(); ++i)
        x.data<double>()[i] =
            std::nearbyint(std::sin(static_cast<double>(i) * 1.7 + phase) * 1.5 * 1000) / 1000;
    return x;
}

struct Comparison {
    const char* name;  // of the expected values
    Tensor got;
};

std::vector<Comparison> comparisons() {
    const Tensor image = golden_tensor("image"), signal = golden_tensor("signal");
    const Tensor ties = golden_tensor("ties"), columns = golden_tensor("columns");
    const auto linear = Interpolation::linear;
    const auto cubic = Interpolation::cubic;
    const auto exact = Interpolation::nearest_exact;
    const auto gradient_at = [](const Tensor& values) {
        const Tensor x = leaf(values);
        const Tensor y = max_pool2d(x, {2, 2}, {.stride = {1, 1}});
        return grad(y, {x}, {.gradient = spread(y.shape(), 0.9)})[0];
    };
    return {
        {"max_pool2d", max_pool2d(image, {2, 2})},
        {"max_pool2d overlap", max_pool2d(image, {3, 3}, {.stride = {2, 1}, .padding = {1, 1}})},
        {"max_pool2d dilation ceil",
         max_pool2d(image, {2, 2}, {.stride = {2, 3}, .dilation = {3, 2}, .ceil_mode = true})},
        {"max_pool2d ceil padding",
         max_pool2d(image, {2, 3}, {.stride = {2, 4}, .padding = {1, 1}, .ceil_mode = true})},
        {"max_pool2d indices",
         max_pool2d_with_indices(image, {3, 3}, {.stride = {2, 2}, .padding = {1, 1}}).indices},
        {"max_pool1d", max_pool1d(signal, 3, {.stride = 2, .padding = 1})},
        {"ties indices", max_pool2d_with_indices(ties, {2, 2}, {.stride = {1, 1}}).indices},
        {"ties gradient", gradient_at(ties)},
        {"avg_pool2d", avg_pool2d(image, {2, 3})},
        {"avg_pool2d padding", avg_pool2d(image, {3, 3}, {.stride = {2, 1}, .padding = {1, 1}})},
        {"avg_pool2d ceil",
         avg_pool2d(image, {2, 4}, {.stride = {2, 3}, .padding = {1, 2}, .ceil_mode = true})},
        {"avg_pool2d without",
         avg_pool2d(
             image, {3, 2},
             {.stride = {2, 2}, .padding = {1, 1}, .ceil_mode = true, .count_include_pad = false})},
        {"avg_pool1d", avg_pool1d(signal, 3, {.stride = 2, .padding = 1})},
        {"adaptive_avg_pool2d", adaptive_avg_pool2d(image, {3, 4})},
        {"adaptive_avg_pool2d pixel", adaptive_avg_pool2d(image, {1, 1})},
        {"adaptive_avg_pool1d", adaptive_avg_pool1d(signal, 10)},
        {"adaptive_max_pool2d", adaptive_max_pool2d(image, {3, 4})},
        {"adaptive_max_pool1d", adaptive_max_pool1d(signal, 3)},
        {"nearest", interpolate(image, {.size = {7, 4}})},
        {"nearest scale", interpolate(image, {.scale_factor = {1.5, 0.7}})},
        {"nearest_exact", interpolate(image, {.size = {7, 4}, .mode = exact})},
        {"nearest 1d", interpolate(signal, {.scale_factor = {2.3}})},
        {"bilinear", interpolate(image, {.size = {8, 4}, .mode = linear})},
        {"bilinear scale", interpolate(image, {.scale_factor = {1.7, 0.6}, .mode = linear})},
        {"bilinear corners",
         interpolate(image, {.size = {8, 4}, .mode = linear, .align_corners = true})},
        {"bilinear corners 1",
         interpolate(image, {.size = {1, 3}, .mode = linear, .align_corners = true})},
        {"linear", interpolate(signal, {.size = {9}, .mode = linear})},
        {"linear corners",
         interpolate(signal, {.size = {4}, .mode = linear, .align_corners = true})},
        {"bicubic", interpolate(image, {.size = {8, 4}, .mode = cubic})},
        {"bicubic corners",
         interpolate(image, {.size = {7, 9}, .mode = cubic, .align_corners = true})},
        {"bilinear antialias",
         interpolate(image, {.size = {2, 4}, .mode = linear, .antialias = true})},
        {"bicubic antialias",
         interpolate(image, {.size = {3, 8}, .mode = cubic, .antialias = true})},
        {"trilinear",
         interpolate(reshape(image, {1, 1, 2, 5, 6}), {.size = {3, 4, 4}, .mode = linear})},
        {"unfold", unfold(image, {2, 3})},
        {"unfold options",
         unfold(image, {2, 2}, {.dilation = {1, 2}, .padding = {1, 0}, .stride = {2, 3}})},
        {"fold", fold(columns, {3, 4}, {2, 3})},
        {"fold options",
         fold(columns, {4, 5}, {2, 2}, {.dilation = {2, 1}, .padding = {1, 0}, .stride = {2, 3}})},
        {"pad reflect", pad(image, {0, 0, 0, 2}, {0, 0, 3, 1}, PadMode::reflect)},
        {"pad replicate", pad(image, {0, 0, 0, 2}, {0, 0, 3, 7}, PadMode::replicate)},
        {"pad circular", pad(image, {0, 0, 5, 2}, {0, 0, 0, 6}, PadMode::circular)},
        {"pixel_shuffle", pixel_shuffle(spread({1, 8, 2, 3}, 0.1), 2)},
        {"pixel_unshuffle", pixel_unshuffle(spread({1, 2, 4, 6}, 0.1), 2)},
        {"flip", flip(image, {1, 3})},
        {"roll", roll(image, {1, -8}, {2, 3})},
        {"tril", tril(image, -1)},
        {"triu", triu(image, 2)},
    };
}

}  // namespace

TEST_CASE("spatial: values are those of PyTorch") {
    const std::vector<Comparison> all = comparisons();
    CHECK(all.size() + 4 == golden::spatial.size());  // the four are inputs
    for (const Comparison& c : all) {
        INFO(std::string(c.name));
        const Tensor expected = golden_tensor(c.name);
        REQUIRE(c.got.shape() == expected.shape());
        const V a = c.got.to_vector(), b = expected.to_vector();
        double worst = 0;
        for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
        CHECK(worst < 1e-12);
    }
}
