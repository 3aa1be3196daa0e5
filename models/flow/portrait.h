#pragma once
// Pictures of flows of the plane: densities, and the way there.
#include <functional>
#include <vector>

#include "models/picture/plot.h"
#include "models/training/task.h"

namespace eps::models::flow {

/// x [n, 2] -> log-density, or minus an energy [n]
using LogDensity = std::function<Tensor(const Tensor& x)>;

/// Log-densities at the pixels of a square picture of the window: [side, side]
Tensor log_density_at_pixels(const LogDensity& log_density, const Window& window, std::int64_t side);
/// Densities from log-densities [H, W], as a heat map from 0 to exp(peak) -> [H, W, 3]
Tensor density_map(const Tensor& log_density, double peak);
/// Two pictures of one height, with a white line between them.
Tensor side_by_side(const Tensor& left, const Tensor& right);

/// The lines of a square grid on [-3, 3]^2, as points [n, 2].
Tensor grid_points();
/// A film [F, H, W, 3] of where a flow takes a grid and samples, [n, 2] each at every frame.
Tensor warp_film(const std::vector<Tensor>& grid, const std::vector<Tensor>& samples, const Window& window);

}  // namespace eps::models::flow
