#pragma once
// The classifier two-sample test: can a classifier tell samples from data?
// Source: Lopez-Paz & Oquab 2017.
#include "experiments/metrics/measured.h"
#include "tensor/tensor.h"

namespace eps::metrics {

/// The accuracy of a classifier on held-out points; 0.5 if it cannot tell the sets apart.
///
/// The classifier is the paper's C2ST-KNN: a majority of k nearest neighbours, with k the largest
/// odd number up to the square root of the number of its points. It knows the first half of each
/// set and classifies the second half, so the order of rows must be random. Shapes: x, y [n, D].
/// Throws for fewer than 4 points per set, and for sets of different sizes.
Measured c2st(const Tensor& x, const Tensor& y);

}  // namespace eps::metrics
