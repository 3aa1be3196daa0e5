// The options of the family "flow": presets, and combinations that are not allowed.
#include "experiments/flow/flow.h"
#include "experiments/flow/options.h"

#include <doctest/doctest.h>

#include "tests/experiments/family_options.h"
#include "tests/files.h"

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
Given with(Given given, const Given& more) {
    given.insert(given.end(), more.begin(), more.end());
    return given;
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
