// The options of the family "ddpm": presets, and combinations that are not allowed.
#include "experiments/ddpm/ddpm.h"

#include <doctest/doctest.h>

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
Given with(Given given, const Given& more) {
    for (const auto& each : more) {
        std::erase_if(given, [&](const auto& old) { return old.first == each.first; });
        given.push_back(each);
    }
    return given;
}
Config sampling_of(const Given& given) {
    Config config;
    for (const auto& [key, value] : given) config.set(key, value);
    return config;
}

}  // namespace

TEST_CASE("ddpm: options that are not given get their defaults, and given ones stay") {
    // every option is in the config, of its type and within its range
    for (const char* data : {"grid25", "pinwheel", "fashion-mnist"}) {
        std::vector<Option> options = run_options();
        for (const Option& option : ddpm_family().options) options.push_back(option);
        check_config(config_of({{"data", Text(data)}}), options);
    }
    CHECK(config_of({}).text("levels").empty());
    CHECK(config_of({{"data", Text("mnist")}}).text("levels") == "1,2,2");
    CHECK(config_of({{"data", Text("mnist")}}).number("sample-eta") == 1);
    CHECK(config_of({{"data", Text("mnist")}, {"sampler", Text("dpm++")}}).number("sample-eta") ==
          0);
    CHECK(config_of({{"lr", 0.5}}).number("lr") == 0.5);
    CHECK(config_of({{"variance", Text("learned")}}).text("loss") == "hybrid");
    CHECK(config_of({{"conditional", true}}).number("class-dropout") == 0.1);
    CHECK(config_of({{"T", Whole{30}}}).integer("sample-steps") == 30);
    CHECK(config_of({{"steps", Whole{0}}}).text("lr-decay") == "none");
    // The U-Net of the workload ddpm_28.
    TempFolder data;
    put_tiny_data(data);
    CHECK(
        task_of({{"data", Text("mnist")}, {"data-dir", data.path().string()}})->parameter_count() ==
        1623169);
}

TEST_CASE("ddpm: options that do not go together throw one sentence that says what is allowed") {
    const auto error_for = [](const Given& given) { return message_of([&] { config_of(given); }); };
    const Given images{{"data", Text("mnist")}};
    CHECK(contains(error_for({{"T", Whole{5}}}), "beta leaves (0, 1) at step 2 of 5"));
    CHECK(contains(error_for({{"sample-steps", Whole{2000}}}),
                   "got --sample-steps 2000; expected 1000 at most"));
    CHECK(contains(error_for({{"sample-eta", 0.5}}),
                   "eta belongs to ddim; got eta 0.5 with sampler dpm++"));
    CHECK(contains(error_for({{"schedule", Text("zero-snr")}}), "expected --prediction v or x0"));
    CHECK(contains(
        error_for(
            {{"schedule", Text("zero-snr")}, {"prediction", Text("v")}, {"sampler", Text("heun")}}),
        "ddim and dpm++ can"));
    CHECK(contains(error_for({{"variance", Text("learned")}, {"loss", Text("simple")}}),
                   "expected --loss hybrid or bound"));
    CHECK(contains(error_for({{"loss", Text("hybrid")}}), "expected --variance learned"));
    CHECK(contains(error_for({{"loss", Text("min-snr")}, {"prediction", Text("mean")}}),
                   "weights noise, x0 or v"));
    CHECK(contains(error_for({{"data", Text("moons")}, {"conditional", true}}),
                   "expected one of: ring8, grid25, fashion-mnist, mnist"));
    CHECK(contains(error_for({{"class-dropout", 0.1}}), "is for --conditional"));
    CHECK(contains(error_for({{"levels", Text("1,2")}}),
                   "--levels is for images; got --data grid25"));
    CHECK(contains(error_for({{"groups", Whole{2}}}), "--groups is for images"));
    CHECK(contains(error_for({{"data-dir", Text("/tmp")}}), "is drawn, not read"));
    CHECK(contains(error_for({{"width", Whole{7}}}), "must be even"));
    CHECK(contains(error_for({{"accumulate", Whole{600}}}), "got --accumulate 600 --batch 512"));
    CHECK(contains(error_for({{"lr-decay", Text("cosine")}, {"steps", Whole{0}}}),
                   "expected --steps N"));
    CHECK(contains(
        error_for(with(images, {{"levels", Text("1,2,2,2")}})),
        "cannot be halved at every level; got --levels 1,2,2,2; expected 3 levels at most"));
    CHECK(contains(error_for(with(images, {{"levels", Text("")}})), "at least one level"));
    for (const char* bad : {"1,", ",1", "1,x", "0", "1,,2", "-1", "99999", "1 2"})
        CHECK_MESSAGE(contains(error_for(with(images, {{"levels", Text(bad)}})),
                               "list of whole numbers above 0"),
                      bad);
    CHECK(
        contains(error_for(with(images, {{"attention", Text("13")}})), "expected one of: 28,14,7"));
    CHECK(contains(error_for(with(images, {{"groups", Whole{5}}})),
                   "groups must divide the width; got --groups 5 --width 32"));
}

TEST_CASE("ddpm: sampling options that the run does not allow throw") {
    const auto plain = task_of(small_plane());
    const auto classes_known = task_of(with(small_plane(), {{"conditional", true}}));
    const auto never_dropped =
        task_of(with(small_plane(), {{"conditional", true}, {"class-dropout", 0.0}}));
    const auto error_for = [](Task& task, const Given& given) {
        return message_of([&] { task.set_sampling(sampling_of(given)); });
    };
    CHECK(
        contains(error_for(*plain, {{"steps", Whole{21}}}), "got --steps 21; expected 20 at most"));
    CHECK(contains(error_for(*plain, {{"class", Whole{1}}}), "trained with --conditional"));
    CHECK(contains(error_for(*plain, {{"guidance", 1.0}}), "trained with --conditional"));
    CHECK(contains(error_for(*plain, {{"eta", 0.5}}),
                   "--eta is for --sampler ddim; got --sampler dpm++"));
    CHECK(contains(error_for(*plain, {{"sampler", Text("ddim")}, {"variance", Text("beta")}}),
                   "--variance is for --sampler ancestral"));
    CHECK(
        contains(error_for(*plain, {{"sampler", Text("ancestral")}, {"variance", Text("learned")}}),
                 "trained with it"));
    CHECK(contains(error_for(*classes_known, {{"class", Whole{25}}}),
                   "no such class; got --class 25; expected 0 to 24"));
    CHECK(contains(error_for(*never_dropped, {{"guidance", 2.0}}), "--class-dropout above 0"));
    classes_known->set_sampling(sampling_of({{"class", Whole{24}},
                                             {"guidance", 2.0},
                                             {"sampler", Text("ddim")},
                                             {"eta", 1.0},
                                             {"steps", Whole{20}}}));
}
