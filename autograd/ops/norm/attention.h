#pragma once
// Scaled dot-product attention.
#include <optional>

#include "tensor/tensor.h"

namespace eps {

struct AttentionArguments {
    /// Broadcasts to [B, H, L, S]: bool (true where a query may read a key), or of q's dtype, added
    /// to the scores.
    Tensor mask = {};
    bool causal = false;               // query i reads keys 0 to i
    std::optional<double> scale = {};  // 1 / sqrt(D) by default
    /// If positive, scores become softcap tanh(scores / softcap) before the mask, and stay below it
    /// (Gemma Team 2024, section 2). The kernels do not know it: all scores are held at once.
    double softcap = 0;
};

/// Averages the values v with weights that say how well each key fits a query.
///     softmax(scale q k^T + mask) v
/// Scores are held for a block of queries at a time only. A query that may read no key gives zeros.
/// Shapes: q [B, H, L, D], k [B, H, S, D], v [B, H, S, V] -> [B, H, L, V], or all without H.
/// Throws unless all three have one dtype, f32 or f64.
/// Source: Vaswani et al. 2017, "Attention is all you need", equation 1.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionArguments& arguments = {});

/// The weights by which scaled_dot_product_attention averages the values, all of them at once.
///     softmax(scale q k^T + mask)
/// Shapes: q [B, H, L, D], k [B, H, S, D] -> [B, H, L, S], or all without H.
/// Throws unless both have one dtype, f32 or f64.
Tensor attention_weights(const Tensor& q, const Tensor& k,
                         const AttentionArguments& arguments = {});

}  // namespace eps
