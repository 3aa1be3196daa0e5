#include "experiments/plots/line_plot.h"

#include <doctest/doctest.h>

#include <limits>

#include "experiments/plots/plot.h"
#include "tensor/create.h"

using namespace eps;
using namespace eps::models;

namespace {

// The rows of a column that the blue curve covers.
std::vector<std::int64_t> curve_rows(const Tensor& picture, std::int64_t column) {
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < picture.size(0); ++row) {
        const float* pixel = picture.data<float>() + (row * picture.size(1) + column) * 3;
        if (pixel[2] - pixel[0] > 0.4f) rows.push_back(row);
    }
    return rows;
}

}  // namespace

TEST_CASE(
    "line_plot: equal factors are equal distances, larger is higher, what is not positive is a "
    "gap") {
    const Tensor picture = line_plot({0, 1, 2, 3, 4}, {1, 10, 100, -1, 100}, 220, 220);
    CHECK(picture.shape() == Shape{220, 220, 3});
    for (const double value : picture.to_vector()) CHECK((value >= 0 && value <= 1));
    // x from -0.2 to 4.2 over 220 pixels: x = 0.5 and 1.5 are columns 35 and 85.
    const std::vector<std::int64_t> low = curve_rows(picture, 35), high = curve_rows(picture, 85);
    REQUIRE((!low.empty() && !high.empty()));
    CHECK(low.front() > high.back());
    // a decade of two and a tenth
    CHECK(low.front() - high.front() == doctest::Approx(100).epsilon(0.02));
    CHECK(curve_rows(picture, 135).empty());
    CHECK(curve_rows(picture, 185).empty());
}

TEST_CASE("line_plot leaves the picture empty without data, and throws on bad data") {
    CHECK(line_plot({}, {}, 4, 5).shape() == Shape{4, 5, 3});
    CHECK(line_plot({1}, {2}).shape() == Shape{240, 320, 3});
    CHECK(line_plot({1, 2}, {0, std::numeric_limits<double>::quiet_NaN()}, 4, 5).to_vector() ==
          std::vector<double>(60, 1.0));
    CHECK_THROWS_AS(line_plot({1}, {}), Error);
    CHECK_THROWS_AS(line_plot({1, 1}, {1, 1}), Error);
    CHECK_THROWS_AS(line_plot({0, std::numeric_limits<double>::infinity()}, {1, 1}), Error);
    CHECK_THROWS_AS(line_plot({0}, {1}, 0, 5), Error);
}

TEST_CASE("window_around gives a square with a margin of a fifth") {
    const Window window = window_around(tensor({0, 0, 10, 4}, {2, 2}));
    CHECK(window.left == doctest::Approx(-1));
    CHECK(window.right == doctest::Approx(11));
    CHECK(window.bottom == doctest::Approx(-4));
    CHECK(window.top == doctest::Approx(8));
    CHECK_THROWS_AS(window_around(zeros({0, 2})), Error);
    CHECK_THROWS_AS(window_around(zeros({3})), Error);
}
