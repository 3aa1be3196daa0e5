#pragma once
// Recurrent cells as functions: one step of a sequence. Gates lie one behind the other in the first
// dimension of the weights, in PyTorch's order.
#include "tensor/tensor.h"

namespace eps::nn {

struct RecurrentWeights {
    Tensor weight_ih;  // [G H, I], for G gates
    Tensor weight_hh;  // [G H, H]
    Tensor bias_ih;    // [G H], or undefined
    Tensor bias_hh;    // [G H], or undefined
};

struct LstmState {
    Tensor h, c;  // [B, H] each: what the cell shows, and what it keeps
};
/// One step of a long short-term memory. The gates i, f, g, o are the parts of
///     weight_ih x + bias_ih + weight_hh h + bias_hh
///     c' = sigmoid(f) c + sigmoid(i) tanh(g),  h' = sigmoid(o) tanh(c')
/// Shapes: x [B, I], state [B, H] each -> [B, H] each.
/// Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000.
LstmState lstm_cell(const Tensor& x, const LstmState& state, const RecurrentWeights& weights);

/// One step of a gated recurrent unit, with gates r, z, n.
///     r = sigmoid(W_r x + U_r h),  z = sigmoid(W_z x + U_z h)
///     n = tanh(W_n x + r (U_n h)),  h' = (1 - z) n + z h
/// where each product has its bias.
/// Shapes: x [B, I], h [B, H] -> [B, H].
/// Source: Cho et al. 2014.
Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& weights);

struct LstmSequence {
    Tensor output;    // the h of every step, [T, B, H]
    LstmState state;  // after the last one
};
/// lstm_cell for each step of x, in reverse order if `reverse`; outputs stay with their steps. All
/// inputs are multiplied with weight_ih at once.
/// Shapes: x [T, B, I], state [B, H] each.
LstmSequence lstm(const Tensor& x, const LstmState& state, const RecurrentWeights& weights,
                  bool reverse = false);

struct GruSequence {
    Tensor output;  // the h of every step, [T, B, H]
    Tensor h;       // after the last one, [B, H]
};
/// gru_cell for each step of x.
/// Shapes: x [T, B, I], h [B, H].
GruSequence gru(const Tensor& x, const Tensor& h, const RecurrentWeights& weights,
                bool reverse = false);

}  // namespace eps::nn
