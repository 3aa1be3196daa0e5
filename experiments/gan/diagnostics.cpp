#include "experiments/gan/diagnostics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace eps::models::gan {
namespace {

constexpr double kMemory = 0.98;                      // of the means
constexpr double kEquilibrium = -1.3862943611198906;  // V = -log 4

std::string rounded(double value, const char* format = "%.2g") {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}
std::string percent(double share) { return rounded(100 * share, "%.0f") + "%"; }

const double* found(const Scalars& scalars, const std::string& name) {
    const auto entry = std::find_if(scalars.begin(), scalars.end(),
                                    [&](const auto& scalar) { return scalar.first == name; });
    return entry == scalars.end() ? nullptr : &entry->second;
}

}  // namespace

Diagnostics::Diagnostics(Circumstances circumstances) : circumstances_(std::move(circumstances)) {}

bool Diagnostics::Episode::observe(bool wrong, std::int64_t step) {
    if (wrong) {
        over_since.reset();
        if (!since) since = step;
    } else if (since) {
        if (!over_since) over_since = step;
        if (!told || step - *over_since >= patience) *this = {patience};
    }
    if (!wrong || told || step - *since < patience) return false;
    return told = true;
}

void Diagnostics::follow(const Scalars& scalars) {
    for (const auto& [name, value] : scalars) {
        const auto [mean, is_new] = means_.try_emplace(name, value);
        if (!is_new) mean->second = kMemory * mean->second + (1 - kMemory) * value;
    }
}

double Diagnostics::smooth(const std::string& name) const {
    const auto mean = means_.find(name);
    return mean == means_.end() ? NAN : mean->second;
}

std::string Diagnostics::advice(const std::vector<std::string>& ways) const {
    const auto in_use = [&](const std::string& way) {
        return (way.starts_with("--gp") && circumstances_.penalty != "none") ||
               (way.starts_with("--pac") && circumstances_.pac > 1) ||
               way == "--loss " + circumstances_.loss ||
               (way.starts_with("--instance-noise") && circumstances_.instance_noise_steps > 0) ||
               (way.starts_with("--spectral-norm") && circumstances_.spectral_norm);
    };
    std::vector<std::string> left;
    std::copy_if(ways.begin(), ways.end(), std::back_inserter(left),
                 [&](const std::string& way) { return !in_use(way); });
    std::string text = "; try ";
    for (std::size_t i = 0; i < left.size(); ++i)
        text += (i == 0 ? "" : i + 1 == left.size() ? " or " : ", ") + left[i];
    return text;
}

std::vector<std::string> Diagnostics::see(std::int64_t step, const Scalars& scalars) {
    follow(scalars);
    std::vector<std::string> notes;
    const auto since = [](const Episode& episode) {
        return " since step " + std::to_string(*episode.since);
    };
    const auto tell = [&](const std::string& what, const std::vector<std::string>& ways) {
        notes.push_back(what + advice(ways));
    };
    const std::string smaller_lr_d =
        "a smaller --lr-d (it is " + rounded(circumstances_.lr_d) + ")";
    // D's logits are log odds
    const bool probabilities =
        circumstances_.loss == "non-saturating" || circumstances_.loss == "minimax";
    const double real = smooth("d_real"), fake = smooth("d_fake"),
                 gradient = smooth("logit_gradient"), value = smooth("value");

    const bool sharp = step > circumstances_.instance_noise_steps;
    if (const double* modes = found(scalars, "modes"); modes && circumstances_.modes > 0 && sharp)
        if (collapse_.observe(*modes < static_cast<double>(circumstances_.modes), step))
            tell(rounded(*modes, "%.0f") + " of " + std::to_string(circumstances_.modes) +
                     " modes" + since(collapse_) + ": mode collapse",
                 {"--pac 2", "--gp r1", "--instance-noise 0.3", "--minibatch-stddev"});
    if (const double* distance = found(scalars, "class_tv");
        distance && classes_.observe(*distance > 0.3, step))
        tell("the classes of samples are far from the data's (total variation " +
                 rounded(*distance) + ")" + since(classes_) + ": mode collapse",
             {"--pac 2", "--gp r1", "--minibatch-stddev"});

    const bool wins = probabilities && real > 0.98 && fake < 0.02;
    if (lost_.observe(wins && gradient < 1e-2, step))
        tell("D is right on " + percent((real + 1 - fake) / 2) +
                 " of samples and its logit gradient is " + rounded(gradient, "%.0e") +
                 since(lost_) + ": G gets no gradient",
             {"--loss non-saturating", "--gp r1", smaller_lr_d});
    if (behind_.observe(wins && gradient >= 1e-2, step))
        tell("D tells nearly all samples from data (" + percent(real) + " and " + percent(fake) +
                 " taken for data)" + since(behind_) + ": G falls behind",
             {"--gp r1", "--instance-noise 0.1", "--spectral-norm", smaller_lr_d});

    if (const double* hq = found(scalars, "hq"); hq && sharp)
        if (blind_.observe(probabilities && std::abs(value - kEquilibrium) < 0.01 && *hq < 0.5,
                           step))
            tell("V has been at -log 4, where D cannot tell samples from data," + since(blind_) +
                     ", but only " + percent(*hq) +
                     " of samples are of high quality: D is too weak",
                 {"--k 2", "a larger --width or --layers", "a larger --lr-d"});

    const double size = std::max(std::abs(smooth("d_loss")), std::abs(smooth("g_loss")));
    if (huge_.observe(size > 100, step))
        tell("the losses are large (" + rounded(size) + ")" + since(huge_) + ": training diverges",
             {"--gp r1", "--spectral-norm", "a smaller --lr"});
    if (const double ratio = smooth("gradient_ratio");
        starved_.observe(ratio < 1e-4 && !wins, step))
        tell("G's gradient is " + rounded(ratio, "%.0e") + " of D's" + since(starved_) +
                 ": G hardly learns",
             {"--gp r1", smaller_lr_d});
    return notes;
}

}  // namespace eps::models::gan
