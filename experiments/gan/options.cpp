#include "experiments/gan/options.h"

#include <algorithm>

#include "tensor/names.h"
#include "experiments/data/sets.h"
#include "experiments/run/learning_rate.h"
#include "experiments/run/machine.h"

namespace eps::models::gan {
namespace {

constexpr const char* kOp = "gan";

std::vector<std::string> with_none(std::vector<std::string> names) {
    names.insert(names.begin(), "none");
    return names;
}

void check_networks(const Settings& s, bool conditional) {
    const NetworkOptions& n = s.network;
    check(s.images || s.net == "mlp", kOp, "--net ", s.net, " makes images; got --data ", s.data,
          "; expected --net mlp, or --data ", listed(data::image_sets()));
    check(s.images || s.data_dir.empty(), kOp, "--data ", s.data,
          " is drawn, not read; got --data-dir ", s.data_dir);
    check(!conditional || n.classes > 0, kOp, "--conditional needs data with classes; got --data ",
          s.data, "; expected one of: ", listed(data::sets_with_classes()));
    check(s.net == "dcgan" || n.norm == "none", kOp, "--norm ", n.norm,
          " is for --net dcgan; got --net ", s.net, "; expected --norm none");
    check(s.net == "mlp" || n.layers == 2, kOp, "--layers is for --net mlp; got --net ", s.net,
          " --layers ", n.layers, "; expected 2");
    check(s.net != "maxout" || n.width == 1200, kOp,
          "--net maxout is that of the paper, with 1200 hidden units in G; got --width ", n.width);
    check(s.batch % n.pac == 0, kOp, "packs must divide the batch; got --pac ", n.pac,
          " and --batch ", s.batch, "; expected a --batch that is a multiple of ", n.pac);
    const std::int64_t shown = s.batch / n.pac, group = std::min<std::int64_t>(4, shown);
    check(!n.minibatch_stddev || shown % group == 0, kOp,
          "--minibatch-stddev compares groups of 4; got ", shown, " of --batch ", s.batch,
          " and --pac ", n.pac, "; expected a multiple of 4");
}

void check_game(const Settings& s) {
    const bool statistics =
        s.net == "dcgan" && s.network.norm == "batch" && !s.network.spectral_norm;
    check(!s.penalty || !statistics, kOp,
          "a gradient penalty is that of each sample, which --norm batch mixes in D; got --gp ",
          s.penalty ? s.penalty->name : "", "; expected --norm group or none");
    check(s.penalty || s.penalty_weight == 0, kOp,
          "--gp-weight needs a penalty; got --gp none --gp-weight ", s.penalty_weight,
          "; expected --gp ", listed(names_in(penalties())));
    check(s.label_smoothing == 0 || s.objective->smooths, kOp, "--loss ", s.objective->name,
          " has no labels to smooth; got --label-smoothing ", s.label_smoothing,
          "; expected 0, or --loss non-saturating, minimax, least-squares or relativistic");
    check((s.instance_noise > 0) == (s.instance_noise_steps > 0), kOp,
          "--instance-noise and --instance-noise-steps go together; got ", s.instance_noise,
          " and ", s.instance_noise_steps, "; expected both above 0, or neither");
    check_decay(kOp, s.decays ? "linear" : "none", s.steps);
}

}  // namespace

std::vector<Option> options() {
    using Whole = std::int64_t;
    const auto by_data = [](Option option) {
        option.derived = true;
        return option;
    };
    return {
        {"data", std::string("ring8"), "a density in the plane, or images", data::set_names()},
        {"data-dir", std::string(""), "folder of an image data set's four files"},
        by_data({"net",
                 std::string("mlp"),
                 "pair of networks; maxout: that of 2014",
                 {"mlp", "maxout", "dcgan"}}),
        {"loss", std::string("non-saturating"), "what D and G descend", names_in(objectives())},
        {"k", Whole{1}, "steps of D for each of G", {}, 1},
        by_data({"gp", std::string("none"), "penalty on D's gradient",
                 with_none(names_in(penalties()))}),
        by_data({"gp-weight", 0.0, "its weight", {}, 0}),
        {"pac", Whole{1}, "samples that D sees at once (PacGAN)", {}, 1},
        {"label-smoothing", 0.0, "taken from the label 1 of data, one-sided", {}, 0, 0.9},
        by_data({"instance-noise",
                 0.0,
                 "deviation of the noise on all that D sees, at the first step",
                 {},
                 0}),
        by_data({"instance-noise-steps", Whole{0}, "steps in which it falls to 0", {}, 0}),
        {"unroll", Whole{0}, "steps of D that G looks ahead", {}, 0},
        {"conditional", false, "classes (of a mixture: its modes) beside noise and samples"},
        {"spectral-norm", false, "in every layer of D"},
        by_data(
            {"norm", std::string("none"), "normalisation in a DCGAN", {"batch", "group", "none"}}),
        {"minibatch-stddev", false, "D sees how much samples differ"},
        by_data({"noise", Whole{2}, "features of z", {}, 1}),
        by_data({"width", Whole{128}, "of hidden layers; in a DCGAN channels at 14x14", {}, 1}),
        by_data({"layers", Whole{2}, "hidden layers of an mlp", {}, 1}),
        by_data({"batch", Whole{256}, "samples a minibatch", {}, 1}),
        by_data({"optimizer", std::string("adam"), "of both players", {"adam", "sgd"}}),
        by_data({"lr", 1e-3, "learning rate", {}, 0}),
        {"lr-d", 0.0, "that of D; 0: the same", {}, 0},
        by_data({"beta1", 0.5, "of Adam; the momentum of SGD", {}, 0, 0.9999999}),
        by_data({"beta2", 0.999, "of Adam", {}, 0, 0.9999999}),
        by_data(
            {"lr-decay", std::string("none"), "to 0 at the last step, or not", {"linear", "none"}}),
        by_data({"ema",
                 0.0,
                 "decay of the average of G that samples come from; 0: G itself",
                 {},
                 0,
                 0.9999999}),
    };
}

Settings Settings::of(const Config& config) {
    Settings s{};
    s.data = config.text("data");
    s.data_dir = config.text("data-dir");
    s.net = config.text("net");
    s.images = data::is_image_set(s.data);
    s.network = {.noise = config.integer("noise"),
                 .classes = config.flag("conditional") ? data::classes_of(s.data) : 0,
                 .pac = config.integer("pac"),
                 .width = config.integer("width"),
                 .layers = config.integer("layers"),
                 .norm = config.text("norm"),
                 .spectral_norm = config.flag("spectral-norm"),
                 .minibatch_stddev = config.flag("minibatch-stddev")};
    s.objective = &gan::objective(config.text("loss"));
    s.discriminator_steps = config.integer("k");
    s.penalty = config.text("gp") == "none" ? nullptr : &gan::penalty(config.text("gp"));
    s.penalty_weight = config.number("gp-weight");
    s.label_smoothing = config.number("label-smoothing");
    s.instance_noise = config.number("instance-noise");
    s.instance_noise_steps = config.integer("instance-noise-steps");
    s.unrolled_steps = config.integer("unroll");
    s.batch = config.integer("batch");
    s.optimizer = config.text("optimizer");
    s.lr = config.number("lr");
    s.lr_d = config.number("lr-d") > 0 ? config.number("lr-d") : s.lr;
    s.beta1 = config.number("beta1");
    s.beta2 = config.number("beta2");
    s.decays = config.text("lr-decay") == "linear";
    s.ema = config.number("ema");
    s.steps = config.integer("steps");
    s.log_every = config.integer("log-every");
    s.picture_every = config.integer("picture-every");
    s.seed = static_cast<std::uint64_t>(config.integer("seed"));
    s.device = device_of(config);
    s.loss_scaling = loss_scaling_of(config);
    check_networks(s, config.flag("conditional"));
    check_game(s);
    return s;
}

}  // namespace eps::models::gan
