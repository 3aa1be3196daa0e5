#pragma once
#include <optional>

#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

struct EmbeddingOptions {
    // a symbol that stands for nothing; negative: from the end
    std::optional<std::int64_t> padding_idx = {};
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};

/// A learned vector for each of `count` symbols: out[..] = weight[index[..]], index i64 [..] ->
/// [.., dim]. weight starts from N(0, 1), but the row of padding_idx from 0, and no gradient
/// reaches that row. Throws on an index outside [0, count) and on one that is not i64.
class Embedding final : public Module {
public:
    Embedding(std::int64_t count, std::int64_t dim, EmbeddingOptions options = {});
    Tensor forward(const Tensor& index) override;

    Tensor weight;  // [count, dim]

private:
    std::optional<std::int64_t> padding_;  // in [0, count)
};

}  // namespace eps::nn
