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

const std::vector<std::string> kFlows{"planar", "radial", "nice",   "realnvp", "glow",
                                      "maf",    "iaf",    "spline", "cfm"};

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

TEST_CASE("flow: options that are not given get their defaults, and given ones stay") {
    for (const std::string& name : kFlows)
        for (const std::string& target : flow::target_names()) {
            const bool is_excluded =
                (name == "cfm" && flow::target_of(target) == flow::Target::energy) ||
                (name != "glow" && name != "realnvp" &&
                 flow::target_of(target) == flow::Target::images);
            if (is_excluded) continue;
            std::vector<Option> options = run_options();
            for (const Option& option : flow_family().options) options.push_back(option);
            check_config(config_of({{"flow", name}, {"target", target}}), options);
        }
    CHECK(config_of({{"target", Text("U1")}}).text("base") == "learned");
    CHECK(config_of({{"target", Text("U1")}, {"base", Text("normal")}}).text("base") == "normal");
    CHECK(config_of({{"target", Text("U1")}, {"steps", Whole{0}}}).integer("anneal") == 10000);
    CHECK(config_of({{"target", Text("U1")}, {"steps", Whole{100}}}).integer("anneal") == 25);
    CHECK(config_of({{"noise", 0.5}, {"steps", Whole{300}}}).integer("anneal") == 200);
    CHECK(config_of({{"noise", 0.0}, {"steps", Whole{300}}}).integer("anneal") == 0);
    CHECK(config_of({{"steps", Whole{0}}}).text("lr-decay") == "none");
    CHECK(config_of({{"flow", Text("planar")}}).integer("width") == 0);
    CHECK(config_of({{"target", Text("checkerboard")}}).text("base") == "uniform");
}

TEST_CASE("flow: options that do not go together throw one sentence that says what is allowed") {
    const auto error_for = [](const Given& given) { return message_of([&] { config_of(given); }); };
    const auto on = [](const char* flow, const char* target, const Given& more = {}) {
        return with({{"flow", Text(flow)}, {"target", Text(target)}}, more);
    };
    CHECK(contains(error_for(on("cfm", "U1")), "learns from samples, and an energy has none"));
    CHECK(contains(error_for(on("cfm", "moons", {{"k", Whole{3}}})), "expected no --k"));
    CHECK(contains(error_for(on("cfm", "moons", {{"reversible", true}})),
                   "a continuous flow has none"));
    CHECK(contains(error_for(on("cfm", "moons", {{"ot", true}, {"batch", Whole{5000}}})),
                   "expected 1024 at most"));
    CHECK(contains(error_for(on("cfm", "moons", {{"base", Text("learned")}})),
                   "expected --base normal"));
    CHECK(contains(error_for(on("cfm", "moons", {{"base", Text("mixture")}})),
                   "got --base mixture; expected --base normal"));
    CHECK(contains(error_for(on("spline", "U1", {{"base", Text("mixture")}})),
                   "learned from points; got --target U1"));
    CHECK(contains(error_for(on("spline", "moons", {{"ot", true}})), "expected --flow cfm"));
    CHECK(contains(error_for(on("spline", "pinwheel", {{"stl", true}})),
                   "needs a density; got --target pinwheel"));
    CHECK(contains(error_for(on("spline", "moons", {{"anneal", Whole{5}}})),
                   "for energies, or for --noise; got --anneal 5 --noise 0"));
    CHECK(contains(error_for(on("spline", "moons", {{"noise", 0.5}, {"anneal", Whole{0}}})),
                   "got --anneal 0 --noise 0.5"));
    CHECK(contains(error_for(on("spline", "U1", {{"noise", 0.5}})),
                   "--noise is for points in the plane; got --noise 0.5 --target U1"));
    CHECK(contains(error_for(on("spline", "moons", {{"base", Text("uniform")}})),
                   "no density outside of its box"));
    CHECK(
        contains(error_for(on("spline", "checkerboard", {{"tail", 1.5}})), "--tail of at least 2"));
    CHECK(contains(error_for(on("spline", "moons", {{"bins", Whole{0}}})),
                   "needs bins and a tail above 0"));
    CHECK(contains(error_for(on("spline", "moons", {{"bins", Whole{1000}}})),
                   "expected 500 at most"));
    CHECK(
        contains(error_for(on("realnvp", "moons", {{"bins", Whole{3}}})), "are for --flow spline"));
    CHECK(contains(error_for(on("realnvp", "moons", {{"limit", 0.0}})),
                   "a largest |log scale| above 0"));
    CHECK(contains(error_for(on("nice", "moons", {{"limit", 2.0}})),
                   "for affine maps of points; got --flow nice"));
    CHECK(contains(error_for(on("glow", "mnist", {{"limit", 2.0}})),
                   "for affine maps of points; got --flow glow --target mnist"));
    CHECK(contains(error_for(on("planar", "moons", {{"width", Whole{3}}})),
                   "which this flow does not have"));
    CHECK(contains(error_for(on("nice", "moons", {{"layers", Whole{0}}})), "need a hidden layer"));
    CHECK(
        contains(error_for(on("nice", "moons", {{"levels", Whole{1}}})), "--levels is for images"));
    CHECK(contains(error_for(on("maf", "mnist")), "expected --flow realnvp or glow"));
    CHECK(contains(error_for(on("glow", "mnist", {{"levels", Whole{3}}})),
                   "cannot be halved so often"));
    CHECK(
        contains(error_for(on("realnvp", "mnist", {{"levels", Whole{4}}})), "expected 3 at most"));
    CHECK(contains(error_for(on("realnvp", "mnist", {{"base", Text("learned")}})),
                   "start from a normal base"));
    CHECK(contains(error_for(on("realnvp", "moons", {{"data-dir", Text("/tmp")}})),
                   "not read from files"));
    CHECK(contains(
        error_for(on("realnvp", "moons", {{"lr-decay", Text("cosine")}, {"steps", Whole{0}}})),
        "expected --steps N"));

    const auto layered = task_of(small("nice", "moons")),
               continuous = task_of(small("cfm", "moons"));
    const auto sampling = [](Task& task, const Given& given) {
        Config config;
        for (const auto& [key, value] : given) config.set(key, value);
        return message_of([&] { task.set_sampling(config); });
    };
    CHECK(contains(sampling(*layered, {{"solver", Text("heun")}}), "got a run of --flow nice"));
    CHECK(contains(sampling(*continuous, {{"steps", Whole{5}}}), "rk45 chooses its own"));
    CHECK(sampling(*continuous, {{"steps", Whole{5}}, {"solver", Text("euler")}}).empty());
}

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
    for (const auto& [name, value] : scalars) CHECK_MESSAGE(std::isfinite(value), name);
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
