#pragma once
// Distances between two sets of points, a block of rows at a time, so that memory stays bounded
// whatever the sets' sizes.
#include <cstdint>
#include <functional>

#include "tensor/tensor.h"

namespace eps::models {

/// Throws, naming `op`, unless x is f32 or f64 [n, D], n >= least, D >= 1, and every element is
/// finite.
void check_points(const Tensor& x, const char* op, std::int64_t least = 1);
/// The same of both, and that they have one D.
void check_points(const Tensor& x, const Tensor& y, const char* op, std::int64_t least = 1);

/// visit(first, squared) for blocks of rows of x in order: squared [rows, m] = max(0, ||x_i||^2 +
/// ||y_j||^2 - 2 x_i . y_j), i from `first`, of the later dtype of the two. Rounding is that of the
/// norms, not of the distance: pass f64 where points lie close together and far from 0. Equal
/// points give equal bits, whichever set they stand in.
void for_distances(const Tensor& x, const Tensor& y,
                   const std::function<void(std::int64_t first, const Tensor& squared)>& visit);

}  // namespace eps::models
