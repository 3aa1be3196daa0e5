#pragma once
// Binary search in sorted lines.
#include "tensor/tensor.h"

namespace eps {

/// Where each value would be inserted into a sorted line, i64: the number of elements of the line
/// that are less than it, or, with `right`, not greater. NaN is larger than everything.
/// Shapes: sorted [K], or [.., K] with a line for each row of values [.., M] -> values'.
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right = false);
/// The bin of each value between sorted boundaries [K], 0 to K: searchsorted with its arguments
/// exchanged.
Tensor bucketize(const Tensor& values, const Tensor& boundaries, bool right = false);

}  // namespace eps
