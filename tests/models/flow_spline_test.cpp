// Rational-quadratic splines whose parameters are large: some bins are nearly flat, others nearly
// vertical, and f32 must keep its digits in both.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "models/flow/spline.h"
#include "tensor/create.h"
#include "tensor/random.h"

using namespace eps;
using models::flow::ElementwiseBijector;
using models::flow::RationalQuadratic;

namespace {

// The number of elements that are not within `relative` |expected| + `absolute` of what is
// expected.
std::int64_t far_off(const Tensor& got, const Tensor& expected, double relative, double absolute) {
    const auto g = got.to_vector(), e = expected.to_vector();
    std::int64_t count = 0;
    for (std::size_t i = 0; i < g.size(); ++i)
        count += !(std::abs(g[i] - e[i]) <= relative * std::abs(e[i]) + absolute);
    return count;
}

}  // namespace

TEST_CASE("splines: the inverse in f32 keeps its digits where the curve bends sharply") {
    const RationalQuadratic spline({.bins = 2, .bound = 3});
    for (DType dtype : {f32, f64}) {
        const Tensor theta = expand(tensor({0, 0, -8, 8, 20}, {1, 5}, {.dtype = dtype}), {2, 5});
        const Tensor y = tensor({-2.9949, -2.9945}, {2, 1}, {.dtype = dtype});
        const auto [x, log_det] = spline.inverse(y, theta);
        CHECK(far_off(x, tensor({-.0000520, -.0000267}, {2, 1}, {.dtype = f64}), 0, 5e-7) == 0);
        CHECK(far_off(log_det, tensor({-2.680, -2.839}, {2, 1}, {.dtype = f64}), 0, 5e-3) == 0);
    }
}

TEST_CASE("splines: large parameters, f32 against f64, and there and back") {
    Generator generator(7);
    constexpr std::int64_t kPoints = 2001;
    const Tensor points = reshape(linspace(-3.2, 3.2, kPoints, {.dtype = f64}), {kPoints, 1});
    for (const double scale : {1, 5, 20})
        for (const std::int64_t bins : {1, 2, 8}) {
            CAPTURE(scale);
            CAPTURE(bins);
            const RationalQuadratic spline({.bins = bins, .bound = 3});
            const Tensor theta =
                to(expand(randn({1, spline.parameters()}, {.dtype = f64}, generator) * scale,
                          {kPoints, spline.parameters()}),
                   f32);
            // f64 is exact beside f32: there and back it is the identity, and so are derivatives.
            const auto exact = spline.forward(points, to(theta, f64));
            const auto back = spline.inverse(exact.y, to(theta, f64));
            CHECK(far_off(back.y, points, 0, 1e-9) == 0);
            CHECK(far_off(-back.log_derivative, exact.log_derivative, 0, 1e-6) == 0);

            // In f32 the knots and x are rounded, which a steep curve magnifies.
            const Tensor x = to(points, f32);
            const auto there = spline.forward(x, theta);
            const auto exact_there = spline.forward(to(x, f64), to(theta, f64));
            const Tensor steep = 1.0 + exp(exact_there.log_derivative);
            CHECK(far_off((there.y - exact_there.y) / steep, zeros_like(steep), 0, 2e-6) == 0);
            const auto again = spline.inverse(there.y, theta);
            const Tensor y = spline.forward(to(again.y, f64), to(theta, f64)).y;
            CHECK(far_off((y - there.y) / steep, zeros_like(steep), 0, 2e-6) == 0);
            for (const double v : again.log_derivative.to_vector()) REQUIRE(std::isfinite(v));
            for (const double v : there.log_derivative.to_vector()) REQUIRE(std::isfinite(v));
        }
}
