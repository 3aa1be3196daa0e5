#pragma once
// Softmax and its logarithm. With a dtype, x is converted to it first: sums of an f32 tensor in
// f64.
#include <cstdint>
#include <optional>

#include "tensor/tensor.h"

namespace eps {

/// exp(x) / sum exp(x) along dim. The largest x is subtracted first, so that nothing overflows.
Tensor softmax(const Tensor& x, std::int64_t dim = -1, std::optional<DType> dtype = {});
/// x - log sum exp(x) along dim.
Tensor log_softmax(const Tensor& x, std::int64_t dim = -1, std::optional<DType> dtype = {});

}  // namespace eps
