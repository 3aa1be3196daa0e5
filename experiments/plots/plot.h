#pragma once
// Drawing in the plane: functions as heat maps, samples as dots. Pictures are f32 [H, W, 3] in
// [0, 1], with the first row at the top.
#include <array>

#include "tensor/tensor.h"

namespace eps::models {

/// The part of the plane that a picture shows.
struct Window {
    double left, right, bottom, top;
};
using Colour = std::array<float, 3>;

/// A square window around points [N, 2], N >= 1, with a margin of a fifth.
Window window_around(const Tensor& points);

/// The centres of a picture's pixels, where a function must be evaluated for heat_map.
/// Shapes: f32 [H W, 2], row by row from the top.
Tensor pixel_points(const Window& window, std::int64_t height, std::int64_t width);
/// Values as colours, on a perceptually even scale from `low` (dark purple) to `high` (light
/// yellow). Values beyond get the end colours, NaN is gray. Shapes: values [H, W] -> [H, W, 3].
Tensor heat_map(const Tensor& values, double low, double high);
/// Draws points [N, 2] onto `picture` as soft dots of `radius` pixels. Points outside of the
/// window, and NaN, are not drawn.
void scatter(Tensor& picture, const Window& window, const Tensor& points, Colour colour,
             double radius = 1.5, double opacity = 0.7);

}  // namespace eps::models
