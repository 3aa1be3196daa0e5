#pragma once
// Pictures of flows of the plane: densities, and the path from the base to the data.
#include <functional>
#include <vector>

#include "experiments/flow/model.h"
#include "experiments/plots/plot.h"
#include "experiments/run/task.h"

namespace eps::models::flow {

constexpr Colour kSamples{1.0f, 0.3f, 0.2f};
constexpr std::int64_t kDots = 1000;  // samples in a picture

/// Points [n, 2] -> log-densities, or negated energies [n].
using LogDensity = std::function<Tensor(const Tensor& x)>;

/// Log-densities at the pixels of a square picture of the window: [side, side].
Tensor log_density_at_pixels(const LogDensity& log_density, const Window& window,
                             std::int64_t side);
/// The densities of log-densities [H, W], as a heat map from 0 to exp(peak): [H, W, 3].
Tensor density_map(const Tensor& log_density, double peak);
/// Two pictures of one height, with a white line between them.
Tensor side_by_side(const Tensor& left, const Tensor& right);

/// The film "warp": where the flow takes the lines of a grid on [-3, 3]^2 and samples of the base
/// (dots), layer by layer, in the flow's units.
Picture warp(Model& model, const Window& window, Generator& generator);

}  // namespace eps::models::flow
