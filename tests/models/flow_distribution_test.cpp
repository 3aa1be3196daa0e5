// N3, N5 and maximum likelihood: base distributions, and what a flow makes of them.
#include "autograd/engine.h"
#include "autograd/ops/elementwise/cast.h"
#include "models/flow/distribution.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "models/flow/planar.h"
#include "models/flow/target.h"
#include "models/distributions/estimate.h"
#include "nn/functional_call.h"
#include "nn/optim/optimizer.h"
#include "tests/files.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

namespace {

FlowDistribution with_normal(std::unique_ptr<Bijector> flow, std::int64_t dim) {
    return {std::make_unique<NormalBase>(Shape{dim}), std::move(flow)};
}

Tensor square_grid(double half, std::int64_t n) {
    const Tensor line = linspace(-half, half, n, doubles);
    return stack({flatten(expand(unsqueeze(line, 1), {n, n}), 0),
                  flatten(expand(unsqueeze(line, 0), {n, n}), 0)},
                 1);
}
double cell(double half, std::int64_t n) {
    return std::pow(2 * half / static_cast<double>(n - 1), 2);
}

}  // namespace

TEST_CASE("base distributions: densities in closed form, samples that follow them") {
    Generator generator(1);
    NormalBase normal(Shape{2}, true);
    CHECK(normal.parameters().size() == 2);
    CHECK(NormalBase(Shape{2}).parameters().empty());
    normal.to(f64);
    {
        const NoGrad guard;
        normal.mu.copy_(tensor({1, -2}));
        normal.log_var.copy_(tensor({0.5, -1}));
    }
    const double at = -0.5 * (2 * std::log(2 * std::numbers::pi) + 0.5 - 1 + 1 * std::exp(-0.5) +
                              4 * std::exp(1.0));
    CHECK(normal.log_prob(zeros({1, 2}, doubles)).item() == doctest::Approx(at));
    const Tensor z = detach(normal.sample(100'000, generator));
    CHECK(largest(mean(z, {0}) - tensor({1, -2}, {2}, doubles)) < 0.03);
    CHECK(largest(log(var(z, {0})) - tensor({0.5, -1}, {2}, doubles)) < 0.03);

    MixtureBase mixture(3, 2, generator);
    CHECK(mixture.parameters().size() == 3);
    mixture.to(f64);
    {
        const NoGrad guard;
        mixture.logit.copy_(tensor({std::log(0.5), std::log(0.3), std::log(0.2)}));
        mixture.mu.copy_(tensor({0, 0, 10, 0, 0, 20}, {3, 2}));
        mixture.log_var.copy_(tensor({0, 0, -1, -1, 1, -2}, {3, 2}));
    }
    const double of_first = std::log(0.5) - std::log(2 * std::numbers::pi);
    const double of_third = std::log(0.2) - std::log(2 * std::numbers::pi) + 0.5;
    CHECK(largest(mixture.log_prob(tensor({0, 0, 0, 20}, {2, 2}, doubles)) -
                  tensor({of_first, of_third}, {2}, doubles)) < 1e-6);
    const Tensor few = detach(mixture.sample(20'000, generator)), far = select(few, 1, 0) > 5.0;
    CHECK(mean(to(far, f64)).item() == doctest::Approx(0.3).epsilon(0.05));
    CHECK(mean(to(select(few, 1, 1) > 10.0, f64)).item() == doctest::Approx(0.2).epsilon(0.05));
    CHECK(var(masked_select(select(few, 1, 0), far)).item() ==
          doctest::Approx(std::exp(-1)).epsilon(0.1));
    CHECK(message_of([&] { mixture.log_prob(zeros({3}, doubles)); }).find("[2]") !=
          std::string::npos);
    CHECK(message_of([&] { MixtureBase(0, 2, generator); }).find("got 0 and 2") !=
          std::string::npos);

    UniformBase box(tensor({-1, 0}), tensor({1, 4}));
    const Tensor at_points = box.log_prob(tensor({0, 1, -1, 0, 0.5, 5, 1, 1}, {4, 2}));
    CHECK(largest(narrow(at_points, 0, 0, 2) + std::log(8)) < 1e-6);
    CHECK(narrow(at_points, 0, 2, 2).to_vector() == std::vector<double>{-INFINITY, -INFINITY});
    CHECK(min(box.log_prob(box.sample(1000, generator))).item() > -3);
    CHECK(largest(UniformBase(Shape{3}).log_prob(rand({5, 3}, generator))) == 0);
    CHECK(message_of([] { UniformBase(tensor({1.0}), tensor({1.0})); }).find("below its high") !=
          std::string::npos);
    CHECK(message_of([&] { box.log_prob(zeros({3})); }).find("[2]") != std::string::npos);
    CHECK(message_of([&] { normal.sample(-1, generator); }).find("-1") != std::string::npos);
}

TEST_CASE("N3: the integral of q_K is 1, and both forms of its density agree") {
    Generator generator(2);
    for (const std::string name : {"planar", "radial", "realnvp", "spline", "maf"}) {
        CAPTURE(name);
        FlowDistribution q =
            with_normal(disturbed(name, {.dim = 2, .k = 4, .width = 8}, generator, 0.2), 2);
        q.to(f64);
        const NoGrad guard;
        CHECK(std::abs(sum(exp(q.log_prob(square_grid(8, 401)))).item() * cell(8, 401) - 1) < 1e-4);
        const Drawn drawn = q.sample_with_log_prob(100, generator);
        CHECK(largest(q.log_prob(drawn.z) - drawn.log_prob) < 1e-10);
    }
}

TEST_CASE("N5: expectations under q_K need base samples, and no log-determinant") {
    Generator generator(3);
    FlowDistribution q = with_normal(disturbed("planar", {.dim = 2, .k = 8}, generator, 0.6), 2);
    q.to(f64);
    const NoGrad guard;
    const auto h = [](const Tensor& z) { return sum(square(z), {1}) + sin(select(z, 1, 0)); };
    models::Estimate estimate;
    estimate.add(q.expectation(h, 200'000, generator));
    const Tensor grid = square_grid(10, 301);
    const double by_quadrature = sum(exp(q.log_prob(grid)) * h(grid)).item() * cell(10, 301);
    CHECK(std::abs(estimate.mean() - by_quadrature) < 4 * estimate.standard_error());

    // Ops leave a trace: each allocates its result. Those of a sample by hand, and no more.
    auto& flow = dynamic_cast<Composition&>(q.flow());
    CachingAllocator& allocator = allocator_of(cpu);
    const auto allocations = [&](const auto& f) {
        const std::uint64_t before = allocator.stats().allocations;
        f();
        return allocator.stats().allocations - before;
    };
    const std::uint64_t here = allocations([&] { q.expectation(h, 50, generator); });
    const std::uint64_t by_hand = allocations([&] {
        Tensor z = q.base().sample(50, generator);
        for (std::int64_t k = 0; k < flow.size(); ++k) {
            const PlanarMap f = dynamic_cast<Planar&>(flow.layer(k)).parameters_for(z);
            z = addcmul(z, unsqueeze(planar_activation(f, z), 1), f.u_hat);
        }
        h(z);
    });
    const std::uint64_t with_determinants =
        allocations([&] { h(q.sample_with_log_prob(50, generator).z); });
    CHECK(here == by_hand);
    CHECK(with_determinants >= here + 2 * 8);
}

TEST_CASE("forward KL: planar flows learn by maximum likelihood, through their inverse") {
    Generator generator(4);
    // Data: N(0, I) through a planar flow that is known, so that the entropy is, too.
    FlowDistribution truth =
        with_normal(disturbed("planar", {.dim = 2, .k = 1}, generator, 0.9), 2);
    truth.to(f64);
    const Tensor x = detach(truth.sample(600, generator));
    FlowDistribution q = with_normal(make_flow("planar", {.dim = 2, .k = 2}, generator), 2);
    q.to(f64);
    nn::Adam adam(q.parameters(), {.lr = 3e-2});
    const double before = q.forward_kl(x).item();
    for (int step = 0; step < 150; ++step) {
        adam.zero_grad();
        backward(q.forward_kl(x));
        adam.step();
    }
    const double after = q.forward_kl(x).item(), best = truth.forward_kl(x).item();
    CHECK(after < best + 0.04);
    CHECK(after < before - 0.5 * (before - best));
}

TEST_CASE(
    "reverse KL: both gradients are those of the divergence, and the path's is 0 where q = p") {
    Generator generator(5);
    FlowDistribution p =
        with_normal(disturbed("realnvp", {.dim = 2, .k = 2, .width = 8}, generator), 2);
    p.to(f64);
    const auto at_truth = [&](Gradient kind) {
        Generator same(6);
        p.zero_grad();
        const auto energy = [&](const Tensor& z) {
            const nn::Frozen fixed(p);
            return -p.log_prob(z);
        };
        backward(p.reverse_kl(energy, 64, same, kind));
        double size = 0;
        for (const Tensor& w : p.parameters())
            size = std::max(size, w.grad().defined() ? largest(w.grad()) : 0.0);
        return size;
    };
    CHECK(at_truth(Gradient::path) < 1e-12);  // sticks the landing
    CHECK(at_truth(Gradient::total) > 1e-3);  // noise

    // Elsewhere the two have one mean: that of the Gaussian N(mu, 1) against N(0, 1), where d KL /
    // d mu = mu.
    for (const Gradient kind : {Gradient::total, Gradient::path}) {
        auto shifted = std::make_unique<Composition>();
        FlowDistribution q(std::make_unique<NormalBase>(Shape{1}, true), std::move(shifted));
        q.to(f64);
        auto& base = dynamic_cast<NormalBase&>(q.base());
        {
            const NoGrad guard;
            base.mu.fill_(0.7);
        }
        const Tensor loss = q.reverse_kl([](const Tensor& z) { return sum(square(z), {1}) * 0.5; },
                                         200'000, generator, kind);
        backward(loss);
        CHECK(loss.item() ==
              doctest::Approx(0.5 * 0.49 - 0.5 * std::log(2 * std::numbers::pi)).epsilon(0.02));
        CHECK(base.mu.grad().item() == doctest::Approx(0.7).epsilon(0.02));
        CHECK(std::abs(base.log_var.grad().item()) < 0.02);
    }
}

TEST_CASE("N16: on U1 the divergence falls with K") {
    const Energy& target = energy("U1");
    std::vector<double> found;
    for (const std::int64_t K : {0, 2, 8}) {
        Generator generator(7);
        auto flow = K == 0 ? std::make_unique<Composition>()
                           : make_flow("planar", {.dim = 2, .k = K}, generator);
        FlowDistribution q(std::make_unique<NormalBase>(Shape{2}, true), std::move(flow));
        nn::Adam adam(q.parameters(), {.lr = 1e-2});
        for (int step = 0; step < 1500; ++step) {
            adam.zero_grad();
            const double beta = std::min(1.0, 0.01 + step / 1000.0);  // annealed, or a mode is lost
            backward(q.reverse_kl([&](const Tensor& z) { return beta * target.energy(z); }, 128,
                                  generator));
            adam.step();
        }
        const NoGrad guard;
        found.push_back(q.reverse_kl(target.energy, 20'000, generator).item() + target.log_z);
        const Drawn drawn = q.sample_with_log_prob(20'000, generator);
        const Importance weighed = importance(-target.energy(drawn.z) - drawn.log_prob);
        CHECK(weighed.effective_share > 0);
        CHECK(weighed.effective_share <= 1);
        if (K == 8) CHECK(std::abs(weighed.log_z - target.log_z) < 0.1);
    }
    CHECK(found[2] > 0);
    CHECK(found[1] < found[0] - 0.2);
    CHECK(found[2] < found[1] - 0.05);
}

TEST_CASE("importance: equal weights are worth all samples, one of n is worth one") {
    CHECK(importance(full({10}, -3.0, doubles)).effective_share == doctest::Approx(1));
    CHECK(importance(full({10}, -3.0, doubles)).log_z == doctest::Approx(-3));
    CHECK(importance(tensor({0, -1000, -1000, -1000}, {4}, doubles)).effective_share ==
          doctest::Approx(0.25));
    CHECK_THROWS_AS(importance(zeros({0})), Error);
}
