// The default settings of each flow on each target, found by experiment where no source is named.
#include <algorithm>

#include "experiments/flow/options.h"

namespace eps::models::flow {
namespace {

// The defaults of a flow of points, whatever they are.
Settings flow_preset(const std::string& flow) {
    Settings s;
    if (flow == "planar" || flow == "radial") {
        s.layers.k = 32;
        s.layers.width = s.layers.hidden = 0;
        s.lr = 5e-3;
    } else if (flow == "spline") {
        s.layers.k = 4;
        s.layers.bins = 16;
        s.layers.bound = 5;
        s.lr = 4e-3;
    } else if (flow == "cfm") {
        s.layers.k = 1;
        s.layers.width = 128;
        s.layers.hidden = 3;
        s.ema = 0.999;
    } else if (flow != "nice") {
        s.layers.limit = 2;
    }
    return s;
}

// Gradients of energies are not clipped: with clipping, U4 at K = 32 ended at .22 nats instead of
// .02.
Settings energy_preset(const std::string& flow) {
    Settings s = flow_preset(flow);
    s.base = "learned";
    s.grad_clip = 0;
    if (flow == "planar") s.lr = 1e-2;
    return s;
}

// The edges need steep maps: with a limit of 2 and 8 layers the gap to the entropy was .115 nats.
Settings realnvp_checkerboard() {
    Settings s = flow_preset("realnvp");
    s.layers.k = 12;
    s.layers.limit = 4;
    s.base = "mixture";
    s.batch = 512;
    s.ema = 0.999;
    return s;
}
// Modes far apart: from a normal base the gap was .16 nats at best, with 16 layers.
Settings realnvp_ring() {
    Settings s = flow_preset("realnvp");
    s.layers.k = 4;
    s.layers.limit = 4;
    s.base = "mixture";
    s.noise = 0.5;
    s.lr = 1e-2;
    s.ema = 0.999;
    return s;
}
Settings spline_checkerboard() {
    Settings s = flow_preset("spline");
    s.base = "uniform";
    s.layers.bound = 2;
    return s;
}
// As for RealNVP: .030 from a normal base with 4 layers of 16 bins.
Settings spline_ring() {
    Settings s = flow_preset("spline");
    s.layers.k = 2;
    s.layers.bins = 8;
    s.base = "mixture";
    s.noise = 0.5;
    s.lr = 1e-2;
    s.ema = 0.999;
    return s;
}

// Filters and steps that two cores can train.
Settings image_preset() {
    Settings s;
    s.layers.k = 4;
    s.layers.width = 32;
    s.layers.hidden = 0;
    s.levels = 2;
    s.batch = 32;
    s.lr = 1e-3;
    s.ema = 0.99;
    return s;
}

// 10 000 steps in Rezende & Mohamed 2015, eq. 20; in a short run a quarter, chosen by experiment.
std::int64_t beta_steps(std::int64_t steps) {
    return steps > 0 ? std::clamp<std::int64_t>(steps / 4, 1, 10000) : 10000;
}
// Two thirds of the run: a flow learns least while the noise is large, and needs time at every size
// of it.
std::int64_t noisy_steps(std::int64_t steps) {
    return steps > 0 ? std::max<std::int64_t>(2 * steps / 3, 1) : 10000;
}

}  // namespace

Settings preset(const std::string& flow, const std::string& target) {
    if (target_of(target) == Target::images) return image_preset();
    if (target_of(target) == Target::energy) return energy_preset(flow);
    if (flow == "realnvp" && target == "checkerboard") return realnvp_checkerboard();
    if (flow == "realnvp" && target == "ring8") return realnvp_ring();
    if (flow == "spline" && target == "checkerboard") return spline_checkerboard();
    if (flow == "spline" && target == "ring8") return spline_ring();
    return flow_preset(flow);
}

Config complete(const Config& given) {
    const auto asked = overridden(Settings{}, given);
    Settings s = overridden(preset(asked.flow, asked.target_name), given);
    if (!given.has("anneal")) {
        if (target_of(s.target_name) == Target::energy)
            s.anneal = beta_steps(s.steps);
        else if (s.noise > 0)
            s.anneal = noisy_steps(s.steps);
    }
    if (!given.has("lr-decay") && s.steps == 0) s.lr_decay = "none";
    const Config config = completed(given, s);
    Settings::of(config);
    return config;
}

}  // namespace eps::models::flow
