#include "experiments/flow/plots.h"

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr std::int64_t kAtOnce = 8192;  // points whose density is computed at once: bounds memory
constexpr std::int64_t kLines = 13, kPoints = 120;  // lines of the grid each way, points of a line
constexpr std::int64_t kSide = 240, kGap = 4;       // pixels
constexpr std::int64_t kFrames = 33;
constexpr Colour kGrid{0.1f, 0.3f, 0.8f};

Tensor grid_points() {
    const Tensor along = linspace(-3, 3, kPoints), line = ones({kPoints});
    std::vector<Tensor> points;
    for (std::int64_t i = 0; i < kLines; ++i) {
        const double at = -3 + 6 * static_cast<double>(i) / static_cast<double>(kLines - 1);
        points.push_back(stack({along, line * at}, 1));
        points.push_back(stack({line * at, along}, 1));
    }
    return concat(points);
}

}  // namespace

Tensor log_density_at_pixels(const LogDensity& log_density, const Window& window,
                             std::int64_t side) {
    const NoGrad guard;
    std::vector<Tensor> values;
    for (const Tensor& x : split(pixel_points(window, side, side), kAtOnce))
        values.push_back(to(log_density(x), f64));
    return reshape(concat(values), {side, side});
}

Tensor density_map(const Tensor& log_density, double peak) {
    return heat_map(exp(log_density - peak), 0, 1);
}

Tensor side_by_side(const Tensor& left, const Tensor& right) {
    return concat({left, ones({left.size(0), kGap, 3}), right}, 1);
}

Picture warp(Model& model, const Window& window, Generator& generator) {
    const NoGrad guard;
    const Tensor base = model.q->base().sample(kDots, generator);
    const std::vector<Tensor> grid = trajectory(model, to(grid_points(), base.device()), kFrames);
    const std::vector<Tensor> dots = trajectory(model, base, kFrames);
    std::vector<Tensor> frames;
    for (std::size_t i = 0; i < grid.size(); ++i) {
        Tensor frame = ones({kSide, kSide, 3});
        scatter(frame, window, grid[i], kGrid, 0.9, 0.6);
        scatter(frame, window, dots[i], kSamples, 1.2, 0.6);
        frames.push_back(frame);
    }
    return {.name = "warp", .pixels = stack(frames), .scale = 1};
}

}  // namespace eps::models::flow
