#include "experiments/flow/options.h"

#include <algorithm>

#include "tensor/names.h"
#include "experiments/data/sets.h"
#include "models/flow/target.h"
#include "experiments/run/learning_rate.h"
#include "experiments/run/machine.h"

namespace eps::models::flow {
namespace {

constexpr const char* kOp = "flow";
using Whole = std::int64_t;
using Text = std::string;

const std::vector<std::string>& flow_names() {
    static const std::vector<std::string> names{"planar", "radial", "nice",   "realnvp", "glow",
                                                "maf",    "iaf",    "spline", "cfm"};
    return names;
}

bool is_any(const std::string& name, std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Of images one of the two architectures, of points any; each has the sizes that it has, and no
// others.
void check_architecture(const Settings& s) {
    const FlowOptions& o = s.layers;
    const bool images = s.target == Target::images,
               networks = !is_any(s.flow, {"planar", "radial"});
    check(!images || is_any(s.flow, {"realnvp", "glow"}), kOp,
          "images need several scales, which --flow ", s.flow,
          " has not; expected --flow realnvp or glow");
    check(!s.continuous() || o.k == 1, kOp,
          "--k counts layers, and a continuous flow has none; got --flow cfm --k ", o.k,
          "; expected no --k");
    check(
        networks == (o.width > 0), kOp,
        networks ? "the networks need a width" : "--width is of networks, which this flow has not",
        "; got --flow ", s.flow, " --width ", o.width);
    const bool perceptrons = networks && !images;
    check(perceptrons ? o.hidden > 0 : o.hidden == 0, kOp,
          perceptrons ? "the networks need a hidden layer"
                      : "--layers is of multilayer perceptrons, which this flow has not",
          "; got --flow ", s.flow, " --layers ", o.hidden);
    const bool spline = s.flow == "spline";
    check(spline ? o.bins > 0 && o.bound > 0 : o.bins == 0 && o.bound == 0, kOp,
          spline ? "a spline needs bins and a tail above 0"
                 : "--bins and --tail are of --flow spline",
          "; got --flow ", s.flow, " --bins ", o.bins, " --tail ", o.bound);
    check(o.bins <= 500, kOp, "bins have a least width; got --bins ", o.bins,
          "; expected 500 at most");
    const bool affine = !images && is_any(s.flow, {"realnvp", "glow", "maf", "iaf"});
    check(affine == (o.limit > 0), kOp,
          affine ? "affine maps need a largest |log scale| above 0"
                 : "--limit is of affine maps of points",
          "; got --flow ", s.flow, " --target ", s.target_name, " --limit ", o.limit);
    check(images == (s.levels > 0), kOp, images ? "images need a scale" : "--levels is of images",
          "; got --levels ", s.levels);
    // 28 = 4 * 7, and the last scale of RealNVP is not squeezed
    const Whole most = s.flow == "glow" ? 2 : 3;
    check(s.levels <= most, kOp, "images of 28 pixels cannot be halved so often; got --flow ",
          s.flow, " --levels ", s.levels, "; expected ", most, " at most");
}

void check_objective(const Settings& s) {
    const bool energy = s.target == Target::energy;
    check(!energy || !s.continuous(), kOp,
          "flow matching learns from samples, and an energy has none; got --flow cfm --target ",
          s.target_name, "; expected a data set, or another --flow");
    check(energy || !s.path, kOp,
          "--stl is a gradient of the reverse KL divergence, which needs a density; got --target ",
          s.target_name, "; expected U1 to U4");
    check(s.target == Target::toy || s.noise == 0, kOp, "--noise is on points; got --noise ",
          s.noise, " --target ", s.target_name);
    check(energy || (s.anneal > 0) == (s.noise > 0), kOp,
          "--anneal is of energies, or of --noise; got --anneal ", s.anneal, " --noise ", s.noise,
          " --target ", s.target_name);
    check(!s.transport || s.continuous(), kOp,
          "--ot pairs noise with data in flow matching; got --flow ", s.flow,
          "; expected --flow cfm");
    check(!s.transport || s.batch <= 1024, kOp,
          "--ot takes time with the cube of the batch; got --batch ", s.batch,
          "; expected 1024 at most");
    check(!s.reversible || !s.continuous(), kOp,
          "--reversible is of layers, and a continuous flow has none; got --flow cfm");
    check(is_any(s.base, {"normal", "uniform"}) || !s.continuous(), kOp,
          "flow matching starts from a fixed base; got --base ", s.base,
          "; expected --base normal");
    check(s.base != "uniform" ||
              (s.flow == "spline" && s.target_name == "checkerboard" && s.layers.bound >= 2),
          kOp,
          "--base uniform has no density outside of its box, [-tail, tail]; expected --flow spline "
          "--target checkerboard and a --tail of at least 2");
    check(s.base != "mixture" || s.target == Target::toy, kOp,
          "--base mixture is learned from points; got --target ", s.target_name);
    check(s.target != Target::images || s.base == "normal", kOp,
          "images start from a normal base; got --base ", s.base);
}

void check_training(const Settings& s) {
    check(s.target == Target::images || s.data_dir.empty(), kOp, "--target ", s.target_name,
          " is not read from files; got --data-dir ", s.data_dir);
    check_decay(kOp, s.lr_decay, s.steps);
}

}  // namespace

std::vector<std::string> target_names() {
    std::vector<std::string> names = names_in(energies());
    for (const std::string& name : data::set_names()) names.push_back(name);
    return names;
}

Target target_of(const std::string& name) {
    if (data::is_image_set(name)) return Target::images;
    const auto same = [&](const Energy& each) { return each.name == name; };
    return std::any_of(energies().begin(), energies().end(), same) ? Target::energy : Target::toy;
}

std::vector<Option> options() {
    const auto by_recipe = [](Option option) {
        option.derived = true;
        return option;
    };
    return {
        {"flow", Text("spline"), "kind of flow", flow_names()},
        {"target", Text("moons"), "an energy, points of the plane, or images", target_names()},
        {"data-dir", Text(""), "folder of an image data set's four files"},
        by_recipe({"k", Whole{32}, "layers; of images steps at each scale", {}, 1, 100000}),
        by_recipe({"base",
                   Text("normal"),
                   "where the flow starts",
                   {"normal", "learned", "uniform", "mixture"}}),
        by_recipe({"width", Whole{64}, "of hidden layers; of images channels", {}, 0}),
        by_recipe({"layers", Whole{2}, "hidden layers of each network", {}, 0, 64}),
        by_recipe({"bins", Whole{0}, "of a spline", {}, 0}),
        by_recipe({"tail", 0.0, "a spline is the identity outside of [-tail, tail]", {}, 0}),
        by_recipe({"limit", 0.0, "largest |log scale| of an affine map of points", {}, 0, 20}),
        by_recipe({"levels", Whole{0}, "scales of images", {}, 0}),
        by_recipe({"noise",
                   0.0,
                   "deviation of noise on points, in units of theirs; it falls to a hundredth, "
                   "then to none",
                   {},
                   0}),
        by_recipe({"anneal",
                   Whole{0},
                   "steps over which beta rises from 0.01 to 1, of energies, or the noise on "
                   "points falls; 0: none",
                   {},
                   0}),
        {"stl", false, "gradient through the samples' path alone, of energies"},
        {"ot", false, "flow matching: pair noise with data by optimal transport within the batch"},
        {"reversible", false, "keep no layer's input: backward inverts"},
        by_recipe({"batch", Whole{256}, "samples a step", {}, 2}),
        by_recipe({"lr", 1e-3, "learning rate of Adam", {}, 0}),
        by_recipe({"lr-decay",
                   Text("none"),
                   "to 0 at the last step, or not",
                   {"linear", "cosine", "none"}}),
        by_recipe({"grad-clip", 0.0, "largest norm of the gradient; 0: any", {}, 0}),
        by_recipe({"ema",
                   0.0,
                   "decay of the average of the weights that is shown and measured, lower in the "
                   "first steps; 0: none",
                   {},
                   0,
                   0.9999999}),
    };
}

std::vector<Option> sample_options() {
    Option solver{"solver", Text(""), "of a continuous flow", {"euler", "heun", "rk45"}},
        steps{"steps", Whole{0}, "of euler and heun", {}, 1, 100000};
    solver.derived = steps.derived = true;
    return {solver, steps};
}

Settings Settings::of(const Config& config) {
    Settings s{};
    s.flow = config.text("flow");
    s.target_name = config.text("target");
    s.data_dir = config.text("data-dir");
    s.target = target_of(s.target_name);
    s.layers = {.dim = 2,
                .k = config.integer("k"),
                .width = config.integer("width"),
                .hidden = config.integer("layers"),
                .bins = config.integer("bins"),
                .bound = config.number("tail"),
                .limit = config.number("limit")};
    s.levels = config.integer("levels");
    s.base = config.text("base");
    s.reversible = config.flag("reversible");
    s.transport = config.flag("ot");
    s.path = config.flag("stl");
    s.noise = config.number("noise");
    s.anneal = config.integer("anneal");
    s.batch = config.integer("batch");
    s.lr = config.number("lr");
    s.lr_decay = config.text("lr-decay");
    s.grad_clip = config.number("grad-clip");
    s.ema = config.number("ema");
    s.steps = config.integer("steps");
    s.seed = static_cast<std::uint64_t>(config.integer("seed"));
    s.device = device_of(config);
    s.loss_scaling = loss_scaling_of(config);
    check_objective(s);
    check_architecture(s);
    check_training(s);
    return s;
}

OdeOptions solver_of(const Settings& settings, const Config& given) {
    OdeOptions options;
    for (const char* option : {"solver", "steps"})
        check(!given.has(option) || settings.continuous(), kOp, "--", option,
              " is of a continuous flow; got a run of --flow ", settings.flow);
    if (given.has("solver")) options.method = ode_method(given.text("solver"));
    check(!given.has("steps") || options.method != OdeMethod::rk45, kOp,
          "--steps is for --solver euler and heun; rk45 chooses its own");
    if (given.has("steps")) options.steps = given.integer("steps");
    return options;
}

}  // namespace eps::models::flow
