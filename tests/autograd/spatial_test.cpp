// Pooling, resizing and windows: ONNX's modes of resizing, dtypes, special values, memory order.
#include <cmath>
#include <functional>
#include <limits>

#include "tests/autograd/support.h"
#include "tests/tensor/layouts.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;
using V = std::vector<double>;

namespace {

// 1, 2, 3, ..
Tensor counted(const Shape& shape) {
    return reshape(arange(1, static_cast<double>(numel(shape)) + 1, 1, {.dtype = f64}), shape);
}
// The image [1, 1, 4, 4] of the numbers 1 to 16, resized in both dimensions.
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

// PyTorch does not have these modes. The values are those of the node tests resize_* of ONNX 1.12.
TEST_CASE("spatial: resizing has the values of ONNX's Resize") {
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
    // Outputs outside of x are 0; the sums of weights tell which they are.
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
    // Where the scale is the quotient of the extents, half_pixel is symmetric already.
    CHECK(resized(7, 5, {.coordinates = half_pixel_symmetric}).to_vector() ==
          resized(7, 5, {}).to_vector());
}

TEST_CASE("spatial: NaN wins a maximum, and infinities are ordinary numbers") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double inf = std::numeric_limits<double>::infinity();
    const auto row = [](const V& values) {
        return tensor(values, {1, 1, static_cast<std::int64_t>(values.size())});
    };
    const V got = max_pool1d(row({1, nan, 2, 3, -inf, -inf, inf, 0}), 2).to_vector();
    CHECK(std::isnan(got[0]));
    CHECK(V(got.begin() + 1, got.end()) == V{3, -inf, inf});
    CHECK(max_pool1d(row({-inf, -5, -inf}), 3, {.stride = 1, .padding = 1}).to_vector() ==
          V{-5, -5, -5});
    // an infinity without weight does not count
    CHECK(avg_pool1d(row({inf, 1, 2, 3}), 2).to_vector() == V{inf, 2.5});
}

TEST_CASE("spatial: ops keep every dtype that they accept") {
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
        const Tensor x = to(tensor({1, 0, 2, 0, 3, 1}, {2, 3}), dtype);
        const Tensor y = to(tensor({2, 0, 1, 1, 3, 0}, {2, 3}), dtype);
        CHECK(flip(x, {1}).dtype() == dtype);
        CHECK(flip(x, {1}).to_vector() == y.to_vector());
        CHECK(interpolate(reshape(x, {1, 2, 3}), {.size = {1}}).numel() == 2);
    }
    CHECK(tril(tensor({1, 1, 1, 1}, {2, 2}, {.dtype = i64})).to_vector() == V{1, 0, 1, 1});
}

TEST_CASE("spatial: images stay channels-last, and bits do not depend on the threads") {
    Generator generator(3);
    const Tensor x = channels_last(randn({4, 24, 33, 32}, {}, generator));
    using Function = std::function<Tensor(const Tensor&)>;
#define EPS_OF_T(...) [](const Tensor& t) { return __VA_ARGS__; }
    const std::vector<Function> functions = {
        EPS_OF_T(max_pool2d(t, {3, 2}, {.padding = {1, 1}})),
        EPS_OF_T(avg_pool2d(t, {2, 2})),
        EPS_OF_T(adaptive_avg_pool2d(t, {4, 3})),
        EPS_OF_T(interpolate(t, {.size = {45, 21}, .mode = Interpolation::linear})),
        EPS_OF_T(pad(t, {0, 0, 2, 2}, {0, 0, 2, 2}, PadMode::reflect)),
        EPS_OF_T(flip(t, {2, 3})),
        EPS_OF_T(pixel_unshuffle(narrow(t, 2, 0, 32), 2)),
    };
#undef EPS_OF_T
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

TEST_CASE("spatial: a second backward through a pooling throws") {
    const Tensor x = leaf(uniform({1, 1, 4, 4})), y = sum(max_pool2d(x, {2, 2}));
    backward(y);
    CHECK_FALSE(error_of([&] { backward(y); }).sentence.empty());
}

TEST_CASE("spatial: an antialiased resizing repeats edges, or leaves them out if it is told to") {
    // The hat of radius 2 around 1/2 has the weights 1/4, 3/4, 3/4, 1/4 at -1, 0, 1, 2.
    const auto weights = [](bool exclude_outside) {
        const CsrMatrix matrix =
            resize_matrix(4, 2, {.exclude_outside = exclude_outside, .antialias = true});
        return std::vector<double>(matrix.weights.begin(), matrix.weights.begin() + 3);
    };
    CHECK(weights(false) == std::vector<double>{0.5, 0.375, 0.125});
    const std::vector<double> inside = weights(true);
    CHECK(inside[0] == doctest::Approx(3.0 / 7));
    CHECK(inside[2] == doctest::Approx(1.0 / 7));
}
