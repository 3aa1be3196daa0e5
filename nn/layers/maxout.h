#pragma once
#include "nn/layers/linear.h"

namespace eps::nn {

/// y_i = max_j (x W^T + b)_ij over `pieces` affine maps for each output: x [.., in] -> [.., out]
/// (Goodfellow et al. 2013, section 2). Ties share the gradient. Parameters: linear.weight [out
/// pieces, in] and linear.bias, output i's pieces next to each other, started as Linear's.
class Maxout final : public Module {
public:
    Maxout(std::int64_t in, std::int64_t out, std::int64_t pieces, LinearOptions options = {});
    Tensor forward(const Tensor& x) override;

    Linear linear;

private:
    std::int64_t pieces_;
};

}  // namespace eps::nn
