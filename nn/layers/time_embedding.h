#pragma once
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::nn {

/// Sinusoids of t at n = width / 2 frequencies, which fall geometrically from 1 to 1 / 10000. No
/// gradient flows to t.
///     [sin(t f_0) .. sin(t f_{n-1}), cos(t f_0) .. cos(t f_{n-1})],  f_i = 10000^(-i / (n - 1))
/// Shapes: t [B], integers or real -> f32 [B, width].
/// Source: Vaswani et al. 2017, section 3.5; Ho et al. 2020, appendix B.
Tensor time_embedding(const Tensor& t, std::int64_t width);

}  // namespace eps::nn
