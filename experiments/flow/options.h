#pragma once
// The options of the family "flow": how the command line and config.json know them, and the same as
// structs, checked for what goes together.
#include <cstdint>
#include <string>
#include <vector>

#include "models/flow/catalog.h"
#include "models/ode.h"
#include "experiments/run/option.h"
#include "nn/optim/grad_scaler.h"

namespace eps::models::flow {

/// Of a run.
std::vector<Option> options();
/// Of drawing samples from one.
std::vector<Option> sample_options();

/// What a flow is fitted to.
enum class Target {
    energy,  // exp(-U) up to a constant, by the reverse KL divergence
    toy,     // points of the plane, by maximum likelihood or flow matching
    images   // by maximum likelihood, dequantised
};

struct Settings {
    std::string flow, target_name, data_dir;
    Target target;
    FlowOptions layers;                // of points; k of images: steps at each scale
    std::int64_t levels;               // scales of images
    std::string base;                  // "normal", "learned", "uniform" or "mixture"
    bool reversible, transport, path;  // --ot, --stl
    double noise;                      // on points in the first `anneal` steps; 0: none
    std::int64_t anneal;               // steps; 0: none
    std::int64_t batch;
    double lr;
    std::string lr_decay;
    double grad_clip, ema;  // 0: none
    std::int64_t steps;
    std::uint64_t seed;
    Device device;
    nn::GradScalerOptions loss_scaling;

    bool continuous() const { return flow == "cfm"; }
    /// Of a complete config. Throws one sentence, with what is allowed, where options do not go
    /// together.
    static Settings of(const Config& config);
};

/// "U1" to "U4", then the data sets.
std::vector<std::string> target_names();
Target target_of(const std::string& name);

/// The solver of a continuous flow, where `given` sample options name another. Throws where the run
/// has none to solve.
OdeOptions solver_of(const Settings& settings, const Config& given);

}  // namespace eps::models::flow
