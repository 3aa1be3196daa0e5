// Recurrent cells as loops over time steps: x [T, B, I], or [B, T, I] with layout 1. Only in the
// forward direction.
#include <array>

#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// What all three cells share. The dimension for directions is dropped, for there is one.
struct Recurrence {
    Tensor x;                         // [T, B, I]
    Tensor input_weight, input_bias;  // [G H, I], [G H], for G gates
    Tensor state_weight, state_bias;  // [G H, H], [G H]
    Tensor h;                         // [B, H]
    std::int64_t hidden;
    bool batch_first;
    std::vector<Tensor> steps;

    explicit Recurrence(const Call& c)
        : hidden(c.integer("hidden_size", 0)), batch_first(c.flag("layout")) {
        if (c.text("direction", "forward") != "forward")
            c.unsupported("a direction other than forward");
        x = batch_first ? transpose(c[0], 0, 1) : c[0];
        if (c.has(4))
            for (const std::int64_t length : c.numbers(4))
                if (length != x.size(0)) c.unsupported("a sequence shorter than the others");
        input_weight = squeeze(c[1], 0);
        state_weight = squeeze(c[2], 0);
        const std::int64_t rows = input_weight.size(0);
        const Tensor bias = c.has(3) ? squeeze(c[3], 0) : zeros({2 * rows}, {.dtype = x.dtype()});
        input_bias = narrow(bias, 0, 0, rows);
        state_bias = narrow(bias, 0, rows, rows);
        h = state(c, 5);
    }
    Tensor state(const Call& c, std::size_t input) const {
        return c.has(input) ? squeeze(c[input], batch_first ? 1 : 0)
                            : zeros({x.size(1), hidden}, {.dtype = x.dtype()});
    }
    Tensor from_input(std::int64_t t) const {
        return linear(select(x, 0, t), input_weight, input_bias);
    }
    Tensor from_state() const { return linear(h, state_weight, state_bias); }
    // Gate g of [B, G H].
    Tensor gate(const Tensor& gates, std::int64_t g) const {
        return narrow(gates, 1, g * hidden, hidden);
    }
    // Every h [T, 1, B, H], and the last one [1, B, H]; with layout 1 the batch comes first.
    Results results() const {
        const Tensor all = stack(steps);
        if (batch_first) return {unsqueeze(transpose(all, 0, 1), 2), unsqueeze(h, 1)};
        return {unsqueeze(all, 1), unsqueeze(h, 0)};
    }
};

Results rnn(const Call& c) {
    Recurrence r(c);
    for (std::int64_t t = 0; t < r.x.size(0); ++t) {
        r.h = tanh(r.from_input(t) + r.from_state());
        r.steps.push_back(r.h);
    }
    return r.results();
}

// Gates z, r, h (Cho et al. 2014).
Results gru(const Call& c) {
    Recurrence r(c);
    const bool reset_after = c.flag("linear_before_reset");
    const Tensor weight = narrow(r.state_weight, 0, 2 * r.hidden, r.hidden);
    const Tensor bias = narrow(r.state_bias, 0, 2 * r.hidden, r.hidden);
    for (std::int64_t t = 0; t < r.x.size(0); ++t) {
        const Tensor from_x = r.from_input(t), from_h = r.from_state();
        const Tensor update = sigmoid(r.gate(from_x, 0) + r.gate(from_h, 0));
        const Tensor reset = sigmoid(r.gate(from_x, 1) + r.gate(from_h, 1));
        const Tensor recalled =
            reset_after ? reset * r.gate(from_h, 2) : linear(reset * r.h, weight, bias);
        r.h = lerp(tanh(r.gate(from_x, 2) + recalled), r.h, update);
        r.steps.push_back(r.h);
    }
    return r.results();
}

// Gates i, o, f, c. Through peepholes, i and f read the cell before the step, and o after it (Gers
// et al. 2002).
Results lstm(const Call& c) {
    Recurrence r(c);
    Tensor cell = r.state(c, 6);
    const Tensor peepholes =
        c.has(7) ? squeeze(c[7], 0) : zeros({3 * r.hidden}, {.dtype = r.x.dtype()});
    const auto peephole = [&](std::int64_t g) {
        return narrow(peepholes, 0, g * r.hidden, r.hidden);
    };
    for (std::int64_t t = 0; t < r.x.size(0); ++t) {
        const Tensor gates = r.from_input(t) + r.from_state();
        const Tensor in = sigmoid(r.gate(gates, 0) + peephole(0) * cell);
        const Tensor forget = sigmoid(r.gate(gates, 2) + peephole(2) * cell);
        cell = forget * cell + in * tanh(r.gate(gates, 3));
        r.h = sigmoid(r.gate(gates, 1) + peephole(1) * cell) * tanh(cell);
        r.steps.push_back(r.h);
    }
    Results results = r.results();
    results.push_back(unsqueeze(cell, r.batch_first ? 1 : 0));
    return results;
}

}  // namespace

void add_recurrent_ops(OpTable& table) {
    table.insert({{"RNN", rnn}, {"GRU", gru}, {"LSTM", lstm}});
}

}  // namespace eps::conformance
