#pragma once
// Drawing in the plane: functions as heat maps, samples as dots. Pictures are f32 [H, W, 3] in [0,
// 1], the first row at the top.
#include <array>

#include "tensor/tensor.h"

namespace eps::models {

/// The part of the plane a picture shows.
struct Window {
    double left, right, bottom, top;
};
using Colour = std::array<float, 3>;

/// The points [N, 2], N >= 1, with a margin of a fifth, as wide as high.
Window window_around(const Tensor& points);

/// Centres of the pixels of a picture of `window`: f32 [H W, 2], row by row from the top: where to
/// evaluate what heat_map is to show.
Tensor pixel_points(const Window& window, std::int64_t height, std::int64_t width);
/// values [H, W] -> [H, W, 3]: a perceptually even scale of colours from `low` (dark purple) to
/// `high` (light yellow), values beyond them in the end colours, NaN in gray.
Tensor heat_map(const Tensor& values, double low, double high);
/// Draws points [N, 2] onto `picture` as soft dots of `radius` pixels; those outside the window,
/// and NaN, are left out.
void scatter(Tensor& picture, const Window& window, const Tensor& points, Colour colour,
             double radius = 1.5, double opacity = 0.7);

}  // namespace eps::models
