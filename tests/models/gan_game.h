#pragma once
// A small game in the plane, which the tests of Algorithm 1 play.
#include "models/gan/algorithm1.h"

#include <map>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/gan/network.h"
#include "models/gan/unrolled.h"
#include "nn/functional_call.h"
#include "nn/layers/linear.h"
#include "tests/nn/support.h"

namespace eps::models::gan::test {

using namespace nn_test;

constexpr std::int64_t kBatch = 12;

// A game in the plane in f64, momentum SGD as in the paper, which writes down every minibatch it
// draws.
struct Game {
    Generator init{1}, draws{2}, generator{3};
    Pair pair;
    std::string trace;  // z: noise, x: data
    std::vector<Tensor> drawn;
    nn::SGD sgd_g, sgd_d;

    explicit Game(const NetworkOptions& options = {.noise = 2, .width = 8, .layers = 1},
                  Pair (*make)(const NetworkOptions&, Generator&) = planar_mlp)
        : pair(in_f64(make(options, init))),
          sgd_g(g().parameters(), {.lr = 0.1, .momentum = 0.5}),
          sgd_d(d().parameters(), {.lr = 0.1, .momentum = 0.5}) {}

    static Pair in_f64(Pair pair) {
        pair.generator->to(f64);
        pair.discriminator->to(f64);
        return pair;
    }
    nn::Module& g() const { return *pair.generator; }
    nn::Module& d() const { return *pair.discriminator; }
    Tensor draw(char what, const Shape& shape) {
        trace += what;
        drawn.push_back(randn(shape, {.dtype = f64}, draws) + (what == 'x' ? 2.0 : 0.0));
        return drawn.back();
    }
    Tensor classes() { return randint(0, 3, {kBatch}, draws); }
    Sources sources(const Shape& noise = {kBatch, 2}, const Shape& data = {kBatch, 2}) {
        return {.data =
                    [this, data] {
                        return Minibatch{draw('x', data), classes()};
                    },
                .noise =
                    [this, noise] {
                        return Minibatch{draw('z', noise), classes()};
                    }};
    }
    Players players() { return {g(), d(), sgd_g, sgd_d}; }
};

// Everything of a module that training could change: parameters, buffers, gradients.
inline std::vector<std::vector<double>> everything(const nn::Module& module) {
    std::vector<std::vector<double>> out;
    for (const auto& [name, tensor] : module.state_dict()) out.push_back(tensor.to_vector());
    for (const Tensor& p : module.parameters())
        out.push_back(p.grad().defined() ? p.grad().to_vector() : std::vector<double>{});
    return out;
}
inline bool all_finite(const std::vector<std::vector<double>>& values) {
    for (const auto& v : values)
        for (double x : v)
            if (!std::isfinite(x)) return false;
    return true;
}
inline bool all_finite(const Report& r) {
    const auto number = [](const Tensor& x) { return x.defined() ? x.item() : 0; };
    return all_finite({{number(r.discriminator_loss), number(r.generator_loss), number(r.penalty),
                        number(r.value), number(r.real_probability), number(r.fake_probability),
                        number(r.logit_gradient), number(r.discriminator_gradient),
                        number(r.generator_gradient)}});
}

}  // namespace eps::models::gan::test
