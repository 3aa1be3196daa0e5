#pragma once
// Softmax and its logarithm, as compositions: derivatives of every order come with the parts.
#include "tensor/tensor.h"

namespace eps::nn {

/// x - log sum exp x along dim, computed as s - log sum exp(s), s = x - max x: exact for large x, where x - logsumexp(x) is not.
/// [..] -> [..]. NaN where every x is -inf.
Tensor log_softmax(const Tensor& x, std::int64_t dim = -1);
/// exp(x) / sum exp(x) along dim, computed from s = x - max x. [..] -> [..], positive, summing to 1.
Tensor softmax(const Tensor& x, std::int64_t dim = -1);

}  // namespace eps::nn
