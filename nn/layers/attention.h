#pragma once
#include "nn/layers/linear.h"
#include "nn/module.h"

namespace eps::nn {

/// Multi-head attention, batch first. Parameters have PyTorch's names: in_proj_weight [3 E, E],
/// in_proj_bias [3 E], out_proj.weight [E, E], out_proj.bias [E]. As in PyTorch, in_proj_weight
/// starts by the uniform rule of Glorot and Bengio (2010) and biases start at 0.
/// Source: Vaswani et al. 2017, section 3.2.2.
class MultiheadAttention final : public Module {
public:
    /// width: E, a multiple of `heads`.
    MultiheadAttention(std::int64_t width, std::int64_t heads, Generator* generator = nullptr);
    /// Self-attention.
    /// Shapes: x [B, L, E] -> [B, L, E].
    Tensor forward(const Tensor& x) override { return forward(x, x, x); }
    /// mask and causal are those of scaled_dot_product_attention.
    /// Shapes: query [B, L, E], key and value [B, S, E] -> [B, L, E].
    Tensor forward(const Tensor& query, const Tensor& key, const Tensor& value,
                   const Tensor& mask = {}, bool causal = false);
    std::string extra_repr() const override;

    Tensor in_proj_weight, in_proj_bias;
    Linear out_proj;

private:
    Tensor heads_of(const Tensor& x, std::int64_t part) const;
    std::int64_t width_, heads_;
};

}  // namespace eps::nn
