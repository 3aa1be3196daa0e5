#pragma once
// Softmax and its logarithm.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// exp(x) / sum exp(x) along dim. The largest x is subtracted first, so that nothing overflows.
Tensor softmax(const Tensor& x, std::int64_t dim = -1);
/// x - log sum exp(x) along dim.
Tensor log_softmax(const Tensor& x, std::int64_t dim = -1);

}  // namespace eps
