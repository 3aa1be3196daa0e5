#include "experiments/flow/options.h"

#include <algorithm>

#include "experiments/data/sets.h"
#include "models/flow/target.h"
#include "tensor/names.h"

namespace eps::models::flow {
namespace {

constexpr const char* kOp = "flow";

bool is_any(const std::string& name, std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// A size that some flows have: above 0 where it is used, and 0 where it is not.
void check_sizes(const Settings& s, const Rules<Settings>& rule) {
    const FlowOptions& o = s.layers;
    const bool images = s.target == Target::images;
    const bool networks = !is_any(s.flow, {"planar", "radial"});
    const bool perceptrons = networks && !images;
    const bool spline = s.flow == "spline";
    const bool affine = !images && is_any(s.flow, {"realnvp", "glow", "maf", "iaf"});
    const auto size = [&](bool used, bool is_set, const char* needs, const char* is_for,
                          const std::vector<std::string>& options) {
        rule(used == is_set, used ? needs : is_for, options, used ? "values above 0" : "0");
    };
    size(networks, o.width > 0, "the networks need a width",
         "--width is for networks, which this flow does not have", {"flow", "width"});
    size(perceptrons, o.hidden > 0, "the networks need a hidden layer",
         "--layers is for multilayer perceptrons, which this flow does not have",
         {"flow", "layers"});
    rule(spline ? o.bins > 0 && o.bound > 0 : o.bins == 0 && o.bound == 0,
         spline ? "a spline needs bins and a tail above 0"
                : "--bins and --tail are for --flow spline",
         {"flow", "bins", "tail"}, spline ? "values above 0" : "0");
    size(affine, o.limit > 0, "affine maps need a largest |log scale| above 0",
         "--limit is for affine maps of points", {"flow", "target", "limit"});
    size(images, s.levels > 0, "images need a scale", "--levels is for images", {"levels"});
}

void check_architecture(const Settings& s, const Rules<Settings>& rule) {
    rule(s.target != Target::images || is_any(s.flow, {"realnvp", "glow"}),
         "images need a flow with several scales", {"flow"}, "--flow realnvp or glow");
    rule(!s.continuous() || s.layers.k == 1, "--k counts layers, and a continuous flow has none",
         {"flow", "k"}, "no --k");
    check_sizes(s, rule);
    rule(s.layers.bins <= 500, "bins have a minimal width", {"bins"}, "500 at most");
    // 28 = 4 * 7, and the last scale of RealNVP is not squeezed
    const std::int64_t most = s.flow == "glow" ? 2 : 3;
    rule(s.levels <= most, "images of 28 pixels cannot be halved so often", {"flow", "levels"},
         str(most, " at most"));
    rule(!s.reversible || !s.continuous(),
         "--reversible is for layers, and a continuous flow has none", {"flow"},
         "another --flow, or no --reversible");
}

void check_base(const Settings& s, const Rules<Settings>& rule) {
    rule(is_any(s.base, {"normal", "uniform"}) || !s.continuous(),
         "flow matching starts from a fixed base", {"base"}, "--base normal");
    const bool box = s.flow == "spline" && s.target_name == "checkerboard" && s.layers.bound >= 2;
    rule(s.base != "uniform" || box,
         "--base uniform has no density outside of its box, [-tail, tail]",
         {"flow", "target", "tail"},
         "--flow spline --target checkerboard and a --tail of at least 2");
    rule(s.base != "mixture" || s.target == Target::toy, "--base mixture is learned from points",
         {"target"}, "a density in the plane");
    rule(s.target != Target::images || s.base == "normal", "images start from a normal base",
         {"base"}, "--base normal");
}

void check_objective(const Settings& s, const Rules<Settings>& rule) {
    const bool energy = s.target == Target::energy;
    rule(!energy || !s.continuous(), "flow matching learns from samples, and an energy has none",
         {"flow", "target"}, "a data set, or another --flow");
    rule(energy || !s.path,
         "--stl is a gradient of the reverse KL divergence, which needs a density", {"target"},
         "U1 to U4");
    rule(s.target == Target::toy || s.noise == 0, "--noise is for points in the plane",
         {"noise", "target"}, "--noise 0");
    rule(energy || (s.anneal > 0) == (s.noise > 0), "--anneal is for energies, or for --noise",
         {"anneal", "noise", "target"}, "both above 0, or neither");
    rule(!s.transport || s.continuous(), "--ot pairs noise with data in flow matching", {"flow"},
         "--flow cfm");
    rule(!s.transport || s.batch <= 1024, "--ot takes time cubic in the batch", {"batch"},
         "1024 at most");
    rule(s.target == Target::images || s.data_dir.empty(),
         "--target " + s.target_name + " is not read from files", {"data-dir"}, "no --data-dir");
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

const std::vector<Field<Settings>>& Settings::fields() {
    using S = Settings;
    using F = FlowOptions;
    static const std::vector<Field<S>> fields{
        field("flow", &S::flow, "kind of flow")
            .one_of({"planar", "radial", "nice", "realnvp", "glow", "maf", "iaf", "spline", "cfm"}),
        field("target", &S::target_name, "an energy, a density in the plane, or images")
            .one_of(target_names()),
        data_dir_field<S>(),
        field("k", &S::layers, &F::k, "layers; images: steps at each scale")
            .between(1, most::layers)
            .by("flow"),
        field("base", &S::base, "base distribution")
            .one_of({"normal", "learned", "uniform", "mixture"})
            .by("flow"),
        field("width", &S::layers, &F::width, "width of hidden layers; images: channels")
            .between(0, most::width)
            .by("flow"),
        field("layers", &S::layers, &F::hidden, "hidden layers of each network")
            .between(0, 64)
            .by("flow"),
        field("bins", &S::layers, &F::bins, "bins of a spline").between(0, most::width).by("flow"),
        field("tail", &S::layers, &F::bound, "a spline is the identity outside of [-tail, tail]")
            .at_least(0)
            .by("flow"),
        field("limit", &S::layers, &F::limit, "largest |log scale| of an affine map of points")
            .between(0, 20)
            .by("flow"),
        field("levels", &S::levels, "scales, for images").between(0, most::layers).by("target"),
        field("noise", &S::noise,
              "standard deviation of noise on points, in units of theirs; it falls to a hundredth, "
              "then to 0")
            .at_least(0)
            .by("flow"),
        field("anneal", &S::anneal,
              "steps over which beta rises from 0.01 to 1 (energies) or the noise falls (points); "
              "0: none")
            .between(0, most::steps)
            .by("target"),
        field("stl", &S::path, "energies: gradient through the path of the samples only"),
        field("ot", &S::transport,
              "flow matching: pair noise with data by optimal transport within the batch"),
        field("reversible", &S::reversible, "store no inputs of layers: backward inverts them"),
        field("batch", &S::batch, "samples per step").between(2, most::batch).by("flow"),
        field("lr", &S::lr, "learning rate of Adam").at_least(0).by("flow"),
        lr_decay_field<S>().derived("cosine; without --steps none"),
        field("grad-clip", &S::grad_clip, "largest norm of the gradient; 0: no limit")
            .at_least(0)
            .by("target"),
        ema_field<S>("are shown and measured").by("flow"),
    };
    return fields;
}

Settings Settings::of(const Config& config) {
    auto s = settings_from<Settings>(config);
    s.target = target_of(s.target_name);
    const Rules rule(kOp, s, fields());
    check_objective(s, rule);
    check_base(s, rule);
    check_architecture(s, rule);
    return s;
}

const std::vector<Field<OdeOptions>>& solver_fields() {
    using O = OdeOptions;
    static const std::vector<Field<O>> fields{
        choice("solver", &O::method, choices_of({"euler", "heun", "rk45"}, ode_method),
               "ODE solver of a continuous flow")
            .derived("rk45"),
        field("steps", &O::steps, "steps of euler and heun").between(1, 100000).derived("100"),
    };
    return fields;
}

OdeOptions solver_of(const Settings& settings, const Config& given) {
    for (const char* option : {"solver", "steps"})
        check(!given.has(option) || settings.continuous(), kOp, "--", option,
              " is for continuous flows; got a run of --flow ", settings.flow,
              "; expected a run of --flow cfm");
    OdeOptions options;
    read(options, solver_fields(), given);
    check(!given.has("steps") || options.method != OdeMethod::rk45, kOp,
          "--steps is for --solver euler and heun; rk45 chooses its own");
    return options;
}

}  // namespace eps::models::flow
