#include "experiments/plots/plot.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tensor/create.h"

using namespace eps;
using namespace eps::models;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// CIE 1976 lightness L* of an sRGB colour, which is not what the scale was made from.
double lightness(const float* rgb) {
    const auto light = [](double v) {
        return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    const double y = 0.2126 * light(rgb[0]) + 0.7152 * light(rgb[1]) + 0.0722 * light(rgb[2]);
    return y > 0.008856 ? 116 * std::cbrt(y) - 16 : 903.3 * y;
}

}  // namespace

TEST_CASE("pixel_points are the centres of the pixels, from the top left") {
    CHECK(pixel_points({0, 4, 0, 2}, 1, 2).to_vector() == std::vector<double>{1, 1, 3, 1});
    CHECK(pixel_points({-1, 1, -1, 1}, 2, 2).to_vector() ==
          std::vector<double>{-0.5, 0.5, 0.5, 0.5, -0.5, -0.5, 0.5, -0.5});
    CHECK_THROWS_AS(pixel_points({1, 1, 0, 1}, 2, 2), Error);
    CHECK_THROWS_AS(pixel_points({0, kNan, 0, 1}, 2, 2), Error);
    CHECK_THROWS_AS(pixel_points({0, 1, 0, 1}, 0, 2), Error);
}

TEST_CASE("heat_map's scale grows evenly in lightness and stays within the colours of a screen") {
    const Tensor picture =
        heat_map(linspace(0, 1, 101, {.dtype = f64}).as_strided({1, 101}, {101, 1}, 0), 0, 1);
    REQUIRE(picture.shape() == Shape{1, 101, 3});
    for (const double v : picture.to_vector()) CHECK((v >= 0 && v <= 1));
    double least = 100, most = 0;
    for (std::int64_t i = 1; i < 101; ++i) {
        const double step = lightness(picture.data<float>() + 3 * i) -
                            lightness(picture.data<float>() + 3 * (i - 1));
        least = std::min(least, step);
        most = std::max(most, step);
    }
    CHECK(least > 0.5);
    CHECK(most < 1);
    const std::vector<double> ends =
        heat_map(tensor({-1, 0, 1, 2, kNan, kNan}, {3, 2}), 0, 1).to_vector();
    for (std::size_t c = 0; c < 3; ++c) {
        CHECK(ends[c] == ends[3 + c]);
        CHECK(ends[6 + c] == ends[9 + c]);
        CHECK(ends[12 + c] == 0.5);
    }
    CHECK(heat_map(zeros({0, 3}), 0, 1).shape() == Shape{0, 3, 3});
    CHECK_THROWS_AS(heat_map(zeros({2}), 0, 1), Error);
    CHECK_THROWS_AS(heat_map(zeros({2, 2}), 1, 1), Error);
    CHECK_THROWS_AS(heat_map(zeros({2, 2}, {.dtype = i64}), 0, 1), Error);
}

TEST_CASE("scatter draws soft dots where they belong") {
    const Window window{0, 8, 0, 4};
    Tensor picture = ones({4, 8, 3});
    // the centre of pixel (1, 1)
    scatter(picture, window, tensor({1.5, 2.5}, {1, 2}, {.dtype = f64}), {0, 0.5, 1}, 0.5, 1);
    for (std::int64_t i = 0; i < 4 * 8; ++i) {
        const float* const pixel = picture.data<float>() + 3 * i;
        CHECK(pixel[0] == (i == 9 ? 0.0f : 1.0f));
        CHECK(pixel[1] == (i == 9 ? 0.5f : 1.0f));
        CHECK(pixel[2] == 1.0f);
    }
    // The ink of a dot is its area wherever it lies among the pixels: its edge is soft.
    for (const double shift : {0.0, 0.2, 0.37, 0.5}) {
        Tensor canvas = zeros({20, 20, 3});
        scatter(canvas, {0, 20, 0, 20},
                tensor({10 + shift, 10 - shift / 3}, {1, 2}, {.dtype = f64}), {1, 1, 1}, 3, 1);
        double ink = 0;
        for (const double v : canvas.to_vector()) ink += v / 3;
        CHECK(ink == doctest::Approx(3.14159 * 9).epsilon(0.03));
    }
    // Outside, at the border, and no numbers at all: nothing is written out of bounds, nothing
    // elsewhere.
    Tensor untouched = zeros({4, 8, 3});
    scatter(untouched, window,
            tensor({-1, 2, 9, 2, 3, 5, kNan, 1, 1, kNan, 1e300, -1e300}, {6, 2}, {.dtype = f64}),
            {1, 1, 1}, 1e6);
    scatter(untouched, window, zeros({0, 2}), {1, 1, 1});
    for (const double v : untouched.to_vector()) CHECK(v == 0);
    scatter(untouched, window, tensor({0, 0, 8, 4}, {2, 2}), {1, 1, 1}, 1e6, 0.5);
    for (const double v : untouched.to_vector()) CHECK(v == 0.75);
    CHECK_THROWS_AS(scatter(untouched, window, zeros({3, 3}), {1, 1, 1}), Error);
    CHECK_THROWS_AS(scatter(untouched, window, zeros({3, 2}), {1, 1, 1}, 0), Error);
    CHECK_THROWS_AS(scatter(untouched, window, zeros({3, 2}), {1, 1, 1}, 1, 2), Error);
    Tensor gray = zeros({4, 8});
    CHECK_THROWS_AS(scatter(gray, window, zeros({3, 2}), {1, 1, 1}), Error);
}
