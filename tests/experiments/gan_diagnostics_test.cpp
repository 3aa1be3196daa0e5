// What the diagnostics of GAN training say, on histories made up for them: one sentence for each
// episode, and nothing while training is healthy.
#include "experiments/gan/diagnostics.h"

#include <cmath>
#include <doctest/doctest.h>

using namespace eps::models;
using namespace eps::models::gan;

namespace {

struct History {
    Diagnostics diagnostics;
    std::vector<std::string> notes = {};
    std::int64_t step = 0;

    explicit History(DiagnosticContext context) : diagnostics(std::move(context)) {}
    /// `count` healthy steps, but for the numbers given here; metrics (modes, hq, class_tv) come
    /// every 100 steps.
    void run(std::int64_t count, const Scalars& numbers = {}, const Scalars& metrics = {}) {
        for (std::int64_t i = 0; i < count; ++i) {
            ++step;
            Scalars scalars{{"d_loss", 1.2},        {"g_loss", 0.8},  {"value", -1.2},
                            {"d_real", 0.55},       {"d_fake", 0.45}, {"logit_gradient", 0.5},
                            {"gradient_ratio", 1.0}};
            for (auto& [name, value] : scalars)
                for (const auto& [other, instead] : numbers)
                    if (other == name) value = instead;
            if (step % 100 == 0) scalars.insert(scalars.end(), metrics.begin(), metrics.end());
            for (std::string& note : diagnostics.observe(step, scalars))
                notes.push_back(std::move(note));
        }
    }
};

DiagnosticContext ring(const char* loss = "non-saturating") {
    return {.loss = loss, .modes = 8, .lr_d = 2e-4};
}

}  // namespace

TEST_CASE("gan diagnostics: nothing is said of a healthy run") {
    History history(ring());
    history.run(500, {}, {{"modes", 5}, {"hq", 0.1}});  // all runs begin so
    history.run(20000, {}, {{"modes", 8}, {"hq", 0.9}});
    CHECK(history.notes.empty());
}

TEST_CASE("gan diagnostics: mode collapse is reported once an episode") {
    History history(ring());
    history.run(4000, {}, {{"modes", 8}});
    history.run(6000, {}, {{"modes", 3}});
    REQUIRE(history.notes.size() == 1);
    CHECK(history.notes[0] ==
          "3 of 8 modes since step 4100: mode collapse; try --pac 2, --gp r1, --instance-noise 0.3 "
          "or --minibatch-stddev");
    history.run(300, {}, {{"modes", 8}});  // a moment of health does not end it
    history.run(5000, {}, {{"modes", 4}});
    CHECK(history.notes.size() == 1);
    history.run(5000, {}, {{"modes", 8}});
    history.run(5000, {}, {{"modes", 7}});
    REQUIRE(history.notes.size() == 2);
    CHECK(history.notes[1].starts_with("7 of 8 modes since step 20"));

    History images({});
    images.run(5000, {}, {{"class_tv", 0.6}});
    REQUIRE(images.notes.size() == 1);
    CHECK(
        images.notes[0].starts_with("the classes of samples are far from the data's (total "
                                    "variation 0.6) since step 100: mode collapse"));
}

TEST_CASE("gan diagnostics: nothing is recommended that is in use already") {
    DiagnosticContext context{.penalty = "r1", .pac = 2, .modes = 8, .instance_noise_steps = 3000};
    History packed(context);
    packed.run(4900, {}, {{"modes", 2}});
    CHECK(packed.notes.empty());  // the data are blurred until step 3000
    packed.run(1000, {}, {{"modes", 2}});
    REQUIRE(packed.notes.size() == 1);
    CHECK(packed.notes[0] == "2 of 8 modes since step 3100: mode collapse; try --minibatch-stddev");

    context.minibatch_stddev = true;
    History all(context);
    all.run(5900, {}, {{"modes", 2}});
    REQUIRE(all.notes.size() == 1);
    CHECK(all.notes[0] == "2 of 8 modes since step 3100: mode collapse");
}

TEST_CASE("gan diagnostics: a saturated loss, and a discriminator that is too far ahead") {
    History saturated(ring("minimax"));
    saturated.run(900);
    saturated.run(
        2000,
        {{"d_real", 1.0}, {"d_fake", 1e-5}, {"logit_gradient", 1e-5}, {"gradient_ratio", 1e-6}});
    REQUIRE(saturated.notes.size() == 1);
    CHECK(
        saturated.notes[0].starts_with("D is right on 100% of samples and its logit gradient is "));
    CHECK(saturated.notes[0].find("since step 1") != std::string::npos);
    CHECK(
        saturated.notes[0].ends_with(": G gets no gradient; try --loss non-saturating, --gp r1 or "
                                     "a smaller --lr-d (it is 0.0002)"));

    History ahead(ring());
    ahead.run(6000, {{"d_real", 0.999}, {"d_fake", 0.001}, {"logit_gradient", 0.999}});
    REQUIRE(ahead.notes.size() == 1);
    CHECK(ahead.notes[0].find("G falls behind; try --gp r1, --instance-noise 0.1, --spectral-norm "
                              "or a smaller --lr-d") != std::string::npos);

    History critic(ring("wasserstein"));  // its scores are no log odds
    critic.run(6000, {{"d_real", 0.999}, {"d_fake", 0.001}, {"logit_gradient", 1}});
    CHECK(critic.notes.empty());
}

TEST_CASE("gan diagnostics: a discriminator that is too weak") {
    History blind(ring());
    blind.run(5000, {{"value", -1.3863}}, {{"modes", 8}, {"hq", 0.2}});
    REQUIRE(blind.notes.size() == 1);
    CHECK(
        blind.notes[0].ends_with("but only 20% of samples are of high quality since step 100: D "
                                 "is too weak; try --k 2, a larger --width or --layers or a "
                                 "larger --lr-d"));

    History noisy({.modes = 8, .instance_noise_steps = 5000});
    noisy.run(5000, {{"value", -1.3863}}, {{"modes", 8}, {"hq", 0.2}});
    CHECK(noisy.notes.empty());

    History good(ring());
    good.run(5000, {{"value", -1.3863}}, {{"modes", 8}, {"hq", 0.9}});
    CHECK(good.notes.empty());
}

TEST_CASE("gan diagnostics: losses that grow without bound, and a generator without a gradient") {
    History huge(ring("wasserstein"));
    huge.run(2000, {{"d_loss", -4000}, {"g_loss", 2000}});
    REQUIRE(huge.notes.size() == 1);
    CHECK(huge.notes[0].starts_with(
        "the losses are large (4e+03) since step 1: training diverges; try --gp r1"));

    History starved(ring("hinge"));
    starved.run(2000, {{"gradient_ratio", 1e-6}});
    REQUIRE(starved.notes.size() == 1);
    CHECK(starved.notes[0].starts_with("G's gradient is 1e-06 of D's since step 1"));
}

TEST_CASE("gan diagnostics: nothing is said of numbers that are NaN") {
    History history(ring());
    history.run(5000,
                {{"d_loss", NAN},
                 {"d_real", NAN},
                 {"logit_gradient", NAN},
                 {"gradient_ratio", NAN},
                 {"value", NAN}},
                {{"hq", NAN}});
    CHECK(history.notes.empty());
}
