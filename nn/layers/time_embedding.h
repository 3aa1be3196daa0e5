#pragma once
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::nn {

/// Sinusoids of t at `width` / 2 frequencies, geometric from 1 to 1 / 10000 (Vaswani et al. 2017,
/// section 3.5; Ho et al. 2020, appendix B): [sin(t f_0) .. sin(t f_n), cos(t f_0) .. cos(t f_n)],
/// f_i = 10000^(-i / (n - 1)), n = width / 2. t [B], integers or real -> f32 [B, width]. No
/// gradient flows to t.
Tensor time_embedding(const Tensor& t, std::int64_t width);

}  // namespace eps::nn
