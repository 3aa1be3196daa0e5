// Pooling, resizing, windows and rearrangements against PyTorch, and resizing against ONNX's
// vectors where PyTorch has no such mode.
#include <cmath>
#include <functional>
#include <limits>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/image/conv.h"
#include "autograd/ops/image/pool.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/image/resize.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/image/unfold.h"
#include "autograd/ops/image/upsample.h"
#include "tests/autograd/support.h"
#include "tests/golden/spatial_golden.h"
#include "tests/tensor/layouts.h"

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

// make_spatial_golden.py makes it the same way.
Tensor spread(const Shape& shape, double phase) {
    Tensor x = empty(shape, {.dtype = f64});
    for (std::int64_t i = 0; i < x.numel(); ++i)
        x.data<double>()[i] =
            std::nearbyint(std::sin(static_cast<double>(i) * 1.7 + phase) * 1.5 * 1000) / 1000;
    return x;
}

struct Comparison {
    const char* name;
    std::function<Tensor()> f;
};

std::vector<Comparison> comparisons() {
    const Tensor image = golden_tensor("image"), signal = golden_tensor("signal"),
                 ties = golden_tensor("ties"), columns = golden_tensor("columns");
    const auto linear = Interpolation::linear, cubic = Interpolation::cubic,
               exact = Interpolation::nearest_exact;
    return {
        {"max_pool2d",
         [=] {
             return max_pool2d(image, {2, 2});
         }},
        {"max_pool2d overlap",
         [=] {
             return max_pool2d(image, {3, 3}, {.stride = {2, 1}, .padding = {1, 1}});
         }},
        {"max_pool2d dilation ceil",
         [=] {
             return max_pool2d(image, {2, 2},
                               {.stride = {2, 3}, .dilation = {3, 2}, .ceil_mode = true});
         }},
        {"max_pool2d ceil padding",
         [=] {
             return max_pool2d(image, {2, 3},
                               {.stride = {2, 4}, .padding = {1, 1}, .ceil_mode = true});
         }},
        {"max_pool2d indices",
         [=] {
             return max_pool2d_with_indices(image, {3, 3}, {.stride = {2, 2}, .padding = {1, 1}})
                 .indices;
         }},
        {"max_pool1d", [=] { return max_pool1d(signal, 3, {.stride = 2, .padding = 1}); }},
        {"ties indices",
         [=] {
             return max_pool2d_with_indices(ties, {2, 2}, {.stride = {1, 1}}).indices;
         }},
        {"ties gradient",
         [=] {
             const Tensor x = leaf(ties), y = max_pool2d(x, {2, 2}, {.stride = {1, 1}});
             return grad(y, {x}, {.gradient = spread(y.shape(), 0.9)})[0];
         }},
        {"avg_pool2d",
         [=] {
             return avg_pool2d(image, {2, 3});
         }},
        {"avg_pool2d padding",
         [=] {
             return avg_pool2d(image, {3, 3}, {.stride = {2, 1}, .padding = {1, 1}});
         }},
        {"avg_pool2d ceil",
         [=] {
             return avg_pool2d(image, {2, 4},
                               {.stride = {2, 3}, .padding = {1, 2}, .ceil_mode = true});
         }},
        {"avg_pool2d without",
         [=] {
             return avg_pool2d(image, {3, 2},
                               {.stride = {2, 2},
                                .padding = {1, 1},
                                .ceil_mode = true,
                                .count_include_pad = false});
         }},
        {"avg_pool1d", [=] { return avg_pool1d(signal, 3, {.stride = 2, .padding = 1}); }},
        {"adaptive_avg_pool2d",
         [=] {
             return adaptive_avg_pool2d(image, {3, 4});
         }},
        {"adaptive_avg_pool2d pixel",
         [=] {
             return adaptive_avg_pool2d(image, {1, 1});
         }},
        {"adaptive_avg_pool1d", [=] { return adaptive_avg_pool1d(signal, 10); }},
        {"adaptive_max_pool2d",
         [=] {
             return adaptive_max_pool2d(image, {3, 4});
         }},
        {"adaptive_max_pool1d", [=] { return adaptive_max_pool1d(signal, 3); }},
        {"nearest",
         [=] {
             return interpolate(image, {.size = {7, 4}});
         }},
        {"nearest scale",
         [=] {
             return interpolate(image, {.scale_factor = {1.5, 0.7}});
         }},
        {"nearest_exact",
         [=] {
             return interpolate(image, {.size = {7, 4}, .mode = exact});
         }},
        {"nearest 1d", [=] { return interpolate(signal, {.scale_factor = {2.3}}); }},
        {"bilinear",
         [=] {
             return interpolate(image, {.size = {8, 4}, .mode = linear});
         }},
        {"bilinear scale",
         [=] {
             return interpolate(image, {.scale_factor = {1.7, 0.6}, .mode = linear});
         }},
        {"bilinear corners",
         [=] {
             return interpolate(image, {.size = {8, 4}, .mode = linear, .align_corners = true});
         }},
        {"bilinear corners 1",
         [=] {
             return interpolate(image, {.size = {1, 3}, .mode = linear, .align_corners = true});
         }},
        {"linear", [=] { return interpolate(signal, {.size = {9}, .mode = linear}); }},
        {"linear corners",
         [=] { return interpolate(signal, {.size = {4}, .mode = linear, .align_corners = true}); }},
        {"bicubic",
         [=] {
             return interpolate(image, {.size = {8, 4}, .mode = cubic});
         }},
        {"bicubic corners",
         [=] {
             return interpolate(image, {.size = {7, 9}, .mode = cubic, .align_corners = true});
         }},
        {"bilinear antialias",
         [=] {
             return interpolate(image, {.size = {2, 4}, .mode = linear, .antialias = true});
         }},
        {"bicubic antialias",
         [=] {
             return interpolate(image, {.size = {3, 8}, .mode = cubic, .antialias = true});
         }},
        {"trilinear",
         [=] {
             return interpolate(reshape(image, {1, 1, 2, 5, 6}),
                                {.size = {3, 4, 4}, .mode = linear});
         }},
        {"unfold",
         [=] {
             return unfold(image, {2, 3});
         }},
        {"unfold options",
         [=] {
             return unfold(image, {2, 2},
                           {.dilation = {1, 2}, .padding = {1, 0}, .stride = {2, 3}});
         }},
        {"fold",
         [=] {
             return fold(columns, {3, 4}, {2, 3});
         }},
        {"fold options",
         [=] {
             return fold(columns, {4, 5}, {2, 2},
                         {.dilation = {2, 1}, .padding = {1, 0}, .stride = {2, 3}});
         }},
        {"pad reflect",
         [=] {
             return pad(image, {0, 0, 0, 2}, {0, 0, 3, 1}, PadMode::reflect);
         }},
        {"pad replicate",
         [=] {
             return pad(image, {0, 0, 0, 2}, {0, 0, 3, 7}, PadMode::replicate);
         }},
        {"pad circular",
         [=] {
             return pad(image, {0, 0, 5, 2}, {0, 0, 0, 6}, PadMode::circular);
         }},
        {"pixel_shuffle",
         [=] {
             return pixel_shuffle(spread({1, 8, 2, 3}, 0.1), 2);
         }},
        {"pixel_unshuffle",
         [=] {
             return pixel_unshuffle(spread({1, 2, 4, 6}, 0.1), 2);
         }},
        {"flip",
         [=] {
             return flip(image, {1, 3});
         }},
        {"roll",
         [=] {
             return roll(image, {1, -8}, {2, 3});
         }},
        {"tril", [=] { return tril(image, -1); }},
        {"triu", [=] { return triu(image, 2); }},
    };
}

Tensor counted(const Shape& shape) {
    return reshape(arange(1, static_cast<double>(numel(shape)) + 1, 1, {.dtype = f64}), shape);
}
// Both spatial dimensions of [1, 1, 4, 4] = 1 to 16.
Tensor resized(std::int64_t rows, std::int64_t columns, const ResizeOptions& options) {
    return resample(resample(counted({1, 1, 4, 4}), 2, resize_matrix(4, rows, options)), 3,
                    resize_matrix(4, columns, options));
}
void check_close(const Tensor& got, const V& expected) {
    const V values = got.to_vector();
    REQUIRE(values.size() == expected.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        CHECK(values[i] == doctest::Approx(expected[i]).epsilon(1e-6));
}

}  // namespace

TEST_CASE("spatial: what PyTorch computes") {
    const std::vector<Comparison> all = comparisons();
    CHECK(all.size() + 4 == golden::spatial.size());  // the four are inputs
    for (const Comparison& c : all) {
        INFO(std::string(c.name));
        const Tensor got = c.f(), expected = golden_tensor(c.name);
        REQUIRE(got.shape() == expected.shape());
        const V a = got.to_vector(), b = expected.to_vector();
        double worst = 0;
        for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
        CHECK(worst < 1e-12);
    }
}

// Values of the node tests resize_* of ONNX 1.12.
TEST_CASE("spatial: what ONNX's Resize computes") {
    using enum Coordinates;
    check_close(
        resized(3, 3,
                {.filter = Filter::cubic, .scale = 0.8f, .cubic = -0.5, .exclude_outside = true}),
        {1.3681267, 2.6695013, 4.0133367, 6.5736251, 7.875, 9.2188349, 11.948966, 13.2503414,
         14.5941763});
    check_close(resized(3, 1, {.coordinates = pytorch_half_pixel}), {1.6666666, 7.0, 12.333333});
    check_close(resized(3, 2, {.filter = Filter::nearest, .coordinates = tf_half_pixel_for_nn}),
                {6, 8, 10, 12, 14, 16});
    const auto first_row = [](const ResizeOptions& options) {
        return narrow(resized(8, 8, options), 2, 0, 1);
    };
    check_close(first_row({.filter = Filter::nearest, .rounding = Rounding::ceil}),
                {1, 2, 2, 3, 3, 4, 4, 4});
    check_close(first_row({.filter = Filter::nearest,
                           .coordinates = asymmetric,
                           .rounding = Rounding::prefer_ceil}),
                {1, 2, 2, 3, 3, 4, 4, 4});
    check_close(
        first_row(
            {.filter = Filter::nearest, .coordinates = align_corners, .rounding = Rounding::floor}),
        {1, 1, 1, 2, 2, 3, 3, 4});
    check_close(first_row({.filter = Filter::cubic, .coordinates = asymmetric, .scale = 2}),
                {1, 1.40625, 2, 2.5, 3, 3.59375, 4, 4.09375});
    // Outside of x there are no matrix; sums of weights say where.
    const auto crop = [](const Tensor& x) {
        const auto matrix = [](double start, double end) {
            return resize_matrix(
                4, 3, {.coordinates = tf_crop_and_resize, .crop_start = start, .crop_end = end});
        };
        return resample(resample(x, 2, matrix(0.4f, 1.2f)), 3, matrix(0.6f, 1.7f));
    };
    const Tensor x = counted({1, 1, 4, 4});
    check_close(crop(x) + 10.0 * (1.0 - crop(ones_like(x))),
                {7.6000004, 10, 10, 12.4000006, 10, 10, 10, 10, 10});
    // With a scale that is the quotient of the extents, symmetric or not is the same.
    CHECK(resized(7, 5, {.coordinates = half_pixel_symmetric}).to_vector() ==
          resized(7, 5, {}).to_vector());
}

TEST_CASE("spatial: NaN wins a maximum, and infinities are numbers") {
    const double nan = std::numeric_limits<double>::quiet_NaN(),
                 inf = std::numeric_limits<double>::infinity();
    const auto row = [](const V& values) {
        return tensor(values, {1, 1, static_cast<std::int64_t>(values.size())});
    };
    const V got = max_pool1d(row({1, nan, 2, 3, -inf, -inf, inf, 0}), 2).to_vector();
    CHECK(std::isnan(got[0]));
    CHECK(V(got.begin() + 1, got.end()) == V{3, -inf, inf});
    CHECK(max_pool1d(row({-inf, -5, -inf}), 3, {.stride = 1, .padding = 1}).to_vector() ==
          V{-5, -5, -5});
    // what has no weight does not count
    CHECK(avg_pool1d(row({inf, 1, 2, 3}), 2).to_vector() == V{inf, 2.5});
}

TEST_CASE("spatial: every dtype that makes sense") {
    for (DType dtype : {u8, i64, f32, f64}) {
        const Tensor x = to(counted({1, 2, 4, 4}), dtype);
        const MaxPooled pooled = max_pool2d_with_indices(x, {2, 2});
        CHECK(pooled.values.dtype() == dtype);
        CHECK(pooled.values.to_vector() == V{6, 8, 14, 16, 22, 24, 30, 32});
        CHECK(pooled.indices.dtype() == i64);
        // an inner pixel is in four windows
        CHECK(fold(unfold(x, {2, 2}), {4, 4}, {2, 2}).to_vector()[5] == 4 * 6);
    }
    for (DType dtype : {boolean, u8, i64, f16, bf16, f32, f64}) {
        const Tensor x = to(tensor({1, 0, 2, 0, 3, 1}, {2, 3}), dtype),
                     y = to(tensor({2, 0, 1, 1, 3, 0}, {2, 3}), dtype);
        CHECK(flip(x, {1}).dtype() == dtype);
        CHECK(flip(x, {1}).to_vector() == y.to_vector());
        CHECK(interpolate(reshape(x, {1, 2, 3}), {.size = {1}}).numel() == 2);
    }
    CHECK(tril(tensor({1, 1, 1, 1}, {2, 2}, {.dtype = i64})).to_vector() == V{1, 0, 1, 1});
}

TEST_CASE("spatial: images stay channels-last, and threads change nothing") {
    Generator generator(3);
    const Tensor x = channels_last(randn({4, 24, 33, 32}, {}, generator));
    const std::vector<std::function<Tensor(const Tensor&)>> functions = {
        [](const Tensor& t) {
            return max_pool2d(t, {3, 2}, {.padding = {1, 1}});
        },
        [](const Tensor& t) {
            return avg_pool2d(t, {2, 2});
        },
        [](const Tensor& t) {
            return adaptive_avg_pool2d(t, {4, 3});
        },
        [](const Tensor& t) {
            return interpolate(t, {.size = {45, 21}, .mode = Interpolation::linear});
        },
        [](const Tensor& t) {
            return pad(t, {0, 0, 2, 2}, {0, 0, 2, 2}, PadMode::reflect);
        },
        [](const Tensor& t) {
            return flip(t, {2, 3});
        },
        [](const Tensor& t) { return pixel_unshuffle(narrow(t, 2, 0, 32), 2); },
    };
    for (const auto& f : functions) {
        const Tensor leaf_x =
            channels_last(x).as_strided(x.shape(), x.strides(), 0).requires_grad_();
        CHECK(f(x).strides()[1] == 1);
        same_on_any_threads([&] { return detach(f(x)); });
        same_on_any_threads([&] {
            const Tensor y = f(leaf_x);
            return grad(y, {leaf_x}, {.gradient = detach(y)})[0];
        });
    }
}

TEST_CASE("spatial: a second backward of a pooling is refused") {
    const Tensor x = leaf(uniform({1, 1, 4, 4})), y = sum(max_pool2d(x, {2, 2}));
    backward(y);
    CHECK_FALSE(refusal_of([&] { backward(y); }).sentence.empty());
}
