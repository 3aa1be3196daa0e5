// The family "flow": presets and combinations of options; evaluation changes nothing; a state that
// is loaded continues bitwise; it learns.
#include "autograd/ops/elementwise/cast.h"
#include "experiments/flow/flow.h"

#include <cmath>
#include <doctest/doctest.h>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "experiments/flow/model.h"
#include "experiments/vae/vae.h"
#include "models/vae/network.h"
#include "tensor/create.h"
#include "tests/cli/tiny_data.h"
#include "tests/experiments/family_options.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

Config config_of(const Given& given) { return test::config_of(flow_family(), given); }
std::unique_ptr<Task> task_of(const Given& given) { return flow_family().make(config_of(given)); }

using Text = std::string;
using Whole = std::int64_t;

// Small, with options that the flow has.
Given small(const std::string& flow, const std::string& target) {
    Given given{{"flow", flow}, {"target", target}, {"batch", Whole{16}}, {"steps", Whole{20}}};
    if (flow != "cfm") given.push_back({"k", Whole{3}});
    if (flow != "planar" && flow != "radial") given.push_back({"width", Whole{8}});
    return given;
}
Given small_images(const TempFolder& data, const std::string& flow) {
    return {{"flow", flow},      {"target", Text("mnist")}, {"data-dir", data.path().string()},
            {"k", Whole{1}},     {"width", Whole{4}},       {"batch", Whole{8}},
            {"steps", Whole{20}}};
}
Given with(Given given, const Given& more) {
    given.insert(given.end(), more.begin(), more.end());
    return given;
}
std::vector<Given> small_runs(const TempFolder& data) {
    return {small("planar", "U1"),
            with(small("radial", "U4"), {{"stl", true}, {"reversible", true}}),
            with(small("glow", "moons"), {{"ema", 0.9}, {"reversible", true}}),
            small("planar", "pinwheel"),
            small("spline", "checkerboard"),
            with(small("realnvp", "ring8"), {{"base", Text("mixture")}, {"noise", 0.5}}),
            with(small("cfm", "moons"), {{"ot", true}}),
            small_images(data, "glow"),
            small_images(data, "realnvp")};
}

}  // namespace

TEST_CASE("flow: pictures, samples and evaluation change nothing that is trained") {
    TempFolder data;
    put_tiny_data(data);
    for (const Given& given : small_runs(data)) {
        const auto evaluated = task_of(given), left_alone = task_of(given);
        check_evaluation_changes_nothing(*evaluated, *left_alone, 2);
    }
}

TEST_CASE("flow: a state that is loaded continues bitwise") {
    TempFolder data;
    put_tiny_data(data);
    for (const Given& given : small_runs(data)) {
        const auto whole = task_of(given), first = task_of(given), second = task_of(given);
        for (std::int64_t step = 0; step < 9; ++step) whole->step(step);
        for (std::int64_t step = 0; step < 5; ++step) first->step(step);
        second->load_state(first->state());
        for (std::int64_t step = 5; step < 9; ++step) second->step(step);
        CHECK(same_state(*whole, *second));
    }
}

TEST_CASE("flow: the densities of the layers add up to that of the whole") {
    for (const char* name : {"planar", "glow", "cfm"}) {
        Generator init(1), generator(2);
        flow::Model model =
            flow::make_model(flow::Settings::of(config_of(small(name, "moons"))), init);
        const NoGrad guard;
        const flow::LayerDraw draw = flow::draw_with_densities(model, 50, generator);
        const flow::LayerDensities back = flow::densities_at(model, draw.z);
        CHECK(max(abs(back.log_prob - draw.densities.log_prob)).item() < 1e-3);
        CHECK(max(abs(back.log_prob - model.q->log_prob(draw.z))).item() < 1e-3);
        REQUIRE(back.log_det.size() == draw.densities.log_det.size());
        for (std::size_t k = 0; k < back.log_det.size(); ++k)
            CHECK(max(abs(back.log_det[k] - draw.densities.log_det[k])).item() < 1e-3);
        const std::vector<Tensor> states =
            flow::trajectory(model, model.q->base().sample(5, generator), 3);
        CHECK(states.size() == 3);
    }
}

TEST_CASE("flow: the metrics of an energy agree with their definitions") {
    const auto task = task_of(small("planar", "U1"));
    Generator generator(1);
    const Scalars scalars = task->evaluate(generator);
    for (const auto& each : scalars) CHECK_MESSAGE(std::isfinite(each.second), each.first);
    CHECK(scalar(scalars, "kl") ==
          doctest::Approx(scalar(scalars, "free_energy") + scalar(scalars, "ln_z_true")));
    CHECK(std::abs(scalar(scalars, "ln_z") - scalar(scalars, "ln_z_true")) <
          5 * scalar(scalars, "ln_z_se"));
    CHECK(scalar(scalars, "ess") > 0);
    CHECK(scalar(scalars, "ess") < 1);
    CHECK(scalar(scalars, "log_det_3") != 0);
}

TEST_CASE("flow: U1 is fitted by planar flows, moons by splines") {
    const auto train = [](const Given& given, std::int64_t steps) {
        const auto task = task_of(with(given, {{"steps", steps}}));
        for (std::int64_t step = 0; step < steps; ++step) task->step(step);
        Generator generator(1);
        return task->evaluate(generator);
    };
    const Scalars energy = train(
        {{"flow", Text("planar")}, {"target", Text("U1")}, {"k", Whole{2}}, {"batch", Whole{64}}},
        2000);
    CHECK(scalar(energy, "kl") > 0);
    CHECK(scalar(energy, "kl") < 1);  // the best normal distribution has 3.2
    const Scalars points = train(
        {{"target", Text("moons")}, {"width", Whole{32}}, {"bins", Whole{8}}, {"batch", Whole{64}}},
        200);
    CHECK(scalar(points, "nll_gap") > -5 * scalar(points, "nll_gap_se"));
    CHECK(scalar(points, "nll_gap") < 0.25);
    CHECK(scalar(points, "nll") ==
          doctest::Approx(scalar(points, "entropy") + scalar(points, "nll_gap")));
}

TEST_CASE("flow: the noise on points falls to a hundredth, and then ends") {
    // The loss of a flow that has learned nothing shows the variance of its points:
    // loss = ln 2 pi + E |x|^2 / 2 + constants.
    const auto loss = [](double noise, std::int64_t step) {
        const auto task = task_of(with(
            small("nice", "ring8"),
            {{"batch", Whole{20000}}, {"noise", noise}, {"anneal", Whole{noise > 0 ? 10 : 0}}}));
        return scalar(task->step(step), "loss");
    };
    const double without = loss(0, 0);
    // two elements, half of .5^2 each
    CHECK(loss(0.5, 0) - without == doctest::Approx(0.25).epsilon(0.1));
    // 0.0025, give or take what noise and points have in common
    CHECK(loss(0.5, 5) - without > 0.0005);
    CHECK(loss(0.5, 5) - without < 0.005);
    CHECK(loss(0.5, 10) == without);
}

TEST_CASE("flow: a run that diverges stops with one sentence") {
    const auto task = task_of(with(small("nice", "moons"), {{"lr", 1e30}, {"grad-clip", 0.0}}));
    bool finite = true;
    const std::string sentence = message_of([&] {
        for (std::int64_t step = 0; step < 5 && finite; ++step)
            finite = std::isfinite(scalar(task->step(step), "loss"));
    });
    CHECK((!finite || !sentence.empty()));
}

TEST_CASE("flow: a log-determinant that is not finite stops the step with the index of its layer") {
    for (const char* target : {"moons", "U1"}) {  // by the inverse, and by the transform
        const auto task = task_of(small("realnvp", target));
        NamedTensors state = task->state();
        for (auto& [name, value] : state)
            if (name == "model.flow.1.net.4.bias") value = full(value.shape(), std::nan(""));
        task->load_state(state);
        CHECK(contains(message_of([&] { task->step(0); }),
                       "the log-determinant of layer 1, affine coupling, is not finite"));
    }
}

TEST_CASE("vae: a posterior may go through flows") {
    Generator init(1), data(2);
    const vae::MakeFlow planar = [](std::int64_t dim, std::int64_t context, Generator& generator) {
        return flow::make_flow("planar", {.dim = dim, .k = 4, .context = context}, generator);
    };
    vae::Vae model({.pixels = 12, .hidden = 16, .latent = 3}, init, planar),
        plain({.pixels = 12, .hidden = 16, .latent = 3}, init);
    CHECK(model.parameter_count() == plain.parameter_count() + 4 * (16 + 1) * (2 * 3 + 1));
    const Tensor x = to(rand({40, 12}, data) < 0.3, f32);
    // The flow begins as the identity, whose KL is closed-form.
    CHECK(max(abs(model.code(x) - model.encode(x).mu)).item() < 1e-5);
    CHECK(max(abs(model.elbo(x, data).kl - kl_to_standard_normal(model.encode(x)))).item() < 1e-4);
    {
        const NoGrad guard;
        for (auto& [name, p] : model.named_parameters())
            // a head has little gain
            if (name.starts_with("flow.")) p.copy_(p + 3.0 * randn(p.shape(), data));
    }
    // The bound is one sample's weight, but for KL(q_0, p) in closed form; more samples raise it.
    Generator one(3), same(3), third(3), many(4);
    const Tensor bound = model.elbo(x, one).elbo, noise = randn({40, 3}, third);
    const DiagonalNormal q0 = model.encode(x);
    const Tensor z0 = q0.sample_with(noise),
                 sampled = q0.log_prob(z0) - standard_normal_log_prob(z0);
    CHECK(max(abs(bound + kl_to_standard_normal(q0) - sampled -
                  vae::iwae_bound(model.log_weights(x, 1, same))))
              .item() < 1e-4);
    CHECK(mean(vae::iwae_bound(model.log_weights(x, 500, many))).item() > mean(bound).item());
    CHECK(model.code(x).shape() == Shape{40, 3});
    CHECK(max(abs(model.code(x) - model.encode(x).mu)).item() > 0.01);

    // Annealed, it is beta log p(x, z) - log q: linear in beta, and at 1 the weight of one sample.
    for (vae::Vae* vae : {&model, &plain}) {
        const auto annealed = [&](double beta) {
            Generator drawn(3);
            return vae->annealed_bound(x, drawn, Tensor(beta));
        };
        Generator again(3);
        CHECK(max(abs(annealed(1) - vae::iwae_bound(vae->log_weights(x, 1, again)))).item() < 1e-5);
        CHECK(max(abs(annealed(0.3) - (annealed(0) * 0.7 + annealed(1) * 0.3))).item() < 1e-5);
        CHECK(max(abs(annealed(0) - annealed(1))).item() > 1);
    }
    CHECK(contains(message_of([&] { vae::Vae({.stochastic_layers = 2}, init, planar); }),
                   "one stochastic layer; got 2"));
    vae::Vae two({.pixels = 12, .hidden = 16, .latent = 3, .latent_top = 2, .stochastic_layers = 2},
                 init);
    CHECK(contains(message_of([&] { two.annealed_bound(x, init, Tensor(0.5)); }),
                   "one stochastic layer; got 2"));
}
