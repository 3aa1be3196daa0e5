#pragma once
#include "nn/layers/linear.h"

namespace eps::nn {

/// The largest of `pieces` affine maps for each output: y_i = max_j (x W^T + b)_ij. Ties share the
/// gradient. Parameters: linear.weight [out pieces, in] and linear.bias, with the pieces of an
/// output next to each other; they start as those of Linear.
/// Shapes: x [.., in] -> [.., out].
/// Source: Goodfellow et al. 2013, section 2.
class Maxout final : public Module {
public:
    Maxout(std::int64_t in, std::int64_t out, std::int64_t pieces, LinearOptions options = {});
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override { return str(pieces_, " pieces"); }

    Linear linear;

private:
    std::int64_t pieces_;
};

}  // namespace eps::nn
