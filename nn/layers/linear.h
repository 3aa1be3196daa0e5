#pragma once
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

struct LinearOptions {
    bool bias = true;
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};

/// The affine map y = x W^T + b. W and b start from U(-1/sqrt(in), 1/sqrt(in)), as in PyTorch.
/// Shapes: x [.., in], W [out, in], b [out] -> [.., out].
/// Throws: on other extents and dtypes than these.
class Linear final : public Module {
public:
    using Options = LinearOptions;
    Linear(std::int64_t in, std::int64_t out, LinearOptions options = {});
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

    Tensor weight;  // [out, in]
    Tensor bias;    // [out]; undefined without bias
};

}  // namespace eps::nn
