#include "experiments/gan/diagnostics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace eps::models::gan {
namespace {

using Context = DiagnosticContext;

constexpr double kMeanDecay = 0.98;
constexpr double kEquilibrium = -1.3862943611198906;  // V = -log 4

// What a step shows. Numbers that were not measured are NaN, and so every comparison with them is
// false. Those of training are smoothed, metrics of samples are not.
struct Numbers {
    std::int64_t step;
    double real, fake;      // D's mean probability that data, and samples, are data
    double logit_gradient;  // what reaches G through D
    double value;           // V(D, G)
    double largest_loss;
    double gradient_ratio;  // norm of G's gradient over D's
    double modes, class_distance, high_quality;
};

std::string rounded(double value, const char* format = "%.2g") {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}
std::string percent(double fraction) { return rounded(100 * fraction, "%.0f") + "%"; }

// D's logits are log odds.
bool has_probabilities(const Context& c) {
    return c.loss == "non-saturating" || c.loss == "minimax";
}
bool discriminator_wins(const Numbers& n, const Context& c) {
    return has_probabilities(c) && n.real > 0.98 && n.fake < 0.02;
}
bool is_sharp(const Numbers& n, const Context& c) { return n.step > c.instance_noise_steps; }

// The symptoms. Each function says what is observed, or nothing where all is well.

std::string missing_modes(const Numbers& n, const Context& c) {
    if (!is_sharp(n, c) || !(n.modes < static_cast<double>(c.modes))) return "";
    return str(rounded(n.modes, "%.0f"), " of ", c.modes, " modes");
}
std::string missing_classes(const Numbers& n, const Context&) {
    if (!(n.class_distance > 0.3)) return "";
    return "the classes of samples are far from the data's (total variation " +
           rounded(n.class_distance) + ")";
}
std::string saturated(const Numbers& n, const Context& c) {
    if (!discriminator_wins(n, c) || !(n.logit_gradient < 1e-2)) return "";
    return "D is right on " + percent((n.real + 1 - n.fake) / 2) +
           " of samples and its logit gradient is " + rounded(n.logit_gradient, "%.0e");
}
std::string generator_behind(const Numbers& n, const Context& c) {
    if (!discriminator_wins(n, c) || !(n.logit_gradient >= 1e-2)) return "";
    return "D tells nearly all samples from data (it takes " + percent(n.real) + " of data and " +
           percent(n.fake) + " of samples for data)";
}
std::string discriminator_blind(const Numbers& n, const Context& c) {
    const bool at_equilibrium = std::abs(n.value - kEquilibrium) < 0.01;
    if (!is_sharp(n, c) || !has_probabilities(c) || !at_equilibrium || !(n.high_quality < 0.5))
        return "";
    return "V is at -log 4, where D cannot tell samples from data, but only " +
           percent(n.high_quality) + " of samples are of high quality";
}
std::string diverging(const Numbers& n, const Context&) {
    if (!(n.largest_loss > 100)) return "";
    return "the losses are large (" + rounded(n.largest_loss) + ")";
}
std::string generator_starved(const Numbers& n, const Context& c) {
    if (!(n.gradient_ratio < 1e-4) || discriminator_wins(n, c)) return "";
    return "G's gradient is " + rounded(n.gradient_ratio, "%.0e") + " of D's";
}

// What to try, in options of the program.
struct Remedy {
    const char* options;
    bool (*in_use)(const Context& c) = [](const Context&) { return false; };
};
const Remedy kPacking{"--pac 2", [](const Context& c) { return c.pac > 1; }};
const Remedy kPenalty{"--gp r1", [](const Context& c) { return c.penalty != "none"; }};
bool has_instance_noise(const Context& c) { return c.instance_noise_steps > 0; }
const Remedy kInstanceNoise{"--instance-noise 0.3", has_instance_noise};
const Remedy kWeakInstanceNoise{"--instance-noise 0.1", has_instance_noise};
const Remedy kStddev{"--minibatch-stddev", [](const Context& c) { return c.minibatch_stddev; }};
const Remedy kSpectralNorm{"--spectral-norm", [](const Context& c) { return c.spectral_norm; }};
const Remedy kOtherLoss{"--loss non-saturating",
                        [](const Context& c) { return c.loss == "non-saturating"; }};
const Remedy kMoreSteps{"--k 2"};
const Remedy kLargerNetworks{"a larger --width or --layers"};
const Remedy kSmallerRate{"a smaller --lr"};
const Remedy kSmallerRateOfD{"a smaller --lr-d"};
const Remedy kLargerRateOfD{"a larger --lr-d"};

struct Symptom {
    std::int64_t patience;      // steps that it lasts before it is reported
    double Numbers::*measured;  // observed only at steps with this metric; null: at every step
    std::string (*observation)(const Numbers& n, const Context& c);
    const char* meaning;
    std::vector<const Remedy*> remedies;
};

const std::vector<Symptom>& symptoms() {
    using N = Numbers;
    // clang-format off
    static const std::vector<Symptom> all{
        {2000, &N::modes, missing_modes, "mode collapse",
         {&kPacking, &kPenalty, &kInstanceNoise, &kStddev}},
        {2000, &N::class_distance, missing_classes, "mode collapse",
         {&kPacking, &kPenalty, &kStddev}},
        {300, nullptr, saturated, "G gets no gradient",
         {&kOtherLoss, &kPenalty, &kSmallerRateOfD}},
        {3000, nullptr, generator_behind, "G falls behind",
         {&kPenalty, &kWeakInstanceNoise, &kSpectralNorm, &kSmallerRateOfD}},
        {2000, &N::high_quality, discriminator_blind, "D is too weak",
         {&kMoreSteps, &kLargerNetworks, &kLargerRateOfD}},
        {100, nullptr, diverging, "training diverges",
         {&kPenalty, &kSpectralNorm, &kSmallerRate}},
        {500, nullptr, generator_starved, "G hardly learns",
         {&kPenalty, &kSmallerRateOfD}},
    };
    // clang-format on
    return all;
}

// "; try --pac 2, --gp r1 or --minibatch-stddev": nothing that is in use already.
std::string advice(const std::vector<const Remedy*>& remedies, const Context& c) {
    std::vector<std::string> options;
    for (const Remedy* remedy : remedies) {
        if (remedy->in_use(c)) continue;
        options.push_back(remedy->options);
        if (remedy == &kSmallerRateOfD) options.back() += " (it is " + rounded(c.lr_d) + ")";
    }
    if (options.empty()) return "";
    std::string text = "; try " + options.front();
    for (std::size_t i = 1; i < options.size(); ++i)
        text += (i + 1 == options.size() ? " or " : ", ") + options[i];
    return text;
}

double found(const Scalars& scalars, const std::string& name) {
    for (const auto& [other, value] : scalars)
        if (other == name) return value;
    return NAN;
}

}  // namespace

Diagnostics::Diagnostics(DiagnosticContext context) : context_(std::move(context)) {
    for (const Symptom& symptom : symptoms()) episodes_.push_back({symptom.patience});
}

bool Diagnostics::Episode::observe(bool present, std::int64_t step) {
    if (present) {
        over_since.reset();
        if (!since) since = step;
    } else if (since) {
        if (!over_since) over_since = step;
        if (!reported || step - *over_since >= patience) *this = {patience};
    }
    if (!present || reported || step - *since < patience) return false;
    return reported = true;
}

double Diagnostics::smoothed(const std::string& name) const {
    const auto mean = means_.find(name);
    return mean == means_.end() ? NAN : mean->second;
}

std::vector<std::string> Diagnostics::observe(std::int64_t step, const Scalars& scalars) {
    for (const auto& [name, value] : scalars) {
        const auto [mean, is_new] = means_.try_emplace(name, value);
        if (!is_new) mean->second = kMeanDecay * mean->second + (1 - kMeanDecay) * value;
    }
    const Numbers numbers{
        .step = step,
        .real = smoothed("d_real"),
        .fake = smoothed("d_fake"),
        .logit_gradient = smoothed("logit_gradient"),
        .value = smoothed("value"),
        .largest_loss = std::max(std::abs(smoothed("d_loss")), std::abs(smoothed("g_loss"))),
        .gradient_ratio = smoothed("gradient_ratio"),
        .modes = found(scalars, "modes"),
        .class_distance = found(scalars, "class_tv"),
        .high_quality = found(scalars, "hq"),
    };
    std::vector<std::string> sentences;
    for (std::size_t i = 0; i < episodes_.size(); ++i) {
        const Symptom& symptom = symptoms()[i];
        if (symptom.measured != nullptr && std::isnan(numbers.*symptom.measured)) continue;
        const std::string observation = symptom.observation(numbers, context_);
        if (episodes_[i].observe(!observation.empty(), step))
            sentences.push_back(str(observation, " since step ", *episodes_[i].since, ": ",
                                    symptom.meaning, advice(symptom.remedies, context_)));
    }
    return sentences;
}

}  // namespace eps::models::gan
