#include "nn/layers/recurrent.h"

#include <cmath>

#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "nn/init.h"
#include "tensor/create.h"

namespace eps::nn {
namespace {

std::size_t as_size(std::int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace

Recurrent::Recurrent(const char* layer_name, std::int64_t gates, std::int64_t input,
                     std::int64_t hidden, const RecurrentOptions& o)
    : input_(input), hidden_(hidden), options_(o) {
    check(input >= 1 && hidden >= 1 && o.layers >= 1 && o.layers <= 1000, layer_name,
          "needs at least one feature, and 1 to 1000 layers; got input ", input, ", hidden ",
          hidden, ", layers ", o.layers);
    check(o.dtype == f32 || o.dtype == f64, layer_name, "parameters are f32 or f64; got ", o.dtype);
    Generator& generator = o.generator ? *o.generator : default_generator();
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));
    // The module keeps the address of a parameter, so that the vector must not grow afterwards.
    weights.resize(as_size(o.layers) * directions());
    const auto start = [&](const std::string& name, Tensor& value, const Shape& shape) {
        value = empty(shape, {.dtype = o.dtype});
        init::uniform_(value, -bound, bound, generator);
        add_parameter(name, value);
    };
    for (std::size_t k = 0; k < weights.size(); ++k) {
        const bool reverse = k % directions() == 1, first = k < directions();
        const std::string end = str("_l", k / directions(), reverse ? "_reverse" : "");
        const std::int64_t rows = gates * hidden;
        const std::int64_t width = static_cast<std::int64_t>(directions()) * hidden;
        RecurrentWeights& w = weights[k];
        start("weight_ih" + end, w.weight_ih, {rows, first ? input : width});
        start("weight_hh" + end, w.weight_hh, {rows, hidden});
        if (o.bias) start("bias_ih" + end, w.bias_ih, {rows});
        if (o.bias) start("bias_hh" + end, w.bias_hh, {rows});
    }
}

std::string Recurrent::extra_repr() const {
    return str(input_, " -> ", hidden_,
               options_.layers > 1 ? str(", layers ", options_.layers) : "",
               options_.bias ? ", bias" : "", options_.batch_first ? ", batch first" : "",
               options_.bidirectional ? ", bidirectional" : "");
}

void Recurrent::check_sequence(const char* name, const Tensor& x) const {
    check(x.defined() && x.rank() == 3 && x.size(2) == input_, name, "x does not fit; got ",
          describe(x), "; expected ", options_.batch_first ? "[B, T, " : "[T, B, ", input_, "]");
}

std::vector<Tensor> Recurrent::states(const char* name, const Tensor& given,
                                      const Tensor& x) const {
    const Shape expected{static_cast<std::int64_t>(weights.size()),
                         x.size(options_.batch_first ? 0 : 1), hidden_};
    check(!given.defined() || given.shape() == expected, name, "the state does not fit; got ",
          describe(given), "; expected ", expected);
    const Tensor all = given.defined() ? given : zeros(expected, x.options());
    std::vector<Tensor> parts;
    for (std::int64_t k = 0; k < expected[0]; ++k) parts.push_back(select(all, 0, k));
    return parts;
}

LSTM::LSTM(std::int64_t input, std::int64_t hidden, const RecurrentOptions& options)
    : Recurrent("LSTM", 4, input, hidden, options) {}

LstmSequence LSTM::forward(const Tensor& x, const LstmState& state) {
    check_sequence("LSTM", x);
    std::vector<Tensor> h = states("LSTM", state.h, x), c = states("LSTM", state.c, x);
    Tensor y = options_.batch_first ? transpose(x, 0, 1) : x;
    for (std::int64_t layer = 0; layer < options_.layers; ++layer) {
        std::vector<Tensor> sides;
        for (std::size_t direction = 0; direction < directions(); ++direction) {
            const std::size_t at = as_size(layer) * directions() + direction;
            const LstmSequence side = lstm(y, {h[at], c[at]}, weights[at], direction == 1);
            sides.push_back(side.output);
            h[at] = side.state.h;
            c[at] = side.state.c;
        }
        y = sides.size() == 1 ? sides[0] : concat(sides, 2);
    }
    return {options_.batch_first ? transpose(y, 0, 1) : y, {stack(h), stack(c)}};
}

GRU::GRU(std::int64_t input, std::int64_t hidden, const RecurrentOptions& options)
    : Recurrent("GRU", 3, input, hidden, options) {}

GruSequence GRU::forward(const Tensor& x, const Tensor& given) {
    check_sequence("GRU", x);
    std::vector<Tensor> h = states("GRU", given, x);
    Tensor y = options_.batch_first ? transpose(x, 0, 1) : x;
    for (std::int64_t layer = 0; layer < options_.layers; ++layer) {
        std::vector<Tensor> sides;
        for (std::size_t direction = 0; direction < directions(); ++direction) {
            const std::size_t at = as_size(layer) * directions() + direction;
            const GruSequence side = gru(y, h[at], weights[at], direction == 1);
            sides.push_back(side.output);
            h[at] = side.h;
        }
        y = sides.size() == 1 ? sides[0] : concat(sides, 2);
    }
    return {options_.batch_first ? transpose(y, 0, 1) : y, stack(h)};
}

}  // namespace eps::nn
