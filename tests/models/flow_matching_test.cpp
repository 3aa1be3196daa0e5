// Continuous flows by flow matching (Lipman et al. 2023), and the equations they solve.
#include "models/flow/flow_matching.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/gradcheck.h"
#include "models/flow/continuous.h"
#include "models/flow/distribution.h"
#include "models/flow/transport.h"
#include "nn/optim/optimizer.h"
#include "tests/files.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

namespace {

// v(x, t) = A x + t b
struct Linear final : Velocity {
    Tensor A, b;
    Linear(Tensor a, Tensor shift) : A(std::move(a)), b(std::move(shift)) {
        add_parameter("A", A);
        add_parameter("b", b);
    }
    Tensor operator()(const Tensor& x, const Tensor& t) override {
        return matmul(x, transpose(A)) + unsqueeze(t, 1) * b;
    }
};

double cost_of(const Tensor& x0, const Tensor& x1, const Tensor& order) {
    return sum(square(index_select(x0, 0, order) - x1)).item();
}

}  // namespace

TEST_CASE("solve_ode: fields that depend on the time are evaluated at the times of the method") {
    const OdeField slope = [](double t, const Tensor& y) { return full_like(y, 2 * t); };
    const auto end = [&](OdeMethod method) {
        return solve_ode(slope, zeros({1}, doubles), 1, 3, {.method = method, .steps = 4}).y.item();
    };
    CHECK(end(OdeMethod::euler) == doctest::Approx(8 - 1).epsilon(1e-14));  // the sum of h 2 t
    CHECK(end(OdeMethod::heun) == doctest::Approx(8).epsilon(1e-14));
    CHECK(end(OdeMethod::rk45) == doctest::Approx(8).epsilon(1e-12));
}

TEST_CASE("solve_ode: every method has its order, both ways, and rk45 keeps to its tolerance") {
    // y' = (-y1, y0) turns by one radian.
    const OdeField turn = [](double, const Tensor& y) {
        return stack({-select(y, 0, 1), select(y, 0, 0)});
    };
    const Tensor start = tensor({1, 0}, {2}, doubles);
    const Tensor end = tensor({std::cos(1), std::sin(1)}, {2}, doubles);
    const auto error = [&](OdeMethod method, std::int64_t steps) {
        return largest(solve_ode(turn, start, 0, 1, {.method = method, .steps = steps}).y - end);
    };
    CHECK(std::log2(error(OdeMethod::euler, 40) / error(OdeMethod::euler, 80)) ==
          doctest::Approx(1).epsilon(0.05));
    CHECK(std::log2(error(OdeMethod::heun, 40) / error(OdeMethod::heun, 80)) ==
          doctest::Approx(2).epsilon(0.05));
    for (const double tolerance : {1e-4, 1e-7, 1e-11}) {
        const OdeOptions options{.relative = tolerance, .absolute = tolerance};
        CHECK(largest(solve_ode(turn, start, 0, 1, options).y - end) < 10 * tolerance);
        CHECK(largest(solve_ode(turn, end, 1, 0, options).y - start) < 10 * tolerance);
    }
    const auto cost = [&](double tolerance) {
        return solve_ode(turn, start, 0, 1, {.relative = tolerance, .absolute = tolerance})
            .evaluations;
    };
    CHECK(cost(1e-11) > 2 * cost(1e-4));
    // Of order 5: time alone, t^4, is integrated exactly.
    const OdeField quartic = [](double t, const Tensor& y) {
        return full_like(y, 5 * t * t * t * t);
    };
    CHECK(std::abs(solve_ode(quartic, zeros({1}, doubles), 0, 2).y.item() - 32) < 1e-12);
    CHECK(solve_ode(turn, start, 0.5, 0.5).evaluations == 0);
    CHECK(ode_method("heun") == OdeMethod::heun);
    CHECK(message_of([] { ode_method("rk4"); }).find("euler, heun or rk45") != std::string::npos);
    CHECK(message_of([&] {
              solve_ode(turn, start, 0, 1, {.method = OdeMethod::euler, .steps = 0});
          }).find("step") != std::string::npos);
    CHECK(message_of([&] {
              solve_ode(turn, start, 0, 1e4, {.most_steps = 5});
          }).find("tolerances") != std::string::npos);
    const OdeField explosion = [](double, const Tensor& y) { return square(y); };
    CHECK_THROWS_AS(solve_ode(explosion, ones({1}, doubles), 0, 2), Error);
}

TEST_CASE("continuous flows: log |det| is the integral of the trace, and slogdet of the Jacobian") {
    const Tensor A = tensor({.3, -.7, .5, -.4}, {2, 2}, doubles), b = tensor({1, -2}, {2}, doubles);
    Generator generator(1);
    const OdeOptions precise{.relative = 1e-12, .absolute = 1e-12};
    ContinuousFlow linear(std::make_unique<Linear>(A, b), precise);
    const Tensor z = randn({4, 2}, doubles, generator);
    CHECK(largest(detach(linear.transform(z).log_det) - trace(detach(A))) < 1e-11);

    for (const std::int64_t dim : {1, 2, 5}) {
        ContinuousFlow flow(std::make_unique<VelocityMlp>(dim, 16, 2, generator), precise);
        flow.to(f64);
        const Tensor x = randn({3, dim}, doubles, generator);
        const NoGrad guard;
        const Transformed there = flow.transform(x), back = flow.inverse(there.z);
        CHECK(!there.z.requires_grad());
        CHECK(flow.evaluations() > 6);
        CHECK(largest(back.z - x) < 1e-9);
        CHECK(largest(back.log_det + there.log_det) < 1e-9);
        CHECK(largest(flow.map(x) - there.z) < 1e-9);
        const GradMode on(true);
        const Tensor J = jacobian([&](const Tensor& at) { return flow.map(at); }, x);
        CHECK(largest(there.log_det - slogdet(J).logabsdet) < 1e-8);
    }
    // Recorded, it is differentiable, the trace, too.
    ContinuousFlow flow(std::make_unique<VelocityMlp>(2, 4, 1, generator),
                        {.method = OdeMethod::heun, .steps = 2});
    flow.to(f64);
    std::vector<Tensor> inputs{randn({2, 2}, doubles, generator).requires_grad_()};
    for (const Tensor& p : flow.parameters()) inputs.push_back(p);
    CHECK_NOTHROW(
        gradcheck([&](const std::vector<Tensor>& in) { return flow.transform(in[0]).log_det; },
                  inputs, {.name = "trace"}));
}

TEST_CASE("flow matching: the regression's optimum is the velocity of the marginal path") {
    // Noise N(0, 1) to data N(m, s^2), independent: v(x, t) = m + (t s^2 - (1 - t)) / ((1 - t)^2 +
    // t^2 s^2) (x - t m) carries the one to the other.
    struct Exact final : Velocity {
        double m = 1.5, s = 0.5, off = 0;
        Tensor operator()(const Tensor& x, const Tensor& t) override {
            const Tensor time = unsqueeze(t, 1);
            const Tensor spread = square(1.0 - time) + square(time) * (s * s);
            return m + (time * (s * s) - (1.0 - time)) / spread * (x - time * m) + off;
        }
    };
    Generator generator(2);
    const std::int64_t n = 200'000;
    const Tensor x0 = randn({n, 1}, doubles, generator);
    const Tensor x1 = 1.5 + 0.5 * randn({n, 1}, doubles, generator);
    const Tensor t = rand({n}, doubles, generator);
    const auto loss = [&](double off) {
        Exact v;
        v.off = off;
        return mean(flow_matching_loss(v, x0, x1, t)).item();
    };
    // least where it is exact, and then |v - v*|^2 more
    CHECK(loss(0.1) - loss(0) == doctest::Approx(0.01).epsilon(0.15));
    CHECK(loss(-0.1) - loss(0) == doctest::Approx(0.01).epsilon(0.15));
    const OdeOptions precise{.relative = 1e-9, .absolute = 1e-9};
    FlowDistribution q(std::make_unique<NormalBase>(Shape{1}),
                       std::make_unique<ContinuousFlow>(std::make_unique<Exact>(), precise));
    q.to(f64);
    const Tensor x = linspace(0, 3, 7, doubles);
    const NoGrad guard;
    const Tensor expected =
        square((x - 1.5) / 0.5) * -0.5 - std::log(0.5) - 0.5 * std::log(2 * M_PI);
    CHECK(largest(q.log_prob(reshape(x, {7, 1})) - expected) < 1e-6);
    Exact v;
    CHECK(mean(flow_matching_loss(v, x0, x1, t, 0.1)).item() != loss(0));  // sigma_min matters
    CHECK(message_of([&] { flow_matching_loss(v, x0, x1, t, 1); }).find("sigma_min") !=
          std::string::npos);
    CHECK(message_of([&] {
              flow_matching_loss(v, x0, narrow(x1, 0, 0, 5), t);
          }).find("one shape") != std::string::npos);
}

TEST_CASE("optimal transport within the batch: the least of all orders, sorted on the line") {
    Generator generator(3);
    for (int repeat = 0; repeat < 20; ++repeat) {
        const Tensor x0 = randn({6, 2}, doubles, generator), x1 = randn({6, 2}, doubles, generator);
        const Tensor order = transport_order(x0, x1);
        std::vector<double> places(6);
        std::iota(places.begin(), places.end(), 0.0);
        double least = INFINITY;
        do least = std::min(least, cost_of(x0, x1, tensor(places, {6}, {.dtype = i64})));
        while (std::next_permutation(places.begin(), places.end()));
        CHECK(cost_of(x0, x1, order) == doctest::Approx(least).epsilon(1e-12));
    }
    const Tensor a = randn({100, 1}, generator), b = randn({100, 1}, generator);
    const Tensor matched = index_select(a, 0, transport_order(a, b));
    CHECK(largest(index_select(matched, 0, select(argsort(b, 0), 1, 0)) - sort(a, 0).values) == 0);
    CHECK(transport_order(zeros({0, 2}), zeros({0, 2})).numel() == 0);
    CHECK_THROWS_AS(transport_order(zeros({3, 2}), zeros({4, 2})), Error);
    CHECK_THROWS_AS(transport_order(full({1, 1}, NAN), ones({1, 1})), Error);
}

TEST_CASE("flow matching learns a mixture on the line") {
    Generator generator(4);
    auto owned = std::make_unique<VelocityMlp>(1, 48, 2, generator);
    VelocityMlp& velocity = *owned;
    const OdeOptions heun{.method = OdeMethod::heun, .steps = 30};
    FlowDistribution q(std::make_unique<NormalBase>(Shape{1}),
                       std::make_unique<ContinuousFlow>(std::move(owned), heun));
    nn::Adam adam(velocity.parameters(), {.lr = 5e-3});
    const auto data = [&](std::int64_t n) {
        return 0.4 * randn({n, 1}, generator) + 3.0 * bernoulli(0.5, {n, 1}, {}, generator) - 1.5;
    };
    for (int step = 0; step < 400; ++step) {
        const Tensor x1 = data(128), x0 = randn({128, 1}, generator);
        adam.zero_grad();
        backward(mean(flow_matching_loss(velocity, index_select(x0, 0, transport_order(x0, x1)), x1,
                                         rand({128}, generator))));
        adam.step();
    }
    const NoGrad guard;
    // the halves hardly overlap
    const double entropy = std::log(2) + 0.5 * (1 + std::log(2 * M_PI * 0.16));
    CHECK(q.forward_kl(data(2000)).item() < entropy + 0.15);
    CHECK(q.forward_kl(data(2000)).item() > entropy - 0.1);
}
