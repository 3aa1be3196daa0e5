// Norms of numbers whose squares do not fit their dtype, and at 0.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/norm/softmax.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

using namespace eps;

namespace {

const double kOrders[] = {-INFINITY, -2, -0.5, 0.5, 1, 1.5, 2, 3, 7, INFINITY};

void check_close(const Tensor& got, const std::vector<double>& expected, double relative) {
    const std::vector<double> values = got.to_vector();
    REQUIRE(values.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(std::abs(values[i] - expected[i]) <= relative * std::abs(expected[i]));
}

}  // namespace

TEST_CASE("norm: f32 has the values and gradients of f64 over its whole range, for any p") {
    for (const double scale : {1e-44, 1e-38, 1e-30, 1e-10, 1.0, 1e10, 1e30, 1e37})
        for (const double p : kOrders) {
            CAPTURE(scale);
            CAPTURE(p);
            const Tensor x = tensor({3 * scale, -scale, 2 * scale}, {3}).requires_grad_();
            const Tensor wide = to(detach(x), f64).requires_grad_();
            const Tensor length = norm(x, p), expected = norm(wide, p);
            const double least = scale < 1e-38 ? 0.5 : 1e-6;  // denormals have few digits
            check_close(length, expected.to_vector(), least);
            if (scale > 1e-37)  // below, products with it are denormal
                check_close(grad(length, {x})[0], grad(expected, {wide})[0].to_vector(), 3e-6);
        }
    // f64 beside the exact value
    for (const double scale : {1e-320, 1e-200, 1e200, 1e307})
        check_close(norm(tensor({3 * scale, 4 * scale}, {2}, {.dtype = f64})), {5 * scale}, 1e-3);
}

TEST_CASE("norm: 0 counts, and infinities and NaN are numbers like others") {
    CHECK(norm(tensor({0.0, 3.0, -INFINITY, 0.0}), 0).item() == 2);
    for (const double p : {0.5, 1.0, 2.0, 3.0, double{INFINITY}}) {
        CHECK(norm(tensor({1.0, -INFINITY}), p).item() == INFINITY);
        CHECK(std::isnan(norm(tensor({1.0, NAN}), p).item()));
    }
    CHECK(norm(tensor({3.0, 0.0}), -1).item() == 0);
    CHECK(norm(tensor({3.0, -INFINITY}), -INFINITY).item() == 3);
    CHECK(norm(zeros({0}), 2).item() == 0);
}

TEST_CASE("norm: the gradient at 0 is 0 for every p, to second order") {
    for (const double p : kOrders) {
        CAPTURE(p);
        const Tensor x = zeros({2, 3}).requires_grad_();
        const Tensor first = grad(sum(norm(x, p, {1})), {x}, {.create_graph = true})[0];
        for (const double g : first.to_vector())
            CHECK(std::abs(g) <= (p == 1 || std::isinf(p) ? 1 : 0));  // |x| at 0, shared
        if (p < 2 || std::isinf(p)) continue;
        for (const double g : grad(sum(first), {x}, {.allow_unused = true})[0].to_vector())
            CHECK(std::isfinite(g));
    }
}

TEST_CASE("stddev: of huge, tiny and equal numbers") {
    CHECK(stddev(tensor({1e30, -1e30, 0.0})).item() == doctest::Approx(1e30).epsilon(1e-6));
    CHECK(stddev(tensor({1e-30, -1e-30, 0.0})).item() == doctest::Approx(1e-30).epsilon(1e-6));
    const Tensor x = full({4}, 2.5).requires_grad_();
    const Tensor spread = stddev(x);
    CHECK(spread.item() == 0);
    CHECK(grad(spread, {x})[0].to_vector() == std::vector<double>(4, 0.0));
}

TEST_CASE(
    "layer, group, batch and RMS norms of numbers whose squares overflow f32 are those of f64") {
    for (const double scale : {1e14, 1e19, 1e30}) {
        CAPTURE(scale);
        const Tensor unit = reshape(sin(arange(0, 4 * 6 * 10, 1, {.dtype = f64})), {4, 6, 2, 5});
        const auto same = [&](auto f, const Tensor& x) {
            const Tensor narrow = to(x * scale, f32).requires_grad_();
            const Tensor wide = to(detach(narrow), f64).requires_grad_();
            const Tensor got = f(narrow), expected = f(wide);
            CHECK(max(abs(to(got, f64) - expected)).item() < 3e-6);
            const Tensor weight = cos(to(arange(0, 240), f64) * 1.7);
            const auto slope = [&](const Tensor& y, const Tensor& at) {
                const Tensor w = to(reshape(weight, y.shape()), y.dtype());
                return to(grad(sum(y * w), {at})[0], f64) * scale;
            };
            CHECK(max(abs(slope(got, narrow) - slope(expected, wide))).item() < 3e-5);
        };
        same([](const Tensor& x) { return layer_norm(x, {5}); }, unit);
        same([](const Tensor& x) { return rms_norm(x, {5}); }, unit);
        same([](const Tensor& x) { return group_norm(x, 2); }, unit);
        same([](const Tensor& x) { return batch_norm(x, {}, {}); }, unit);
        same([](const Tensor& x) { return batch_norm(x, {}, {}); }, reshape(unit, {24, 10}));
    }
    const Tensor four = tensor({1e19, -1e19, 1e19, -1e19}, {4});
    CHECK(layer_norm(four, {4}).to_vector() == std::vector<double>{1, -1, 1, -1});
}

TEST_CASE("cdist: distances of points that lie close together, far from 0") {
    const Tensor a = tensor({1e4, 1e4}, {1, 2}), b = tensor({1e4 + 0.0009765625, 1e4}, {1, 2});
    CHECK(cdist(a, b).item() == 0.0009765625);
    CHECK(cdist(a, a).item() == 0);
}

// PyTorch 2.15: torch.nn.functional.local_response_norm(x, size, alpha=.5, beta=.75, k=2) of
// x = [[[1], [2], [3], [4]]], with size 2 and 3.
TEST_CASE("local_response_norm: the values of PyTorch") {
    const Tensor x = tensor({1.0, 2.0, 3.0, 4.0}, {1, 4}, {.dtype = f64});
    check_close(local_response_norm(x, 2, 0.5, 0.75, 2),
                {0.5443310539518174, 0.826261419779277, 0.8649714582957403, 0.8217118119442895},
                1e-14);
    check_close(local_response_norm(x, 3, 0.5, 0.75, 2),
                {0.45790643500456496, 0.6659067581404804, 0.7098176595685814, 1.0221676593361009},
                1e-14);
}

TEST_CASE("softmax: in another dtype") {
    const Tensor x = tensor({0.0, 100.0}), s = softmax(x, 0, f64);
    CHECK(s.dtype() == f64);
    CHECK(s.to_vector()[0] == doctest::Approx(std::exp(-100)).epsilon(1e-12));
    CHECK(log_softmax(tensor({1.0, 2.0}, {2}, {.dtype = f64}), 0, f32).dtype() == f32);
}

TEST_CASE("group_norm: no samples, no channels and no pixels are nothing, also backwards") {
    for (const Shape& shape : {Shape{0, 4, 3, 3}, Shape{2, 0, 3, 3}, Shape{2, 4, 0, 3}}) {
        CAPTURE(shape.to_string());
        const Tensor x = zeros(shape).requires_grad_();
        const Tensor y = group_norm(x, shape[1] == 0 ? 1 : 2);
        CHECK(y.shape() == shape);
        CHECK(grad(sum(square(y)), {x})[0].shape() == shape);
    }
}

TEST_CASE("group_norm, instance_norm and batch_norm of one channel of one sample") {
    // (x - 3) / sqrt(5 + epsilon)
    const std::vector<double> values{0, 2, 4, 6};
    const double epsilon = 0.25, scale = 1 / std::sqrt(5 + epsilon);
    const std::vector<double> expected{-3 * scale, -scale, scale, 3 * scale};
    const Tensor x = tensor(values, {1, 1, 2, 2}, {.dtype = f64});
    check_close(group_norm(x, 1, {}, {}, epsilon), expected, 1e-14);
    check_close(instance_norm(x, {}, {}, epsilon), expected, 1e-14);
    check_close(batch_norm(x, {}, {}, {}, {}, {.training = true, .epsilon = epsilon}), expected,
                1e-14);
}
