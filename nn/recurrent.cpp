#include "nn/recurrent.h"

#include <vector>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"

namespace eps::nn {
namespace {

// Throws unless x is `rank` dimensions of features, and all fit `gates` gates.
void check_cell(const Checker& check, const Tensor& x, const Tensor& h,
                const RecurrentWeights& weights, std::int64_t gates, int rank) {
    check.defined(x, h, weights.weight_ih, weights.weight_hh);
    check(x.rank() == rank && h.rank() == 2,
          rank == 2 ? "needs x [B, I] and a state [B, H]; got "
                    : "needs x [T, B, I] and a state "
                      "[B, H]; got ",
          x.shape(), " and ", h.shape());
    const std::int64_t hidden = h.size(1);
    check(x.size(rank - 2) == h.size(0), "batches differ; got x ", x.shape(), ", state ",
          h.shape());
    const Shape from_input{gates * hidden, x.size(-1)}, from_state{gates * hidden, hidden};
    check(weights.weight_ih.shape() == from_input && weights.weight_hh.shape() == from_state,
          "the weights do not fit; got ", weights.weight_ih.shape(), " and ",
          weights.weight_hh.shape(), "; expected ", from_input, " and ", from_state);
}

// Gate k of [B, G H].
Tensor gate(const Tensor& gates, std::int64_t k, std::int64_t hidden) {
    return narrow(gates, 1, k * hidden, hidden);
}

// A step of which the input's part of the gates is known: [B, G H].
LstmState lstm_step(const Tensor& from_x, const LstmState& state, const RecurrentWeights& w) {
    const std::int64_t hidden = state.h.size(1);
    const Tensor gates = from_x + linear(state.h, w.weight_hh, w.bias_hh);
    const Tensor input = sigmoid(gate(gates, 0, hidden)), forget = sigmoid(gate(gates, 1, hidden));
    const Tensor c = forget * state.c + input * tanh(gate(gates, 2, hidden));
    return {sigmoid(gate(gates, 3, hidden)) * tanh(c), c};
}

Tensor gru_step(const Tensor& from_x, const Tensor& h, const RecurrentWeights& w) {
    const std::int64_t hidden = h.size(1);
    const Tensor from_h = linear(h, w.weight_hh, w.bias_hh);
    const auto both = [&](std::int64_t k) {
        return gate(from_x, k, hidden) + gate(from_h, k, hidden);
    };
    const Tensor reset = sigmoid(both(0)), update = sigmoid(both(1));
    const Tensor next = tanh(gate(from_x, 2, hidden) + reset * gate(from_h, 2, hidden));
    return next + update * (h - next);
}

// step(t) for each step of a sequence, whose results are stacked in the order of time.
template <class Step> Tensor sequence(std::int64_t length, bool reverse, const Step& step) {
    std::vector<Tensor> outputs(static_cast<std::size_t>(length));
    for (std::int64_t i = 0; i < length; ++i) {
        const std::int64_t t = reverse ? length - 1 - i : i;
        outputs[static_cast<std::size_t>(t)] = step(t);
    }
    return stack(outputs);
}

}  // namespace

LstmState lstm_cell(const Tensor& x, const LstmState& state, const RecurrentWeights& w) {
    const Checker check("lstm_cell");
    check_cell(check, x, state.h, w, 4, 2);
    check(state.c.defined() && state.c.shape() == state.h.shape(), "h and c differ; got ",
          state.h.shape(), " and ", describe(state.c));
    return lstm_step(linear(x, w.weight_ih, w.bias_ih), state, w);
}

Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
    check_cell("gru_cell", x, h, w, 3, 2);
    return gru_step(linear(x, w.weight_ih, w.bias_ih), h, w);
}

LstmSequence lstm(const Tensor& x, const LstmState& state, const RecurrentWeights& w,
                  bool reverse) {
    const Checker check("lstm");
    check_cell(check, x, state.h, w, 4, 3);
    check(state.c.defined() && state.c.shape() == state.h.shape(), "h and c differ; got ",
          state.h.shape(), " and ", describe(state.c));
    check(x.size(0) >= 1, "the sequence is empty; got x ", x.shape());
    const Tensor from_x = linear(x, w.weight_ih, w.bias_ih);
    LstmSequence result{{}, state};
    result.output = sequence(x.size(0), reverse, [&](std::int64_t t) {
        result.state = lstm_step(select(from_x, 0, t), result.state, w);
        return result.state.h;
    });
    return result;
}

GruSequence gru(const Tensor& x, const Tensor& h, const RecurrentWeights& w, bool reverse) {
    const Checker check("gru");
    check_cell(check, x, h, w, 3, 3);
    check(x.size(0) >= 1, "the sequence is empty; got x ", x.shape());
    const Tensor from_x = linear(x, w.weight_ih, w.bias_ih);
    GruSequence result{{}, h};
    result.output = sequence(x.size(0), reverse, [&](std::int64_t t) {
        return result.h = gru_step(select(from_x, 0, t), result.h, w);
    });
    return result;
}

}  // namespace eps::nn
