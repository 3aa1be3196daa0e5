#include "experiments/ddpm/options.h"

#include <algorithm>

#include "experiments/data/sets.h"
#include "tensor/names.h"

namespace eps::models::ddpm {
namespace {

constexpr const char* kOp = "ddpm";

std::string image_data() { return "--data " + listed(data::image_sets()); }

void check_plane(const Settings& s, const Rules<Settings>& rule) {
    rule(s.data_dir.empty(), "--data " + s.data + " is drawn, not read from files", {"data-dir"},
         "no --data-dir");
    rule(s.levels.empty(), "--levels is for images", {"data"}, image_data());
    rule(s.attention_at.empty(), "--attention is for images", {"data"}, image_data());
    rule(s.groups == 0, "--groups is for images", {"data"}, image_data());
}

void check_unet(const Settings& s, const Rules<Settings>& rule) {
    const std::int64_t size = s.unet.image_size;
    rule(!s.levels.empty(), "a U-Net needs at least one level", {"levels"}, "a list such as 1,2,2");
    // 28 = 4 * 7: the third level has 7 pixels a side
    rule(s.levels.size() <= 3, str("images of ", size, " pixels cannot be halved at every level"),
         {"levels"}, "3 levels at most");
    rule(s.groups > 0 && s.width % s.groups == 0, "groups must divide the width",
         {"groups", "width"}, "a --width that is a multiple of --groups");
    std::vector<std::int64_t> sizes;
    for (std::size_t level = 0; level < s.levels.size(); ++level) sizes.push_back(size >> level);
    for (const std::int64_t at : s.attention_at)
        rule(std::find(sizes.begin(), sizes.end(), at) != sizes.end(),
             str("no level has images of size ", at), {"attention"}, "one of: " + text_of(sizes));
}

void check_process(const Settings& s, const Rules<Settings>& rule) {
    const bool learned = s.loss.variance == Variance::learned;
    const bool from_bound = s.loss.name == "bound" || s.loss.name == "hybrid";
    rule(!learned || from_bound, "--variance learned is learned from the bound", {"loss"},
         "--loss hybrid or bound");
    rule(learned || s.loss.name != "hybrid", "--loss hybrid trains a learned variance",
         {"variance"}, "--variance learned, or another --loss");
    rule(s.loss.name != "min-snr" || s.prediction != Prediction::mean,
         "--loss min-snr weights noise, x0 or v", {"prediction"}, "--prediction noise, x0 or v");
    rule(
        s.schedule != "zero-snr" || s.prediction == Prediction::x0 || s.prediction == Prediction::v,
        "with --schedule zero-snr x_T is pure noise, which says nothing about x_0", {"prediction"},
        "--prediction v or x0");
}

void check_training(const Settings& s, const Rules<Settings>& rule) {
    rule(!s.conditional || s.classes > 0, "--conditional needs data with classes", {"data"},
         "one of: " + listed(data::sets_with_classes()));
    rule(s.conditional || s.class_dropout == 0, "--class-dropout is for --conditional",
         {"class-dropout"}, "0");
    rule(s.parts <= s.batch, "a batch has more parts than samples", {"accumulate", "batch"},
         "at most one part for each sample");
    rule(s.width % 2 == 0, "the width must be even", {"width"}, "a multiple of 2");
    check_decay(kOp, s.lr_decay, s.steps);
}

// Throws what the sampler would throw, before any work, in words of the options.
void check_sampler(const SamplerOptions& sampler, const Settings& s, const char* steps_option) {
    check(sampler.steps <= s.timesteps, kOp,
          "more sampling steps than steps of the schedule; got --", steps_option, " ",
          sampler.steps, "; expected ", s.timesteps, " at most");
    make_sampler(make_schedule(s.schedule, s.timesteps), sampler);
}

void set_what_follows(Settings& s) {
    s.images = data::is_image_set(s.data);
    s.classes = s.conditional ? data::classes_of(s.data) : 0;
    s.loss.variance = variance(s.sampler.variance);
    s.loss.decoder = s.images ? Decoder::discretised : Decoder::density;
    s.sampler.clip_x0 = s.images;
    const bool learned = s.loss.variance == Variance::learned;
    s.mlp = {.width = s.width,
             .blocks = s.blocks,
             .dropout = s.dropout,
             .classes = s.classes,
             .learned_variance = learned};
    s.unet = {.base = s.width,
              .multipliers = s.levels,
              .blocks = s.blocks,
              .attention_at = s.attention_at,
              .groups = s.groups,
              .dropout = s.dropout,
              .classes = s.classes,
              .learned_variance = learned};
}

// The small U-Net that the paper's becomes at 28x28. With deterministic sampling (eta = 0) every
// third sample of such a net, trained for minutes, is mottled, by any solver of the ODE and with
// any number of steps; with eta = 1 none is.
Settings image_preset() {
    Settings images;
    images.width = 32;
    images.levels = {1, 2, 2};
    images.blocks = 2;
    images.attention_at = {14};
    images.groups = 8;
    images.batch = 32;
    images.lr = 5e-4;
    images.sampler.name = "ddim";
    images.sampler.eta = 1;
    return images;
}

}  // namespace

const std::vector<Field<Settings>>& Settings::fields() {
    using S = Settings;
    static const std::vector<Field<S>> fields{
        field("data", &S::data, "a density in the plane, or images").one_of(data::set_names()),
        data_dir_field<S>(),
        field("schedule", &S::schedule, "noise schedule: how beta grows").one_of(schedule_names()),
        field("T", &S::timesteps, "steps of the diffusion").between(1, 100000),
        choice("prediction", &S::prediction, choices_of(prediction_names(), ddpm::prediction),
               "what the network predicts from x_t"),
        field("loss", &S::loss, &LossOptions::name, "training loss")
            .one_of(loss_names())
            .derived("simple; with --variance learned hybrid"),
        field("variance", &S::sampler, &SamplerOptions::variance, "variance of the reverse steps")
            .one_of(variance_names()),
        field("importance", &S::importance, "draw t in proportion to the size of its loss"),
        field("conditional", &S::conditional,
              "give the network the class (in a mixture: the mode)"),
        field("class-dropout", &S::class_dropout,
              "fraction of samples trained without their class, for guidance")
            .between(0, 1)
            .derived("0; with --conditional 0.1"),
        field("width", &S::width, "width of hidden layers; U-Net: channels at 28x28")
            .between(4, most::width)
            .by("data"),
        field("blocks", &S::blocks, "residual blocks; U-Net: at each level")
            .between(1, 64)
            .by("data"),
        field("levels", &S::levels,
              "U-Net: channels of each level as multiples of the width, such as 1,2,2; each level "
              "halves the image")
            .by("data"),
        field("attention", &S::attention_at,
              "U-Net: image sizes with attention, such as 14,7; the middle block always has it")
            .by("data"),
        field("groups", &S::groups, "U-Net: groups of group norm")
            .between(0, most::width)
            .by("data"),
        field("dropout", &S::dropout, "dropout in every residual block").between(0, 0.95),
        field("batch", &S::batch, "samples per step").between(1, most::batch).by("data"),
        accumulate_field<S>(),
        field("lr", &S::lr, "learning rate of Adam").at_least(0).by("data"),
        lr_decay_field<S>().derived("linear; without --steps none"),
        field("grad-clip", &S::grad_clip, "largest norm of the gradient; 0: no limit").at_least(0),
        ema_field<S>("samples are drawn with"),
        field("sampler", &S::sampler, &SamplerOptions::name, "sampler for pictures and eval")
            .one_of(sampler_names())
            .by("data"),
        field("sample-steps", &S::sampler, &SamplerOptions::steps,
              "steps of that sampler; 0: as many as --T")
            .between(0, 100000)
            .derived("50, or --T where that is less"),
        field("sample-eta", &S::sampler, &SamplerOptions::eta,
              "noise of DDIM, from 0 (none) to 1 (ancestral)")
            .between(0, 1)
            .by("data"),
    };
    return fields;
}

Settings Settings::of(const Config& config) {
    auto s = settings_from<Settings>(config);
    set_what_follows(s);
    const Rules rule(kOp, s, fields());
    check_training(s, rule);
    if (s.images)
        check_unet(s, rule);
    else
        check_plane(s, rule);
    check_process(s, rule);
    check_sampler(s.sampler, s, "sample-steps");
    return s;
}

Config complete(const Config& given) {
    const auto asked = overridden(Settings{}, given);
    const Settings preset = data::is_image_set(asked.data) ? image_preset() : Settings{};
    Settings s = overridden(preset, given);
    const auto open = [&](const char* option) { return !given.has(option); };
    // Nichol & Dhariwal 2021, section 3.1
    if (open("loss") && s.sampler.variance == "learned") s.loss.name = "hybrid";
    // Ho & Salimans 2022, section 4
    if (open("class-dropout")) s.class_dropout = s.conditional ? 0.1 : 0;
    if (open("sample-steps")) s.sampler.steps = std::min(s.sampler.steps, s.timesteps);
    if (open("sample-eta") && s.sampler.name != "ddim") s.sampler.eta = 0;
    if (open("lr-decay") && s.steps == 0) s.lr_decay = "none";
    const Config config = completed(given, s);
    Settings::of(config);
    return config;
}

const std::vector<Field<Sampling>>& Sampling::fields() {
    using S = Sampling;
    using O = SamplerOptions;
    static const std::vector<Field<S>> fields{
        field("sampler", &S::sampler, &O::name, "sampler")
            .one_of(sampler_names())
            .derived("of the run"),
        field("steps", &S::sampler, &O::steps, "its steps; 0: every t")
            .between(0, 100000)
            .derived("of the run"),
        field("variance", &S::sampler, &O::variance, "variance of ancestral sampling")
            .one_of(variance_names())
            .derived("of the run"),
        field("spacing", &S::sampler, &O::spacing,
              "spacing of its times: even in t, or in log alpha_bar / (1 - alpha_bar)")
            .one_of({"time", "log-snr"})
            .derived("of the run"),
        field("eta", &S::sampler, &O::eta, "noise of DDIM, from 0 (none) to 1 (ancestral)")
            .between(0, 1)
            .derived("of the run"),
        field("guidance", &S::guidance, "weight of classifier-free guidance; 0: none")
            .between(0, 100),
        field("class", &S::only_class, "class of all samples; -1: the classes in turn")
            .between(-1, 1000),
        field("batch", &S::at_once, "samples drawn at once: changes memory, not the result")
            .between(1, 100000),
    };
    return fields;
}

Sampling::Sampling(const Settings& settings, const Config& given) : Sampling(settings) {
    read(*this, fields(), given);
    const Rules rule(kOp, *this, fields());
    const auto is_for = [&](const char* option, const char* name) {
        rule(!given.has(option) || sampler.name == name,
             str("--", option, " is for --sampler ", name), {"sampler"}, str("--sampler ", name));
    };
    is_for("eta", "ddim");
    is_for("variance", "ancestral");
    if (sampler.name != "ddim") sampler.eta = 0;
    for (const char* option : {"guidance", "class"})
        check(!given.has(option) || settings.classes > 0, kOp, "--", option,
              " needs a run that was trained with --conditional");
    check(only_class < settings.classes || settings.classes == 0, kOp,
          "no such class; got --class ", only_class, "; expected 0 to ", settings.classes - 1);
    check(guidance == 0 || settings.class_dropout > 0, kOp,
          "--guidance needs a run that was trained with --class-dropout above 0");
    check(sampler.variance != "learned" || settings.loss.variance == Variance::learned, kOp,
          "--variance learned needs a run that was trained with it");
    check_sampler(sampler, settings, "steps");
}

}  // namespace eps::models::ddpm
