#pragma once
// The options of the family "flow": one table for --help, config.json and the struct.
#include <string>
#include <vector>

#include "experiments/run/run_settings.h"
#include "models/flow/catalog.h"
#include "models/ode.h"

namespace eps::models::flow {

/// What a flow is fitted to.
enum class Target {
    energy,  // exp(-U) up to a constant, by the reverse KL divergence
    toy,     // points in the plane, by maximum likelihood or flow matching
    images   // by maximum likelihood, dequantised
};

struct Settings : RunSettings {
    std::string flow = "spline";
    std::string target_name = "moons";
    std::string data_dir;
    // The layers of flows of points; of images only k (steps at each scale) and width count.
    FlowOptions layers{.k = 8, .width = 64, .hidden = 2, .bins = 0, .bound = 0, .limit = 0};
    std::int64_t levels = 0;      // scales, images only
    std::string base = "normal";  // "normal", "learned", "uniform" or "mixture"
    bool reversible = false;      // layers keep no input: backward inverts them
    bool transport = false;       // --ot
    bool path = false;            // --stl
    double noise = 0;             // on points in the first `anneal` steps; 0: none
    std::int64_t anneal = 0;      // steps; 0: none
    std::int64_t batch = 256;
    double lr = 2e-3;
    std::string lr_decay = "cosine";
    double grad_clip = 5;  // 0: none
    double ema = 0;        // 0: none

    Target target = Target::toy;  // follows from target_name, set by of()

    bool continuous() const { return flow == "cfm"; }

    static const std::vector<Field<Settings>>& fields();
    /// From a complete config. Throws one sentence, with what is allowed, where options do not go
    /// together.
    static Settings of(const Config& config);
};

/// The config of a new run: `given` with the default of every option that it lacks, some of which
/// follow from the flow and its target. Throws where options do not go together.
Config complete(const Config& given);
/// The default settings of this flow for this target.
Settings preset(const std::string& flow, const std::string& target);

/// "U1" to "U4", then the data sets.
std::vector<std::string> target_names();
Target target_of(const std::string& name);

/// Options of sampling from a run: the solver of a continuous flow.
const std::vector<Field<OdeOptions>>& solver_fields();
/// The solver of a continuous flow, with the sampling options that are given. Throws where the run
/// has none.
OdeOptions solver_of(const Settings& settings, const Config& given);

}  // namespace eps::models::flow
