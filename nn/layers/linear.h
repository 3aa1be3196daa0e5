#pragma once
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

struct LinearOptions {
    bool bias = true;
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};

/// y = x W^T + b: x [.., in], W [out, in], b [out] -> [.., out]. Throws on other extents and dtypes
/// than these. W and b start from U(-1/sqrt(in), 1/sqrt(in)), as in PyTorch.
class Linear final : public Module {
public:
    Linear(std::int64_t in, std::int64_t out, LinearOptions options = {});
    Tensor forward(const Tensor& x) override;

    Tensor weight;  // [out, in]
    Tensor bias;    // [out]; undefined without bias
};

}  // namespace eps::nn
