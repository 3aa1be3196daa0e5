#include "experiments/ddpm/options.h"

#include <algorithm>

#include "experiments/data/images.h"
#include "tensor/names.h"
#include "experiments/data/sets.h"
#include "experiments/run/accumulate.h"
#include "experiments/run/learning_rate.h"
#include "experiments/run/machine.h"

namespace eps::models::ddpm {
namespace {

constexpr const char* kOp = "ddpm";
using Whole = std::int64_t;
using Text = std::string;

// "1,2,2": whole numbers of at most four digits, at least 1; none in an empty text.
std::vector<std::int64_t> whole_numbers(const Config& config, const char* key) {
    const std::string& text = config.text(key);
    std::vector<std::int64_t> numbers;
    for (std::size_t start = 0; !text.empty() && start <= text.size();) {
        const std::size_t comma = std::min(text.find(',', start), text.size());
        const std::string number = text.substr(start, comma - start);
        const bool digits = !number.empty() && number.size() <= 4 &&
                            number.find_first_not_of("0123456789") == Text::npos;
        const bool good = digits && number.find_first_not_of('0') != Text::npos;
        check(good, kOp, "--", key, " is a list of whole numbers above 0; got '", text,
              "'; expected the like of 1,2,2");
        numbers.push_back(std::stoll(number));
        start = comma + 1;
    }
    return numbers;
}

// The sizes an image of 28 pixels has at each level.
std::vector<std::int64_t> sizes_of(const UNetOptions& unet) {
    std::vector<std::int64_t> sizes;
    for (std::int64_t size = unet.image_size; sizes.size() < unet.multipliers.size(); size /= 2)
        sizes.push_back(size);
    return sizes;
}

void check_unet(const UNetOptions& u) {
    check(!u.multipliers.empty(), kOp,
          "images need a level at least; got --levels ''; expected the like of 1,2,2");
    const std::int64_t factor = std::int64_t{1}
                                << std::min<std::size_t>(u.multipliers.size() - 1, 32);
    check(u.image_size % factor == 0, kOp, "images of ", u.image_size,
          " pixels cannot be halved at every level; got --levels with ", u.multipliers.size(),
          "; expected 3 at most");
    check(u.groups > 0 && u.base % u.groups == 0, kOp,
          "groups must divide the width; got --groups ", u.groups, " and --width ", u.base);
    const std::vector<std::int64_t> sizes = sizes_of(u);
    for (const std::int64_t size : u.attention_at) {
        std::string known;
        for (const std::int64_t each : sizes)
            known += (known.empty() ? "" : ", ") + std::to_string(each);
        check(std::find(sizes.begin(), sizes.end(), size) != sizes.end(), kOp,
              "no level has images of that size; got --attention ", size,
              "; expected one of: ", known);
    }
}

void check_plane(const Settings& s, const Config& config) {
    check(s.data_dir.empty(), kOp, "--data ", s.data, " is drawn, not read; got --data-dir ",
          s.data_dir);
    for (const char* key : {"levels", "attention"})
        check(config.text(key).empty(), kOp, "--", key, " is for images; got --data ", s.data,
              "; expected --data ", listed(data::image_sets()));
    check(config.integer("groups") == 0, kOp, "--groups is for images; got --data ", s.data,
          "; expected --data ", listed(data::image_sets()));
}

void check_process(const Settings& s) {
    const bool learned = s.loss.variance == Variance::learned;
    check(!learned || s.loss.name == "bound" || s.loss.name == "hybrid", kOp,
          "--variance learned is learned from the bound; got --loss ", s.loss.name,
          "; expected --loss hybrid or bound");
    check(learned || s.loss.name != "hybrid", kOp,
          "--loss hybrid trains a variance, and none is learned; expected --variance learned, or "
          "another --loss");
    check(s.loss.name != "min-snr" || s.prediction != Prediction::mean, kOp,
          "--loss min-snr weights noise, x0 or v; got --prediction mean");
    check(
        s.schedule != "zero-snr" || s.prediction == Prediction::x0 || s.prediction == Prediction::v,
        kOp,
        "with --schedule zero-snr nothing is left of x_0 at T, and noise says nothing of it; "
        "expected --prediction v or x0");
}

void check_training(const Settings& s, bool conditional, const Config& config) {
    check(!conditional || s.classes > 0, kOp, "--conditional needs data with classes; got --data ",
          s.data, "; expected one of: ", listed(data::sets_with_classes()));
    check(conditional || s.class_dropout == 0, kOp, "--class-dropout is for --conditional; got ",
          s.class_dropout, "; expected 0");
    check(s.parts <= s.batch, kOp, "a batch has more parts than samples; got --accumulate ",
          s.parts, " and --batch ", s.batch);
    check_decay(kOp, s.lr_decay, s.steps);
    const std::int64_t width = config.integer("width");
    check(width % 2 == 0 && width >= 4, kOp, "the width must be even and at least 4; got --width ",
          width);
}

// What the sampler refuses is refused before any work, in the words of the options.
void check_sampler(const SamplerOptions& o, std::int64_t timesteps, const std::string& schedule,
                   const char* steps_option) {
    check(o.steps <= timesteps, kOp, "more sampling steps than steps of the schedule; got --",
          steps_option, " ", o.steps, "; expected ", timesteps, " at most");
    make_sampler(make_schedule(schedule, timesteps), o);
}

}  // namespace

std::vector<Option> options() {
    const auto by_data = [](Option option) {
        option.derived = true;
        return option;
    };
    return {
        {"data", Text("grid25"), "a density in the plane, or images", data::set_names()},
        {"data-dir", Text(""), "folder of an image data set's four files"},
        by_data({"schedule", Text("linear"), "how beta grows", schedule_names()}),
        {"T", Whole{1000}, "steps of the two chains", {}, 1, 100000},
        by_data({"prediction", Text("noise"), "what the network says of x_t", prediction_names()}),
        by_data({"loss", Text("simple"), "what it descends", loss_names()}),
        by_data({"variance", Text("beta"), "of the reverse steps", variance_names()}),
        {"importance", false, "draw t by the size of its loss"},
        {"conditional", false, "classes (of a mixture: its modes)"},
        by_data({"class-dropout",
                 0.0,
                 "share of samples whose class is not told, for guidance",
                 {},
                 0,
                 1}),
        by_data({"width", Whole{128}, "of hidden layers; in a U-Net channels at 28x28", {}, 4}),
        by_data({"blocks", Whole{3}, "residual blocks; in a U-Net at each level", {}, 1, 64}),
        by_data(
            {"levels", Text(""), "of a U-Net: multiples of the width, each level half as large"}),
        by_data({"attention", Text(""),
                 "of a U-Net: sizes of images with attention; the middle has it always"}),
        by_data({"groups", Whole{0}, "of a U-Net's group norm", {}, 0}),
        {"dropout", 0.0, "in every residual block", {}, 0, 0.95},
        by_data({"batch", Whole{256}, "samples a step", {}, 1}),
        accumulate_option(),
        by_data({"lr", 1e-3, "learning rate of Adam", {}, 0}),
        by_data({"lr-decay",
                 Text("none"),
                 "to 0 at the last step, or not",
                 {"linear", "cosine", "none"}}),
        {"grad-clip", 1.0, "largest norm of the gradient; 0: any", {}, 0},
        by_data({"ema",
                 0.999,
                 "decay of the average of the weights that samples come from, lower in the first "
                 "steps; 0: none",
                 {},
                 0,
                 0.9999999}),
        by_data({"sampler", Text("ddim"), "of pictures and of eval", sampler_names()}),
        by_data({"sample-steps", Whole{50}, "its steps; 0: T", {}, 0}),
        by_data({"sample-eta", 0.0, "noise of DDIM, 0: none, to 1", {}, 0, 1}),
    };
}

std::vector<Option> sample_options() {
    const auto from_run = [](Option option) {
        option.derived = true;
        return option;
    };
    return {
        from_run({"sampler", Text(""), "way from noise to data", sampler_names()}),
        from_run({"steps", Whole{0}, "its steps; 0: every t", {}, 0}),
        from_run({"variance", Text(""), "of ancestral sampling", variance_names()}),
        from_run({"spacing",
                  Text(""),
                  "of its times: even in t, or in log alpha_bar / (1 - alpha_bar)",
                  {"time", "log-snr"}}),
        from_run({"eta", 0.0, "noise of DDIM, 0: none, to 1", {}, 0, 1}),
        {"guidance", 0.0, "weight of classifier-free guidance, 0: none", {}, 0, 100},
        {"class", Whole{-1}, "of every sample; -1: in turn", {}, -1},
        {"batch", Whole{128}, "samples at once: memory, and no more", {}, 1, 100000},
    };
}

Settings Settings::of(const Config& config) {
    Settings s{};
    s.data = config.text("data");
    s.data_dir = config.text("data-dir");
    s.images = data::is_image_set(s.data);
    s.schedule = config.text("schedule");
    s.timesteps = config.integer("T");
    s.prediction = ddpm::prediction(config.text("prediction"));
    s.loss = {.name = config.text("loss"),
              .variance = ddpm::variance(config.text("variance")),
              .decoder = s.images ? Decoder::discretised : Decoder::density};
    s.importance = config.flag("importance");
    s.classes = config.flag("conditional") ? data::classes_of(s.data) : 0;
    s.class_dropout = config.number("class-dropout");
    const std::int64_t width = config.integer("width"), blocks = config.integer("blocks");
    const bool learned = s.loss.variance == Variance::learned;
    s.mlp = {.width = width,
             .blocks = blocks,
             .dropout = config.number("dropout"),
             .classes = s.classes,
             .learned_variance = learned};
    s.unet = {.base = width,
              .multipliers = whole_numbers(config, "levels"),
              .blocks = blocks,
              .attention_at = whole_numbers(config, "attention"),
              .groups = config.integer("groups"),
              .dropout = config.number("dropout"),
              .classes = s.classes,
              .learned_variance = learned};
    s.batch = config.integer("batch");
    s.parts = config.integer("accumulate");
    s.lr = config.number("lr");
    s.lr_decay = config.text("lr-decay");
    s.grad_clip = config.number("grad-clip");
    s.ema = config.number("ema");
    s.sampler = {.name = config.text("sampler"),
                 .steps = config.integer("sample-steps"),
                 .variance = config.text("variance"),
                 .eta = config.number("sample-eta"),
                 .clip_x0 = s.images};
    s.steps = config.integer("steps");
    s.seed = static_cast<std::uint64_t>(config.integer("seed"));
    s.device = device_of(config);
    s.loss_scaling = loss_scaling_of(config);
    check_training(s, config.flag("conditional"), config);
    if (s.images)
        check_unet(s.unet);
    else
        check_plane(s, config);
    check_process(s);
    check_sampler(s.sampler, s.timesteps, s.schedule, "sample-steps");
    return s;
}

Sampling::Sampling(const Settings& settings) : sampler(settings.sampler) {}

Sampling::Sampling(const Settings& settings, const Config& given) : Sampling(settings) {
    if (given.has("sampler")) sampler.name = given.text("sampler");
    if (sampler.name != "ddim") sampler.eta = 0;
    if (given.has("steps")) sampler.steps = given.integer("steps");
    if (given.has("variance")) sampler.variance = given.text("variance");
    if (given.has("spacing")) sampler.spacing = given.text("spacing");
    if (given.has("eta")) sampler.eta = given.number("eta");
    if (given.has("guidance")) guidance = given.number("guidance");
    if (given.has("class")) only_class = given.integer("class");
    if (given.has("batch")) at_once = given.integer("batch");
    const auto needs = [&](const char* option, const char* name) {
        check(!given.has(option) || sampler.name == name, kOp, "--", option, " is for --sampler ",
              name, "; got --sampler ", sampler.name);
    };
    needs("eta", "ddim");
    needs("variance", "ancestral");
    for (const char* option : {"guidance", "class"})
        check(!given.has(option) || settings.classes > 0, kOp, "--", option,
              " needs a run that was trained with --conditional");
    check(only_class < settings.classes || settings.classes == 0, kOp,
          "no such class; got --class ", only_class, "; expected 0 to ", settings.classes - 1);
    check(guidance == 0 || settings.class_dropout > 0, kOp,
          "--guidance needs a run that was trained with --class-dropout above 0");
    check(sampler.variance != "learned" || settings.loss.variance == Variance::learned, kOp,
          "--variance learned needs a run that was trained with it");
    check_sampler(sampler, settings.timesteps, settings.schedule, "steps");
}

}  // namespace eps::models::ddpm
