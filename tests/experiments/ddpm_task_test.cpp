// The family "ddpm": presets and combinations of options; evaluation changes nothing; samples do
// not depend on how many are drawn at once; it learns.
#include "experiments/ddpm/ddpm.h"

#include <cmath>
#include <doctest/doctest.h>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/ddpm/estimates.h"
#include "experiments/ddpm/evaluation_model.h"
#include "models/ddpm/likelihood.h"
#include "tensor/create.h"
#include "tests/cli/tiny_data.h"
#include "tests/experiments/family_options.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

Config config_of(const Given& given) { return test::config_of(ddpm_family(), given); }
std::unique_ptr<Task> task_of(const Given& given) { return ddpm_family().make(config_of(given)); }

using Text = std::string;
using Whole = std::int64_t;

const Given& small_plane() {
    static const Given given{{"T", Whole{20}},     {"schedule", Text("cosine")},
                             {"width", Whole{16}}, {"blocks", Whole{1}},
                             {"batch", Whole{16}}, {"steps", Whole{20}}};
    return given;
}
Given small_images(const TempFolder& data) {
    return {{"data", Text("mnist")},    {"data-dir", data.path().string()},
            {"T", Whole{20}},           {"schedule", Text("cosine")},
            {"width", Whole{4}},        {"levels", Text("1,2")},
            {"blocks", Whole{1}},       {"attention", Text("")},
            {"groups", Whole{2}},       {"batch", Whole{4}},
            {"sample-steps", Whole{3}}, {"steps", Whole{20}}};
}
Given with(Given given, const Given& more) {
    for (const auto& each : more) {
        std::erase_if(given, [&](const auto& old) { return old.first == each.first; });
        given.push_back(each);
    }
    return given;
}

}  // namespace

TEST_CASE("ddpm: pictures, samples and evaluation change nothing that is trained") {
    TempFolder data;
    put_tiny_data(data);
    const std::vector<Given> runs{
        small_plane(),
        with(small_plane(), {{"conditional", true},
                             {"dropout", 0.2},
                             {"variance", Text("learned")},
                             {"importance", true},
                             {"ema", 0.0}}),
        with(small_images(data),
             {{"conditional", true}, {"dropout", 0.2}, {"accumulate", Whole{3}}}),
    };
    for (const Given& given : runs) {
        const auto evaluated = task_of(given), left_alone = task_of(given);
        for (std::int64_t step = 0; step < 3; ++step) {
            for (const Picture& picture : evaluated->pictures()) {
                CHECK(picture.pixels.numel() > 0);
                CHECK(min(picture.pixels).item() >= 0);
                CHECK(max(picture.pixels).item() <= 1);
            }
            Generator generator(9);
            const std::vector<Picture> drawn = evaluated->sample(5, generator);
            CHECK(drawn[0].name == "samples");
            CHECK(drawn[1].pixels.rank() == 4);
            evaluated->step(step);
            left_alone->step(step);
        }
        Generator generator(9);
        if (&given == &runs.back())  // that of toys takes longer, and is tested through the program
            for (const auto& metric : evaluated->evaluate(generator))
                CHECK_MESSAGE(std::isfinite(metric.second), metric.first);
        CHECK(same_state(*evaluated, *left_alone));
    }
}

TEST_CASE("ddpm: a state that is loaded continues bitwise, with importance sampling and dropout") {
    TempFolder data;
    put_tiny_data(data);
    const Given with_memory{
        {"importance", true}, {"dropout", 0.3}, {"conditional", true}, {"accumulate", Whole{2}}};
    const Given few_times{{"variance", Text("learned")},
                          {"T", Whole{4}},
                          {"sample-steps", Whole{4}},
                          {"steps", Whole{60}}};
    for (const Given& given : {with(small_plane(), with(with_memory, few_times)),
                               with(small_images(data), with_memory)}) {
        const auto whole = task_of(given), first = task_of(given), second = task_of(given);
        const std::int64_t steps = config_of(given).integer("steps"), half = steps / 2 + 1;
        for (std::int64_t step = 0; step < steps; ++step) whole->step(step);
        for (std::int64_t step = 0; step < half; ++step) first->step(step);
        second->load_state(first->state());
        for (std::int64_t step = half; step < steps; ++step) second->step(step);
        CHECK(same_state(*whole, *second));
    }
}

TEST_CASE("ddpm: samples do not depend on how many are drawn at once") {
    Generator init(1);
    ddpm::UNet unet({.base = 8,
                     .multipliers = {1, 2},
                     .blocks = 1,
                     .groups = 4,
                     .classes = 3,
                     .generator = &init});
    ddpm::Mlp mlp({.width = 32, .blocks = 2, .classes = 3, .generator = &init});
    ddpm::Settings settings{};
    settings.schedule = "linear";
    settings.timesteps = 50;
    settings.prediction = ddpm::Prediction::noise;
    settings.loss.variance = ddpm::Variance::beta;
    ddpm::EvaluationModel images(unet, nullptr, settings, {1, 28, 28});
    ddpm::EvaluationModel points(mlp, nullptr, settings, {2});
    for (ddpm::EvaluationModel* model : {&images, &points})
        for (const char* name : {"ancestral", "ddim", "dpm++"}) {
            ddpm::Sampling sampling(settings);
            sampling.sampler = {.name = name, .steps = 4, .clip_x0 = true};
            sampling.guidance = 1;
            std::vector<double> whole;
            for (const std::int64_t at_once : {7, 3, 2, 1}) {
                sampling.at_once = at_once;
                model->set_sampling(sampling);
                ddpm::Film film{.frames = 3, .most = 5};
                const std::vector<double> values = model->samples(7, 11, &film).to_vector();
                if (whole.empty()) whole = values;
                CHECK(values == whole);
                CHECK(film.x.size() == 3);
                CHECK(film.times.front() == 50);
                CHECK(film.times.back() == 1);
                CHECK(film.x0.back().size(0) == 5);
                CHECK(film.x0.back().to_vector() ==
                      std::vector<double>(whole.begin(), whole.begin() + film.x0.back().numel()));
            }
            const std::vector<double> fewer = model->samples(3, 11).to_vector();
            CHECK(fewer ==
                  std::vector<double>(whole.begin(),
                                      whole.begin() + static_cast<std::ptrdiff_t>(fewer.size())));
        }
}

TEST_CASE("ddpm: a few examples a step estimate the whole bound") {
    // A network that is a function of x and t, with weights that make it say something.
    Generator init(2), generator(3);
    ddpm::Mlp net({.width = 8, .blocks = 1, .generator = &init});
    ddpm::Settings settings{};
    settings.schedule = "cosine";
    settings.timesteps = 12;
    settings.prediction = ddpm::Prediction::v;
    settings.loss = {.variance = ddpm::Variance::beta_tilde, .decoder = ddpm::Decoder::density};
    ddpm::EvaluationModel model(net, nullptr, settings, {2});
    const Minibatch examples{randn({3000, 2}, generator), {}};
    const ddpm::BoundEstimate estimate = ddpm::estimate_bound(model, examples, generator);
    const NoGrad guard;
    const ddpm::Bound bound =
        ddpm::variational_bound(model.schedule(), model.denoiser({}), examples.x,
                                settings.loss.variance, settings.loss.decoder, generator);
    const double whole = mean(bound.total()).item();
    CHECK(estimate.total().se > 0);
    CHECK(std::abs(estimate.total().mean - whole) < 5 * estimate.total().se);
    CHECK(estimate.total().se < 0.2 * std::abs(whole));
    CHECK(estimate.l_T.mean == doctest::Approx(mean(bound.l_T).item()));
    // With fewer examples than steps, too: each step has one.
    const ddpm::BoundEstimate scarce =
        ddpm::estimate_bound(model, {narrow(examples.x, 0, 0, 5), {}}, generator);
    CHECK(scarce.l_mid.se > 0);
    CHECK(std::isfinite(scarce.total().mean));
}

TEST_CASE("ddpm: the plane is learned") {
    const Given brief{{"data", Text("moons")},
                      {"T", Whole{100}},
                      {"schedule", Text("cosine")},
                      {"width", Whole{64}},
                      {"blocks", Whole{2}},
                      {"batch", Whole{256}},
                      {"lr", 4e-3},
                      {"steps", Whole{600}},
                      {"ema", 0.98},
                      {"sample-steps", Whole{20}}};
    const auto task = task_of(with(brief, {{"prediction", Text("v")}}));
    for (std::int64_t step = 0; step < 600; ++step) task->step(step);
    Generator generator(1);
    const Scalars metrics = task->evaluate(generator);
    CHECK(scalar(metrics, "nll_bound") >
          scalar(metrics, "nll_ode") - 4 * scalar(metrics, "nll_bound_se"));
    CHECK(scalar(metrics, "nll_bound") < scalar(metrics, "nll_true") + 0.5);
    CHECK(scalar(metrics, "kl_ode") < 0.3);
    CHECK(scalar(metrics, "swd") < 2 * scalar(metrics, "swd_floor"));
    // Whatever is predicted, and however it is weighted, the loss falls.
    for (const Given& more :
         {Given{}, Given{{"prediction", Text("x0")}}, Given{{"prediction", Text("mean")}},
          Given{{"loss", Text("min-snr")}}, Given{{"loss", Text("bound")}},
          Given{{"importance", true}, {"T", Whole{20}}}, Given{{"variance", Text("learned")}}}) {
        const auto other = task_of(with(with(brief, {{"batch", Whole{64}}}), more));
        double first = 0, last = 0;
        for (std::int64_t step = 0; step < 150; ++step) {
            const double loss = scalar(other->step(step), "loss");
            if (step < 15) first += loss;
            if (step >= 100) last += loss * 15 / 50;
        }
        CHECK_MESSAGE(last < 0.97 * first, (more.empty() ? "noise" : more[0].first));
    }
}
