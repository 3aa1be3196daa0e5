#pragma once
// Plain words when training goes wrong: a pure function of the numbers that metrics.jsonl has, told
// once an episode.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/run/task.h"

namespace eps::models::gan {

/// What the advice depends on: nobody is told to try what he does already.
struct Circumstances {
    std::string loss = "non-saturating";
    std::string penalty = "none";
    std::int64_t pac = 1, modes = 0;  // modes: that the data have; 0: not known
    double lr_d = 1e-3;
    bool spectral_norm = false;
    // until then G aims at blurred data, and what lies at modes tells nothing
    std::int64_t instance_noise_steps = 0;
};

class Diagnostics {
public:
    explicit Diagnostics(Circumstances circumstances);

    /// The numbers of a step, counted from 1, those of Report every time and metrics when there are
    /// some. -> sentences, mostly none.
    std::vector<std::string> see(std::int64_t step, const Scalars& scalars);

private:
    /// Something that is wrong, or not: told after it has been so for `patience` steps, forgotten
    /// after as many without it.
    struct Episode {
        std::int64_t patience;
        std::optional<std::int64_t> since = {}, over_since = {};
        bool told = false;
        /// Whether now is the time to tell.
        bool observe(bool wrong, std::int64_t step);
    };

    void follow(const Scalars& scalars);
    double smooth(const std::string& name) const;
    std::string advice(const std::vector<std::string>& ways) const;

    Circumstances circumstances_;
    std::map<std::string, double> means_;  // exponential, over about a hundred steps
    Episode collapse_{2000}, classes_{2000}, lost_{300}, behind_{3000}, blind_{2000}, huge_{100},
        starved_{500};
};

}  // namespace eps::models::gan
