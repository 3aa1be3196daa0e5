#pragma once
#include "tensor/tensor.h"

namespace eps {

/// How many elements of the sorted line lie below each value, or, with `right`, do not lie above
/// it: where it would be inserted. sorted is one line, or [.., K] with a line for each row of
/// values [.., M]. i64; NaN is larger than everything.
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right = false);
/// The bin of each value between the sorted boundaries [K], 0 to K: searchsorted with its arguments
/// turned round.
Tensor bucketize(const Tensor& values, const Tensor& boundaries, bool right = false);

}  // namespace eps
