#pragma once
#include <memory>
#include <vector>

#include "models/ddpm/network.h"
#include "nn/layers/dropout.h"

namespace eps::models::ddpm {

struct MlpOptions {
    std::int64_t data = 2, width = 128, blocks = 3;
    /// sin and cos of 2^k x, k = 0 .. octaves - 1, are inputs beside x: without them fine structure
    /// is learned slowly.
    std::int64_t octaves = 4;
    double dropout = 0;             // in every block
    std::int64_t classes = 0;       // 0: unconditional
    bool learned_variance = false;  // doubles the output
    /// Draws the initial weights; null: default_generator().
    Generator* generator = nullptr;
    /// Draws the dropout masks and must outlive the network; null: default_generator().
    Generator* masks = nullptr;
};

/// A network for points, which should have a variance of about 1: residual blocks
///     h + W2 dropout(silu(W1 silu(h) + W3 condition))
/// between two linear layers. Submodules: time1, time2, class_embedding, first, block<i>, last; in
/// a block: first, time, second, dropout.
/// Shapes: [B, data] -> [B, data], or [B, 2 data] with learned variances
/// Source: octaves: Tancik et al. 2020.
class Mlp final : public Network {
public:
    explicit Mlp(const MlpOptions& options);

private:
    struct Block final : nn::Module {
        nn::Linear first, time, second;
        nn::Dropout dropout;
        explicit Block(const MlpOptions& options);
        Tensor run(const Tensor& h, const Tensor& condition);
    };
    Tensor predict(const Tensor& x, const Tensor& condition) override;

    MlpOptions options_;
    nn::Linear first_;
    std::vector<std::unique_ptr<Block>> blocks_;
    nn::Linear last_;
};

}  // namespace eps::models::ddpm
