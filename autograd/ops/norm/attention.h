#pragma once
#include <optional>

#include "tensor/tensor.h"

namespace eps {

struct AttentionArguments {
    // bool (true: is seen) or of q's dtype (is added to the scores); broadcasts to [B, H, L, S]
    Tensor mask = {};
    bool causal = false;               // query i sees keys 0 to i
    std::optional<double> scale = {};  // 1 / sqrt(D) unless given
};

/// softmax(scale q k^T + mask) v (Vaswani et al. 2017, equation 1): q [B, H, L, D], k [B, H, S, D],
/// v [B, H, S, V] -> [B, H, L, V], or all of them without H. Scores exist for a block of queries at
/// a time only. A query that sees no key gives zeros.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionArguments& arguments = {});

}  // namespace eps
