#pragma once
// Notices when GAN training goes wrong, from the numbers that metrics.jsonl holds, and says so in
// plain words, once an episode: what is observed, what it means, what to try.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/run/task.h"

namespace eps::models::gan {

/// Settings that the diagnosis depends on: nothing is recommended that is in use already.
struct DiagnosticContext {
    std::string loss = "non-saturating";
    std::string penalty = "none";
    std::int64_t pac = 1;
    std::int64_t modes = 0;  // modes of the data; 0: not known
    double lr_d = 1e-3;
    bool spectral_norm = false;
    bool minibatch_stddev = false;
    // While there is instance noise, G aims at blurred data, and modes say nothing yet.
    std::int64_t instance_noise_steps = 0;
};

class Diagnostics {
public:
    explicit Diagnostics(DiagnosticContext context);

    /// Takes the numbers of a step, counted from 1: those of Report at every step, metrics when
    /// there are some. Returns sentences, mostly none.
    std::vector<std::string> observe(std::int64_t step, const Scalars& scalars);

private:
    /// The time for which a symptom has lasted. It is reported after `patience` steps, and
    /// forgotten after as many without it.
    struct Episode {
        std::int64_t patience;
        std::optional<std::int64_t> since = {}, over_since = {};
        bool reported = false;
        /// Whether to report now.
        bool observe(bool present, std::int64_t step);
    };

    double smoothed(const std::string& name) const;

    DiagnosticContext context_;
    std::map<std::string, double> means_;  // exponential, over about a hundred steps
    std::vector<Episode> episodes_;        // one for each symptom
};

}  // namespace eps::models::gan
