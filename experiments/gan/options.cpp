#include "experiments/gan/options.h"

#include <algorithm>

#include "experiments/data/sets.h"
#include "tensor/names.h"

namespace eps::models::gan {
namespace {

constexpr const char* kOp = "gan";

void check_networks(const Settings& s, const Rules<Settings>& rule) {
    const NetworkOptions& n = s.network;
    rule(s.images || s.net == "mlp", "--net " + s.net + " makes images", {"data"},
         "--net mlp, or --data " + listed(data::image_sets()));
    rule(s.images || s.data_dir.empty(), "--data " + s.data + " is drawn, not read from files",
         {"data-dir"}, "no --data-dir");
    rule(!s.conditional || n.classes > 0, "--conditional needs data with classes", {"data"},
         "one of: " + listed(data::sets_with_classes()));
    rule(s.net == "dcgan" || n.norm == "none", "--norm " + n.norm + " is for --net dcgan", {"net"},
         "--norm none");
    rule(s.net == "mlp" || n.layers == 2, "--layers is for --net mlp", {"net", "layers"},
         "--layers 2");
    rule(s.net != "maxout" || n.width == 1200,
         "--net maxout is the paper's, with 1200 hidden units in G", {"width"}, "--width 1200");
    rule(s.batch % n.pac == 0, "packs must divide the batch", {"pac", "batch"},
         str("a --batch that is a multiple of ", n.pac));
    const std::int64_t packs = s.batch / n.pac;
    rule(!n.minibatch_stddev || packs % std::min<std::int64_t>(4, packs) == 0,
         str("--minibatch-stddev compares groups of 4, and a batch has ", packs, " packs"),
         {"batch", "pac"}, "a multiple of 4");
}

void check_game(const Settings& s, const Rules<Settings>& rule) {
    const bool batch_norm =
        s.net == "dcgan" && s.network.norm == "batch" && !s.network.spectral_norm;
    rule(
        s.penalty == nullptr || !batch_norm,
        "a gradient penalty takes the gradient of each sample, and --norm batch mixes samples in D",
        {"gp"}, "--norm group or none");
    rule(s.penalty != nullptr || s.penalty_weight == 0, "--gp-weight needs a penalty",
         {"gp", "gp-weight"}, "--gp " + listed(names_in(penalties())));
    rule(s.label_smoothing == 0 || s.objective->smooths,
         "--loss " + s.objective->name + " has no labels to smooth", {"label-smoothing"},
         "0, or --loss non-saturating, minimax, least-squares or relativistic");
    rule((s.instance_noise > 0) == (s.instance_noise_steps > 0),
         "--instance-noise and --instance-noise-steps go together",
         {"instance-noise", "instance-noise-steps"}, "both above 0, or neither");
    check_decay(kOp, s.decays ? "linear" : "none", s.steps);
}

Choices<const Penalty*> penalty_choices() {
    Choices<const Penalty*> choices{{"none", nullptr}};
    for (const Penalty& each : penalties()) choices.emplace_back(each.name, &each);
    return choices;
}

// The presets were found by experiment where no source is named.

// Instance noise blurs modes that are narrow beside the distance between them until G has found
// them all.
Settings plane_preset(const std::string& data) {
    Settings plane;
    if (data == "ring8") plane.instance_noise = 0.3;
    if (data == "grid25") plane.instance_noise = 0.6;
    return plane;
}

Settings image_mlp_preset() {
    Settings images;
    images.network.noise = 64;
    images.network.width = 400;
    images.network.layers = 2;
    images.batch = 64;
    images.lr = 2e-4;
    return images;
}

// Radford et al. 2016, section 4.
Settings dcgan_preset() {
    Settings dcgan;
    dcgan.net = "dcgan";
    dcgan.network = {.noise = 64, .width = 64, .layers = 2, .norm = "batch"};
    dcgan.batch = 64;
    dcgan.lr = 2e-4;
    dcgan.decays = false;
    return dcgan;
}

// Goodfellow et al. 2014: SGD with a constant rate and momentum, where the published code lets both
// change slowly.
Settings maxout_preset() {
    Settings maxout;
    maxout.net = "maxout";
    maxout.network = {.noise = 100, .width = 1200, .layers = 2, .norm = "none"};
    maxout.batch = 100;
    maxout.optimizer = "sgd";
    maxout.lr = 0.1;
    maxout.decays = false;
    maxout.ema = 0;
    return maxout;
}

Settings preset(const std::string& net, const std::string& data) {
    if (net == "dcgan") return dcgan_preset();
    if (net == "maxout") return maxout_preset();
    return data::is_image_set(data) ? image_mlp_preset() : plane_preset(data);
}

}  // namespace

const std::vector<Field<Settings>>& Settings::fields() {
    using S = Settings;
    using N = NetworkOptions;
    constexpr double kLargestDecay = 0.9999999;
    static const std::vector<Field<S>> fields{
        field("data", &S::data, "a density in the plane, or images").one_of(data::set_names()),
        data_dir_field<S>(),
        field("net", &S::net, "architecture of G and D; maxout: the one of 2014")
            .one_of({"mlp", "maxout", "dcgan"})
            .by("data"),
        choice("loss", &S::objective,
               choices_of(names_in(objectives()),
                          [](const std::string& name) { return &gan::objective(name); }),
               "loss of D and G"),
        field("k", &S::discriminator_steps, "steps of D for each step of G")
            .between(1, most::inner_steps),
        choice("gp", &S::penalty, penalty_choices(), "penalty on the gradient of D"),
        field("gp-weight", &S::penalty_weight, "its weight")
            .at_least(0)
            .derived("that of its paper"),
        field("pac", &S::network, &N::pac, "samples that D judges at once (PacGAN)")
            .between(1, most::batch),
        field("label-smoothing", &S::label_smoothing, "one-sided label smoothing").between(0, 0.9),
        field("instance-noise", &S::instance_noise,
              "standard deviation of the noise on D's inputs, at first")
            .at_least(0)
            .by("data"),
        field("instance-noise-steps", &S::instance_noise_steps, "steps until it is 0")
            .between(0, most::steps)
            .derived("half of --steps"),
        field("unroll", &S::unrolled_steps, "steps of D that G unrolls")
            .between(0, most::unrolled_steps),
        field("conditional", &S::conditional, "give G and D the class (in a mixture: the mode)"),
        field("spectral-norm", &S::network, &N::spectral_norm, "spectral normalisation of D"),
        field("norm", &S::network, &N::norm, "normalisation in a DCGAN")
            .one_of({"batch", "group", "none"})
            .by("net"),
        field("minibatch-stddev", &S::network, &N::minibatch_stddev,
              "give D the standard deviation over the minibatch"),
        field("noise", &S::network, &N::noise, "dimensions of z").between(1, most::width).by("net"),
        field("width", &S::network, &N::width, "width of hidden layers; DCGAN: channels at 14x14")
            .between(1, most::width)
            .by("net"),
        field("layers", &S::network, &N::layers, "hidden layers of an MLP")
            .between(1, most::layers)
            .by("net"),
        field("batch", &S::batch, "samples per minibatch").between(1, most::batch).by("net"),
        field("optimizer", &S::optimizer, "optimizer of G and D").one_of({"adam", "sgd"}).by("net"),
        field("lr", &S::lr, "learning rate").at_least(0).by("net"),
        field("lr-d", &S::lr_d, "learning rate of D; 0: the same").at_least(0),
        field("beta1", &S::beta1, "beta1 of Adam; SGD: momentum").between(0, kLargestDecay),
        field("beta2", &S::beta2, "beta2 of Adam").between(0, kLargestDecay).derived("0.999"),
        choice("lr-decay", &S::decays, {{"linear", true}, {"none", false}},
               "decay of both learning rates to 0 at the last step")
            .derived("by net; without --steps none"),
        ema_field<S>("of G that samples are drawn with").by("net"),
    };
    return fields;
}

Settings Settings::of(const Config& config) {
    auto s = settings_from<Settings>(config);
    s.images = data::is_image_set(s.data);
    s.network.classes = s.conditional ? data::classes_of(s.data) : 0;
    if (s.lr_d == 0) s.lr_d = s.lr;
    const Rules rule(kOp, s, fields());
    check_networks(s, rule);
    check_game(s, rule);
    return s;
}

Config complete(const Config& given) {
    const auto open = [&](const char* option) { return !given.has(option); };
    auto asked = overridden(Settings{}, given);
    if (open("net") && data::is_image_set(asked.data)) asked.net = "dcgan";
    check(open("beta2") || asked.optimizer != "sgd", kOp,
          "--beta2 is for Adam; got --optimizer sgd; expected --optimizer adam");

    Settings s = overridden(preset(asked.net, asked.data), given);
    if (open("gp-weight") && s.penalty != nullptr) s.penalty_weight = s.penalty->weight;
    if (open("instance-noise-steps") && s.instance_noise > 0)
        s.instance_noise_steps = s.steps > 1 ? s.steps / 2 : 10000;
    // batch norm mixes the samples whose gradients a penalty takes
    if (open("norm") && s.penalty != nullptr && s.net == "dcgan") s.network.norm = "group";
    if (open("lr-decay") && s.steps == 0) s.decays = false;
    const Config config = completed(given, s);
    Settings::of(config);
    return config;
}

}  // namespace eps::models::gan
