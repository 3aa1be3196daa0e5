// N15 and what exact-likelihood flows are made of: masks, splines, actnorm, linear maps, pixels and
// scales.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/cast.h"
#include "experiments/data/toy.h"
#include "models/flow/actnorm.h"
#include "models/flow/autoregressive.h"
#include "models/flow/coupling.h"
#include "models/flow/distribution.h"
#include "models/flow/image.h"
#include "models/flow/invertible_linear.h"
#include "models/flow/pixels.h"
#include "models/flow/spline.h"
#include "experiments/metrics/bits_per_dim.h"
#include "nn/optim/optimizer.h"
#include "tests/files.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

namespace {

// slogdet of the whole map from [B, D] to images, flattened.
Tensor log_det_by_jacobian(Bijector& flow, const Tensor& z) {
    return slogdet(jacobian([&](const Tensor& at) { return flatten(flow.transform(at).z, 1); }, z))
        .logabsdet;
}

}  // namespace

TEST_CASE("N15: NICE has log |det| = 0 exactly, and an exact inverse") {
    Generator generator(1);
    const auto flow = disturbed("nice", {.dim = 5, .k = 8, .width = 16}, generator, 0.5);
    const Tensor z = randn({20, 5}, doubles, generator);
    const Transformed there = flow->transform(z);
    CHECK(largest(there.log_det) == 0);
    CHECK(largest(there.z - z) > 0.1);
    CHECK(largest(flow->inverse(there.z).z - z) < 1e-14);
}

TEST_CASE("masks split and join without loss, and throw if nothing can be kept") {
    Generator generator(2);
    for (const Mask mask : {Mask::first_half, Mask::second_half, Mask::even, Mask::odd}) {
        for (const std::int64_t n : {2, 3, 5, 8}) {
            const Tensor x = randn({3, n, 2, 2}, generator);
            const Parts parts = split_parts(mask, x), others = split_parts(opposite(mask), x);
            CHECK(parts.kept.size(1) == kept_count(mask, n));
            CHECK(parts.kept.size(1) + parts.rest.size(1) == n);
            CHECK(largest(join(mask, parts) - x) == 0);
            if (n % 2 == 0 || mask == Mask::even || mask == Mask::odd)
                CHECK(largest(others.rest - parts.kept) == 0);
        }
    }
    const Tensor black = kept_squares(Mask::black, 2, 3, cpu);
    CHECK(black.to_vector() == std::vector<double>{1, 0, 1, 0, 1, 0});
    CHECK(kept_squares(Mask::white, 2, 3, cpu).to_vector() ==
          std::vector<double>{0, 1, 0, 1, 0, 1});
    CHECK(message_of([] { kept_count(Mask::even, 1); }).find("at least two") != std::string::npos);
    CHECK(message_of([&] {
              coupling(Mask::black, std::make_unique<Affine>(), 4, {}, generator);
          }).find("checkerboard") != std::string::npos);
}

TEST_CASE("a coupling keeps its half, or its squares of a checkerboard, unchanged") {
    Generator generator(3);
    for (const Mask mask : {Mask::first_half, Mask::black, Mask::white}) {
        auto layer = image_coupling(mask, std::make_unique<RationalQuadratic>(), 2, 8, generator);
        disturb(*layer, generator);
        const Tensor x = randn({2, 2, 4, 6}, doubles, generator), y = layer->transform(x).z;
        const Tensor moved = ne(x, y);
        if (is_checkerboard(mask)) {
            const Tensor kept = expand(kept_squares(mask, 4, 6, cpu), x.shape());
            CHECK(sum(logical_and(kept, moved)).item() == 0);
            CHECK(sum(moved).item() > 40);
        } else {
            CHECK(sum(narrow(moved, 1, 0, 1)).item() == 0);
            CHECK(sum(narrow(moved, 1, 1, 1)).item() > 40);
        }
        CHECK(largest(layer->inverse(y).z - x) < 1e-12);
    }
}

TEST_CASE(
    "splines: identity for parameters 0 and outside of the bound, monotone, derivative by "
    "autodiff, inverse to rounding") {
    Generator generator(4);
    for (const std::int64_t bins : {1, 2, 8}) {
        CAPTURE(bins);
        const RationalQuadratic spline({.bins = bins, .bound = 3});
        const Tensor x =
            concat({linspace(-4, 4, 801, doubles), tensor({-3, 3, -1e6, 1e6}, {4}, doubles)})
                .requires_grad_();
        const Tensor points = unsqueeze(x, 1);  // [805, 1]
        const ElementwiseBijector::Output identity =
            spline.forward(points, zeros({805, spline.parameters()}, doubles));
        CHECK(largest(identity.y - points) < 1e-13);
        CHECK(largest(identity.log_derivative) < 1e-13);

        const Tensor theta = expand(randn({1, spline.parameters()}, doubles, generator) * 2.0,
                                    {805, spline.parameters()});
        const ElementwiseBijector::Output moved = spline.forward(points, theta);
        const Tensor slope = grad(sum(moved.y), {x})[0];
        CHECK(largest(log(slope) - select(moved.log_derivative, 1, 0)) < 1e-11);
        const Tensor line = narrow(select(detach(moved.y), 1, 0), 0, 0, 801);
        CHECK(min(narrow(line, 0, 1, 800) - narrow(line, 0, 0, 800)).item() > 0);
        CHECK(largest(where(abs(points) >= 3.0, moved.y - points, zeros_like(points))) < 1e-12);
        const ElementwiseBijector::Output back = spline.inverse(moved.y, theta);
        CHECK(largest(back.y - points) < 1e-9);
        CHECK(largest(back.log_derivative + moved.log_derivative) < 1e-7);
    }
    CHECK_THROWS_AS(RationalQuadratic({.bins = 0}), Error);
    CHECK_THROWS_AS(RationalQuadratic({.bound = -1}), Error);
    CHECK_THROWS_AS(RationalQuadratic({.bins = 2000}), Error);
}

TEST_CASE("MADE: output i depends on inputs before i, and on all of them") {
    Generator generator(5);
    for (const std::int64_t dim : {1, 2, 5}) {
        Made made(dim, 2, 32, 2, generator);
        disturb(made, generator);
        const Tensor J =
            select(jacobian([&](const Tensor& x) { return narrow(made(x, {}), 1, dim, dim); },
                            randn({1, dim}, doubles, generator)),
                   0, 0);
        for (std::int64_t i = 0; i < dim; ++i)
            for (std::int64_t j = 0; j < dim; ++j)
                CHECK((select(select(J, 0, i), 0, j).item() != 0) == (j < i));
    }
}

TEST_CASE(
    "actnorm: the first batch in training comes out with mean 0 and variance 1, once, in either "
    "direction") {
    Generator generator(6);
    for (const bool forwards : {true, false}) {
        for (const Shape& shape : {Shape{200, 3}, Shape{20, 3, 4, 5}}) {
            ActNorm norm(3);
            norm.to(f64);
            const Tensor x = randn(shape, doubles, generator) * 3.0 + 7.0;
            const auto pass = [&](const Tensor& at) {
                return forwards ? norm.transform(at) : norm.inverse(at);
            };
            norm.eval();
            CHECK(largest(pass(x).z - x) == 0);  // not in evaluation
            norm.train();
            const Tensor y = detach(pass(x).z);
            const Dims dims = shape.rank() == 2 ? Dims{0} : Dims{0, 2, 3};
            CHECK(largest(mean(y, dims)) < 1e-6);
            CHECK(largest(var(y, dims, false, 0) - 1.0) < 1e-5);
            CHECK(largest(pass(x * 2.0).z - y) > 0.1);  // not again
            ActNorm loaded(3);
            loaded.to(f64);
            loaded.load_state_dict(norm.state_dict());
            CHECK(largest((forwards ? loaded.transform(x) : loaded.inverse(x)).z - y) == 0);
        }
    }
}

TEST_CASE("invertible linear maps start as a rotation, on points and on the channels of images") {
    Generator generator(7);
    InvertibleLinear linear(6, generator);
    linear.to(f64);
    const Tensor z = randn({5, 6}, doubles, generator);
    CHECK(largest(sum(square(linear.transform(z).z), {1}) - sum(square(z), {1})) < 1e-5);
    CHECK(largest(linear.transform(z).log_det) < 1e-6);
    disturb(linear, generator);
    const Tensor image = randn({2, 6, 3, 4}, doubles, generator);
    const Transformed there = linear.transform(image);
    CHECK(largest(linear.inverse(there.z).z - image) < 1e-11);
    CHECK(there.log_det.to_vector()[0] ==
          doctest::Approx(12 * linear.transform(z).log_det.to_vector()[0]));
    const Tensor pixel = reshape(select(select(permute(image, {0, 2, 3, 1}), 0, 1), 0, 2), {4, 6});
    CHECK(largest(linear.transform(pixel).z -
                  reshape(select(select(permute(there.z, {0, 2, 3, 1}), 0, 1), 0, 2), {4, 6})) <
          1e-13);
}

TEST_CASE(
    "images: log |det| of RealNVP and Glow over scales is slogdet of the Jacobian, and they are "
    "undone") {
    Generator generator(8);
    for (const bool is_glow : {false, true}) {
        const ImageFlowOptions options{
            .channels = 1, .height = 4, .width = 8, .levels = 2, .steps = 2, .filters = 6};
        const auto flow = is_glow ? glow(options, generator) : realnvp(options, generator);
        flow->eval();
        disturb(*flow, generator, 0.2);
        const Tensor z = randn({2, 32}, doubles, generator);
        const Transformed there = flow->transform(z), back = flow->inverse(there.z);
        CHECK(there.z.shape() == Shape{2, 1, 4, 8});
        CHECK(largest(back.z - z) < 1e-9);
        CHECK(largest(back.log_det + there.log_det) < 1e-9);
        CHECK(largest(there.log_det - log_det_by_jacobian(*flow, z)) < 1e-9);
    }
    // At its full size, in f32.
    for (const bool is_glow : {false, true}) {
        const auto flow = is_glow ? glow({.steps = 2, .filters = 8}, generator)
                                  : realnvp({.steps = 1, .filters = 8}, generator);
        const Tensor x =
            dequantise(to(randint(0, 256, {3, 1, 28, 28}, generator), f32), 256, generator).y;
        const NoGrad guard;
        const Transformed back = flow->inverse(x);
        CHECK(back.z.shape() == Shape{3, 784});
        CHECK(largest(flow->transform(back.z).z - x) < 1e-4);
        CHECK(largest(NormalBase(Shape{784}).log_prob(back.z) + back.log_det) > 0);
    }
    CHECK(message_of([&] {
              glow({.height = 14, .width = 14}, generator);
          }).find("odd height or width") != std::string::npos);
    CHECK(message_of([&] { realnvp({.levels = 0}, generator); }).find("0 levels") !=
          std::string::npos);
    const auto flow = glow({.height = 8, .width = 8, .steps = 1, .filters = 4}, generator);
    CHECK(message_of([&] { flow->transform(zeros({2, 63})); }).find("64") != std::string::npos);
    CHECK(message_of([&] {
              flow->inverse(full({2, 1, 4, 4}, 0.5));
          }).find("multiscale") != std::string::npos);
}

TEST_CASE("exact likelihood: RealNVP and splines come near the entropy of two moons") {
    const data::Toy moons = data::moons();
    for (const char* name : {"realnvp", "spline"}) {
        Generator generator(11);
        FlowDistribution q(std::make_unique<NormalBase>(Shape{2}),
                           make_flow(name, {.dim = 2, .k = 6, .width = 32}, generator));
        nn::Adam adam(q.parameters(), {.lr = 5e-3});
        for (int step = 0; step < 400; ++step) {
            adam.zero_grad();
            backward(q.forward_kl(moons.sample(256, generator)));
            adam.step();
        }
        const NoGrad guard;
        const Tensor x = moons.sample(4000, generator);
        const double entropy = -mean(moons.log_density(x)).item(), nll = q.forward_kl(x).item();
        CHECK(nll > entropy);
        CHECK(nll < entropy + 0.25);
    }
}

TEST_CASE("pixels: logit, dequantisation and bits per dimension") {
    Generator generator(9);
    Logit logit;
    const Tensor x = rand({5, 3}, doubles, generator);
    const Transformed back = logit.inverse(x);
    CHECK(largest(logit.transform(back.z).z - x) < 1e-14);
    CHECK(largest(back.log_det -
                  slogdet(jacobian([&](const Tensor& at) { return logit.inverse(at).z; }, x))
                      .logabsdet) < 1e-11);
    CHECK(all(isfinite(logit.inverse(tensor({0, 1}, {1, 2})).z)).item() == 1);
    CHECK(message_of([&] {
              logit.inverse(full({1, 1}, 2.0));
          }).find("[0, 1]") != std::string::npos);
    CHECK_THROWS_AS(Logit(0.5), Error);

    // Noise of 256 levels costs 8 bits a pixel under the uniform density: the vector of section 4.
    const Tensor levels = to(randint(0, 256, {10, 1, 4, 4}, generator), f32);
    const Dequantised uniform = dequantise(levels, 256, generator);
    CHECK(largest(floor(uniform.y * 256.0) - levels) == 0);
    CHECK(max(uniform.y).item() < 1);
    // u within 2^-17 of 1 among them: not rounded up
    const Dequantised white = dequantise(full({2, 500'000}, 255), 256, generator);
    CHECK(max(white.y).item() < 1);
    CHECK(min(white.y).item() == doctest::Approx(255.0 / 256).epsilon(1e-6));
    CHECK(largest(metrics::bits_per_dim(
                      UniformBase(Shape{1, 4, 4}).log_prob(uniform.y) - uniform.log_q, 16) -
                  8.0) == 0);
    // Of a Gaussian density of y: the closed form.
    CHECK(metrics::bits_per_dim(tensor({-2.5}), 2, 1).item() ==
          doctest::Approx(2.5 / 2 / std::numbers::ln2));
    CHECK(message_of([&] { dequantise(levels / 255.0, 256, generator); }).find("integers") !=
          std::string::npos);
    CHECK_THROWS_AS(dequantise(levels, 1, generator), Error);
}

TEST_CASE("variational dequantisation: a bound on the exact probability, q a density on the cell") {
    // Two levels, one pixel, y ~ density 2 y: P(0) = 1/4, P(1) = 3/4.
    Generator generator(10);
    VariationalDequantisation q(
        disturbed("maf", {.dim = 1, .k = 2, .width = 8, .context = 1}, generator), 2);
    q.to(f64);
    const std::int64_t n = 100'000;
    const NoGrad guard;
    for (const double level : {0.0, 1.0}) {
        const Tensor x = full({n, 1}, level, doubles);
        const Dequantised drawn = q(x, generator);
        CHECK(largest(floor(drawn.y * 2.0) - x) == 0);
        const Tensor log_w = log(2.0 * select(drawn.y, 1, 0)) - drawn.log_q - std::log(2);
        const double exact = level == 0 ? 0.25 : 0.75;
        CHECK(mean(log_w).item() < std::log(exact));
        CHECK(mean(exp(log_w)).item() == doctest::Approx(exact).epsilon(0.02));
    }
    CHECK_THROWS_AS(q(full({1, 1}, 2.0, doubles), generator), Error);
}
