// The family "gan": presets and combinations of options; evaluation changes nothing; averaged
// weights make samples like those of the weights they average; it learns.
#include "experiments/gan/gan.h"

#include <cmath>
#include <doctest/doctest.h>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "experiments/gan/options.h"
#include "experiments/gan/sampler.h"
#include "tests/cli/tiny_data.h"
#include "tests/experiments/family_options.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;
using gan::Settings;

namespace {

Config config_of(const Given& given) { return test::config_of(gan_family(), given); }
std::unique_ptr<Task> task_of(const Given& given) { return gan_family().make(config_of(given)); }

using Text = std::string;
using Whole = std::int64_t;

}  // namespace

TEST_CASE("gan: options that are not given get their defaults, and given ones stay") {
    // every option is in the config, of its type and within its range
    for (const Option& option : gan_family().options)
        for (const char* data : {"ring8", "pinwheel", "fashion-mnist"})
            check_value(
                option,
                [&] {
                    const Config config = config_of({{"data", Text(data)}});
                    for (const auto& [key, value] : config.entries())
                        if (key == option.name) return value;
                    FAIL(option.name << " is missing");
                    return option.fallback;
                }(),
                "the preset");
    CHECK(config_of({}).text("net") == "mlp");
    CHECK(config_of({{"data", Text("mnist")}}).text("net") == "dcgan");
    CHECK(config_of({{"data", Text("mnist")}, {"net", Text("maxout")}}).text("optimizer") == "sgd");
    CHECK(config_of({{"lr", 0.5}}).number("lr") == 0.5);
    CHECK(config_of({{"gp", Text("r1")}}).number("gp-weight") == gan::penalty("r1").weight);
    CHECK(config_of({{"gp", Text("none")}}).number("gp-weight") == 0);
    CHECK(config_of({{"data", Text("moons")}, {"instance-noise", 0.1}, {"steps", Whole{600}}})
              .integer("instance-noise-steps") == 300);
    CHECK(config_of({{"instance-noise", 0.0}}).integer("instance-noise-steps") == 0);
    CHECK(config_of({{"data", Text("mnist")}, {"gp", Text("r1")}}).text("norm") == "group");
}

TEST_CASE("gan: options that do not go together throw one sentence that says what is allowed") {
    const auto error_for = [](const Given& given) { return message_of([&] { config_of(given); }); };
    CHECK(contains(error_for({{"pac", Whole{3}}}),
                   "packs must divide the batch; got --pac 3 --batch 256; expected a --batch "
                   "that is a multiple of 3"));
    CHECK(contains(error_for({{"net", Text("dcgan")}}),
                   "--net dcgan makes images; got --data ring8; expected --net mlp, or --data "
                   "fashion-mnist, mnist"));
    CHECK(contains(error_for({{"conditional", true}, {"data", Text("moons")}}),
                   "expected one of: ring8, grid25, fashion-mnist, mnist"));
    CHECK(contains(error_for({{"norm", Text("batch")}}), "--norm batch is for --net dcgan"));
    CHECK(contains(error_for({{"data", Text("mnist")}, {"layers", Whole{3}}}),
                   "--layers is for --net mlp"));
    CHECK(
        contains(error_for({{"data", Text("mnist")}, {"net", Text("maxout")}, {"width", Whole{3}}}),
                 "1200 hidden units"));
    CHECK(
        contains(error_for({{"data", Text("mnist")}, {"gp", Text("r1")}, {"norm", Text("batch")}}),
                 "expected --norm group or none"));
    CHECK(contains(error_for({{"gp", Text("none")}, {"gp-weight", 1.0}}),
                   "expected --gp wgan-gp, r1, r2, r1+r2"));
    CHECK(contains(error_for({{"loss", Text("hinge")}, {"label-smoothing", 0.1}}),
                   "--loss hinge has no labels to smooth; got --label-smoothing 0.1"));
    CHECK(contains(error_for({{"instance-noise", 0.0}, {"instance-noise-steps", Whole{9}}}),
                   "--instance-noise and --instance-noise-steps go together"));
    CHECK(contains(error_for({{"lr-decay", Text("linear")}, {"steps", Whole{0}}}),
                   "expected --steps N"));
    CHECK(contains(error_for({{"minibatch-stddev", true}, {"batch", Whole{6}}}), "groups of 4"));
    CHECK(contains(error_for({{"data-dir", Text("/tmp")}}), "is drawn, not read"));
    CHECK(contains(error_for({{"optimizer", Text("sgd")}, {"beta2", 0.9}}), "--beta2 is for Adam"));
}

TEST_CASE("gan: pictures, samples and evaluation change nothing that is trained") {
    TempFolder data;
    put_tiny_data(data);
    const Given small{
        {"log-every", Whole{2}}, {"width", Whole{8}}, {"batch", Whole{8}}, {"ema", 0.9}};
    const std::vector<Given> games{
        {},
        {{"pac", Whole{2}},
         {"minibatch-stddev", true},
         {"conditional", true},
         {"spectral-norm", true}},
        {{"data", Text("mnist")},
         {"data-dir", data.path().string()},
         {"noise", Whole{3}},
         {"conditional", true},
         {"picture-every", Whole{0}}},
    };
    for (const auto& game : games) {
        Given given = small;
        given.insert(given.end(), game.begin(), game.end());
        const auto evaluated = task_of(given), left_alone = task_of(given);
        check_evaluation_changes_nothing(*evaluated, *left_alone, 5);
    }
}

TEST_CASE("gan: a state that is loaded continues bitwise, at odd and at even steps") {
    const Given given{{"width", Whole{8}},
                      {"batch", Whole{8}},
                      {"k", Whole{2}},
                      {"gp", Text("wgan-gp")},
                      {"loss", Text("relativistic")},
                      {"unroll", Whole{2}},
                      {"lr-decay", Text("linear")},
                      {"steps", Whole{9}},
                      {"instance-noise", 0.2},
                      {"spectral-norm", true}};
    const auto whole = task_of(given), first = task_of(given), second = task_of(given);
    for (std::int64_t step = 0; step < 9; ++step) whole->step(step);
    for (std::int64_t step = 0; step < 5; ++step) first->step(step);
    second->load_state(first->state());
    for (std::int64_t step = 5; step < 9; ++step) second->step(step);
    CHECK(same_state(*whole, *second));
}

TEST_CASE(
    "gan: averaged weights with averaged statistics make the samples that batch statistics make") {
    // A DCGAN at a learning rate at which weights stand nearly still: what differs is how batch
    // norm gets its statistics.
    Generator init(3), generator(4);
    const gan::Pair pair = gan::dcgan_28({.noise = 8, .width = 8}, init);
    nn::EMA average(*pair.generator, 0.99, true, true);
    const auto noise = [&] { return randn({64, 8}, generator); };
    {
        const NoGrad guard;
        // far from the N(0, .02) in which all samples are gray
        for (Tensor& p : pair.generator->parameters()) p.copy_(p * 4.0);
        for (int i = 0; i < 300; ++i) {
            for (Tensor& p : pair.generator->parameters())
                p.copy_(p + 1e-3 * randn(p.shape(), generator));
            (*pair.generator)(noise());
            average.update();
        }
    }
    Settings settings{};
    settings.network = {.noise = 8};
    gan::Sampler sampler(*pair.generator, *pair.discriminator, &average, settings);
    const Minibatch z{noise(), {}};
    const Tensor sampled = sampler.samples(z);
    CHECK(pair.generator->is_training());
    const NoGrad guard;
    const nn::EmaScope scope(average, *pair.generator);
    const Tensor trained = (*pair.generator)(z.x);
    const double contrast = stddev(trained).item();
    CHECK(contrast > 0.1);
    CHECK(sqrt(mean(square(sampled - trained))).item() < 0.15 * contrast);
}

TEST_CASE("gan: the plane is learned") {
    const auto task = task_of({{"data", Text("moons")},
                               {"width", Whole{32}},
                               {"layers", Whole{2}},
                               {"batch", Whole{64}},
                               {"ema", 0.99},
                               {"log-every", Whole{600}}});
    Scalars last;
    for (std::int64_t step = 0; step < 600; ++step) last = task->step(step);
    Generator generator(1);
    CHECK(scalar(task->evaluate(generator), "swd") < 0.4);  // 0.81 before
    CHECK(scalar(last, "value") < 0);
    CHECK(scalar(last, "d_gap") < 0.5);
}
