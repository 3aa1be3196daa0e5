#pragma once
// Recurrent layers: sequences [T, B, I], or [B, T, I] with batch_first. Parameters have PyTorch's
// names: weight_ih_l0 [G H, I], weight_hh_l0 [G H, H], bias_ih_l0 and bias_hh_l0 [G H], .. for each
// layer, and the same with _reverse. The cells are in nn/recurrent.h.
#include <string>
#include <vector>

#include "nn/module.h"
#include "nn/recurrent.h"
#include "tensor/random.h"

namespace eps::nn {

struct RecurrentOptions {
    std::int64_t layers = 1;  // each reads the outputs of the one before
    bool bias = true;
    bool batch_first = false;
    bool bidirectional = false;  // features of both directions lie side by side
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};

/// What LSTM and GRU share: the weights of all layers and directions. Every parameter starts from
/// U(-r, r), r = 1 / sqrt(hidden), as in PyTorch.
class Recurrent : public Module {
public:
    using Options = RecurrentOptions;
    std::string extra_repr() const override;

    /// [layer * directions + direction]
    std::vector<RecurrentWeights> weights;

protected:
    Recurrent(const char* name, std::int64_t gates, std::int64_t input, std::int64_t hidden,
              const RecurrentOptions& options);
    std::size_t directions() const { return options_.bidirectional ? 2 : 1; }
    /// Throws unless x is a sequence of this layer's input.
    void check_sequence(const char* name, const Tensor& x) const;
    /// One for each layer and direction, from [layers directions, B, H]; zeros if that is
    /// undefined.
    std::vector<Tensor> states(const char* name, const Tensor& given, const Tensor& x) const;

    std::int64_t input_, hidden_;
    RecurrentOptions options_;
};

/// A long short-term memory of several layers.
/// Shapes: x [T, B, I], h and c [layers directions, B, H] or undefined (zeros) -> output
/// [T, B, directions H], and the state after the last steps, of the same shape.
/// Source: Hochreiter & Schmidhuber 1997.
class LSTM final : public Recurrent {
public:
    LSTM(std::int64_t input, std::int64_t hidden, const RecurrentOptions& options = {});
    /// The output alone.
    Tensor forward(const Tensor& x) override { return forward(x, {}).output; }
    LstmSequence forward(const Tensor& x, const LstmState& state);
};

/// A gated recurrent unit of several layers.
/// Shapes: x [T, B, I], h [layers directions, B, H] or undefined (zeros) -> output
/// [T, B, directions H], and h after the last steps.
/// Source: Cho et al. 2014.
class GRU final : public Recurrent {
public:
    GRU(std::int64_t input, std::int64_t hidden, const RecurrentOptions& options = {});
    /// The output alone.
    Tensor forward(const Tensor& x) override { return forward(x, {}).output; }
    GruSequence forward(const Tensor& x, const Tensor& h);
};

}  // namespace eps::nn
