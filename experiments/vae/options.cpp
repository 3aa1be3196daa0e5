#include "experiments/vae/options.h"

#include "experiments/run/accumulate.h"
#include "experiments/run/learning_rate.h"
#include "experiments/run/machine.h"
#include "experiments/vae/images.h"

namespace eps::models::vae {
namespace {

constexpr const char* kOp = "vae";

Pixels pixels_named(const std::string& name) {
    if (name == "grey") return Pixels::grey;
    return name == "dynamic" ? Pixels::dynamic : Pixels::fixed;
}

void check_together(const Settings& s, const Config& config) {
    check(!s.gaussian() || s.pixels == Pixels::grey, kOp,
          "a Gaussian decoder models grey pixels; got --pixels ", config.text("pixels"),
          "; hint: --pixels grey");
    check(s.importance_samples == 1 || s.beta == 1, kOp,
          "beta applies to the one-sample bound; got k = ", s.importance_samples,
          " and beta = ", s.beta, "; hint: drop one of them");
    check(s.anneal == 0 ||
              (s.importance_samples == 1 && s.beta == 1 && s.network.stochastic_layers == 1),
          kOp,
          "the annealed bound is of one sample, one stochastic layer and beta 1; got --anneal ",
          s.anneal, " with --k ", s.importance_samples, ", --layers ", s.network.stochastic_layers,
          ", --beta ", s.beta);
    check_decay(kOp, s.lr_decay, s.steps);
    check((s.network.flow != "none") == (s.network.flow_layers > 0), kOp,
          "--flow and --flow-k go together; got --flow ", s.network.flow, " --flow-k ",
          s.network.flow_layers, "; expected both, or neither");
    check(s.parts <= s.batch, kOp, "a batch has more parts than images; got --accumulate ", s.parts,
          " and --batch ", s.batch);
}

}  // namespace

std::vector<Option> options() {
    using Whole = std::int64_t;
    return {
        {"data", std::string("fashion-mnist"), "image data set", {"fashion-mnist", "mnist"}},
        {"data-dir", std::string(""), "folder of the data set's four files"},
        {"pixels",
         std::string("dynamic"),
         "dynamic or static binarisation, or grey values",
         {"dynamic", "static", "grey"}},
        {"decoder", std::string("bernoulli"), "distribution of a pixel", {"bernoulli", "gaussian"}},
        {"layers", Whole{1}, "stochastic layers, 1 or 2", {}, 1, 2},
        {"latent", Whole{20}, "latent variables of the first layer", {}, 1},
        {"latent-top", Whole{10}, "latent variables of the second layer", {}, 1},
        {"hidden", Whole{400}, "width of the hidden layers", {}, 1},
        {"flow",
         std::string("none"),
         "flow that the posterior goes through",
         {"none", "planar", "radial", "nice", "iaf"}},
        {"flow-k", Whole{0}, "its layers", {}, 0, 1000},
        {"beta", 1.0, "weight of the KL term (beta-VAE)"},
        {"anneal",
         Whole{0},
         "steps over which the weight of log p(x, z) rises from 0.01 to 1; 0: it is 1",
         {},
         0},
        {"k", Whole{1}, "importance samples of the training bound (IWAE for k > 1)", {}, 1},
        {"eval-k", Whole{50}, "importance samples of the bound that eval reports", {}, 1},
        {"batch", Whole{100}, "images a step", {}, 1},
        accumulate_option(),
        {"lr", 1e-3, "learning rate of Adam", {}, 0},
        {"lr-decay",
         std::string("none"),
         "to 0 at the last step, or not",
         {"linear", "cosine", "none"}},
    };
}

Settings Settings::of(const Config& config) {
    Settings s{};
    s.data = config.text("data");
    s.data_dir = config.text("data-dir");
    s.pixels = pixels_named(config.text("pixels"));
    s.network = {
        .pixels = kPixels,
        .hidden = config.integer("hidden"),
        .latent = config.integer("latent"),
        .latent_top = config.integer("latent-top"),
        .stochastic_layers = static_cast<int>(config.integer("layers")),
        .decoder = config.text("decoder") == "gaussian" ? Decoder::gaussian : Decoder::bernoulli,
        .flow = config.text("flow"),
        .flow_layers = config.integer("flow-k")};
    s.beta = config.number("beta");
    s.anneal = config.integer("anneal");
    s.importance_samples = config.integer("k");
    s.eval_samples = config.integer("eval-k");
    s.batch = config.integer("batch");
    s.parts = config.integer("accumulate");
    s.lr = config.number("lr");
    s.lr_decay = config.text("lr-decay");
    s.steps = config.integer("steps");
    s.seed = static_cast<std::uint64_t>(config.integer("seed"));
    s.device = device_of(config);
    s.loss_scaling = loss_scaling_of(config);
    check_together(s, config);
    return s;
}

}  // namespace eps::models::vae
