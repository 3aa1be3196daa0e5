#pragma once
#include <memory>
#include <vector>

#include "models/ddpm/network.h"
#include "nn/layers/dropout.h"

namespace eps::models::ddpm {

struct MlpOptions {
    std::int64_t data = 2, width = 128, blocks = 3;
    // sin and cos of 2^k x, k = 0 .. octaves - 1, beside x: without them fine structure is learned
    // slowly
    std::int64_t octaves = 4;
    double dropout = 0;              // in every block
    std::int64_t classes = 0;        // 0: it is told none
    bool learned_variance = false;   // twice the numbers come out
    Generator* generator = nullptr;  // of the weights; null: default_generator()
    // of the dropout, which must outlive the net; null: default_generator()
    Generator* masks = nullptr;
};

/// For points x [B, data], best of variance about 1: residual blocks h + W2 dropout(silu(W1 silu(h)
/// + W time)) between two linear layers
/// -> [B, data], or [B, 2 data]. (Octaves: Tancik et al. 2020.) Submodules: time1, time2,
/// class_embedding, first, block<i> and last; of a block: first, time, second, dropout.
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
