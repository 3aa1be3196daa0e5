#pragma once
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

struct EmbeddingOptions {
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};

/// A learned vector for each of `count` symbols: out[..] = weight[index[..]], index i64 [..] -> [.., dim]. weight starts from N(0, 1).
/// Throws on an index outside [0, count) and on one that is not i64.
class Embedding final : public Module {
public:
    Embedding(std::int64_t count, std::int64_t dim, EmbeddingOptions options = {});
    Tensor forward(const Tensor& index) override;

    Tensor weight;  // [count, dim]
};

}  // namespace eps::nn
