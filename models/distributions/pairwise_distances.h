#pragma once
// Distances between two sets of points, in blocks, so that memory stays bounded for sets of any
// size.
#include <cstdint>
#include <functional>

#include "tensor/tensor.h"

namespace eps::models {

/// Throws: naming `op`, unless x is f32 or f64 [n, D], n >= least, D >= 1, and all finite.
void check_points(const Tensor& x, const char* op, std::int64_t least = 1);
/// The same for both, and unless they have one D.
void check_points(const Tensor& x, const Tensor& y, const char* op, std::int64_t least = 1);

/// Calls visit(first, squared) for consecutive blocks of x, with
///     squared[i - first, j] = ||x_i - y_j||^2,  i >= first,
/// in f64 if either is. They are computed as ||x_i||^2 + ||y_j||^2 - 2 x_i . y_j, and where that
/// cancels, because points lie close together and far from 0, from the differences. Equal points
/// give equal bits in either set.
/// Shapes: x [n, D], y [m, D]; squared [rows, m]
void for_distances(const Tensor& x, const Tensor& y,
                   const std::function<void(std::int64_t first, const Tensor& squared)>& visit);

}  // namespace eps::models
