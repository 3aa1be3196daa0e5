#pragma once
#include <optional>

#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

struct EmbeddingOptions {
    // The symbol that stands for nothing; a negative one counts from the end.
    std::optional<std::int64_t> padding_idx = {};
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};

/// A learned vector for each of `count` symbols: out[..] = weight[index[..]]. The weight starts
/// from N(0, 1). The vector of padding_idx starts at 0 and gets no gradient.
/// Shapes: index i64 [..] -> [.., dim].
/// Throws: on an index outside [0, count) and on one that is not i64.
class Embedding final : public Module {
public:
    using Options = EmbeddingOptions;
    Embedding(std::int64_t count, std::int64_t dim, EmbeddingOptions options = {});
    Tensor forward(const Tensor& index) override;
    std::string extra_repr() const override;

    Tensor weight;  // [count, dim]

private:
    std::optional<std::int64_t> padding_;  // in [0, count)
};

}  // namespace eps::nn
