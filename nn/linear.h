#pragma once
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

struct LinearOptions {
    bool bias = true;
    DType dtype = f32;
    Generator* generator = nullptr;  // of the initial weights; the default generator if null
};

/// y = x weight^T + bias: [.., in] -> [.., out]. weight [out, in] and bias [out] start uniform on +-1/sqrt(in), as PyTorch's do.
class Linear : public Module {
public:
    Linear(std::int64_t in, std::int64_t out, LinearOptions options = {});
    Tensor forward(const Tensor& x) override;

    Tensor weight, bias;
};

}  // namespace eps::nn
