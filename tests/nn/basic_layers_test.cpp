// Linear, Embedding, Dropout and the activations: shapes, initial values, formulas and gradients.
#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "nn/layers/activation.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"
#include "tests/golden/nn_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

TEST_CASE("Linear has PyTorch's shapes and range, and computes y = x W^T + b with its gradients") {
    Generator generator(3);
    nn::Linear layer(100, 50, {.generator = &generator});
    CHECK(layer.weight.shape() == Shape{50, 100});
    CHECK(layer.bias.shape() == Shape{50});
    double largest = 0, squares = 0;
    for (double w : layer.weight.to_vector()) {
        largest = std::max(largest, std::abs(w));
        squares += w * w;
    }
    CHECK(largest <= 0.1f);
    CHECK(largest > 0.099);
    // the variance of U(-0.1, 0.1)
    CHECK(squares / 5000 == doctest::Approx(0.01 / 3).epsilon(0.05));

    nn::Linear small(3, 2, {.dtype = f64, .generator = &generator}), bare(3, 2, {.bias = false});
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    const auto W = small.weight.to_vector(), b = small.bias.to_vector(), y = small(x).to_vector();
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t o = 0; o < 2; ++o) {
            double expected = b[o];
            for (std::size_t k = 0; k < 3; ++k) expected += golden::x[i * 3 + k] * W[o * 3 + k];
            CHECK(y[i * 2 + o] == doctest::Approx(expected).epsilon(1e-14));
        }
    CHECK_NOTHROW(gradcheck([&](const std::vector<Tensor>& in) { return small(in[0]); },
                            {x, small.weight, small.bias}));
    CHECK(bare.state_dict().size() == 1);

    Generator again(3);
    CHECK(same_bits(nn::Linear(100, 50, {.generator = &again}).weight, layer.weight));
}

TEST_CASE("Embedding picks vectors, and equal indices add their gradients") {
    Generator generator(4);
    nn::Embedding embedding(1000, 8, {.dtype = f64, .generator = &generator});
    CHECK(mean(embedding.weight).item() == doctest::Approx(0).epsilon(0.05));
    CHECK(var(embedding.weight).item() == doctest::Approx(1).epsilon(0.05));
    const std::vector<std::int64_t> index{7, 0, 7, 999, 7, 1};
    const Tensor rows = embedding(from_span(std::span(index), {2, 3}));
    CHECK(rows.shape() == Shape{2, 3, 8});
    CHECK(rows.to_vector()[0] == embedding.weight.to_vector()[56]);
    backward(sum(rows));
    const auto gradient = embedding.weight.grad().to_vector();
    CHECK(gradient[56] == 3);
    CHECK(gradient[0] == 1);
    CHECK(gradient[16] == 0);
    const std::vector<std::int64_t> outside{1000};
    CHECK(
        contains(error_of([&] { embedding(from_span(std::span(outside), {1})); }), "out of range"));
    CHECK(contains(error_of([&] { embedding(zeros({2})); }), "must be i64"));
    CHECK(embedding(from_span(std::span(index).first(0), {0, 3})).shape() == Shape{0, 3, 8});
}

TEST_CASE(
    "Dropout keeps 1 - p, scales by 1 / (1 - p), masks the gradient alike, and is the identity in "
    "evaluation") {
    Generator generator(5);
    nn::Dropout dropout(0.3, generator);
    const Tensor x = ones({100, 1000}).requires_grad_();
    const Tensor y = dropout(x);
    std::int64_t kept = 0;
    for (double v : y.to_vector()) kept += v != 0;
    CHECK(sum(y).item() == doctest::Approx(static_cast<double>(kept) / 0.7));
    CHECK(max(y).item() == doctest::Approx(1 / 0.7));
    CHECK(std::abs(static_cast<double>(kept) / 1e5 - 0.7) < 5 * std::sqrt(0.21 / 1e5));
    backward(sum(y));
    CHECK(same_bits(x.grad(), y));
    CHECK(!same_bits(dropout(x), y));  // a new mask

    const std::uint64_t seed = generator.seed(), counter = generator.counter();
    const Tensor a = dropout(x);
    generator.set_state(seed, counter);
    CHECK(same_bits(dropout(x), a));

    dropout.eval();
    const std::uint64_t still = generator.counter();
    CHECK(dropout(x).same_as(x));
    CHECK(generator.counter() == still);
    nn::Dropout all(1, generator), none(0, generator);
    CHECK(sum(all(x)).item() == 0);
    CHECK(none(x).same_as(x));
    CHECK_THROWS_AS(nn::Dropout(1.5, generator), Error);
    CHECK_THROWS_AS(nn::Dropout(NAN, generator), Error);
    CHECK_THROWS_AS(none(zeros({2}, {.dtype = i64})), Error);
}

TEST_CASE("activation modules compute their op with its attributes") {
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    nn::SiLU act;
    CHECK(same_bits(act(x), silu(x)));
    nn::LeakyReLU a(0.2), b({.slope = 0.2}), fallback;
    CHECK(same_bits(a(x), leaky_relu(x, {.slope = 0.2})));
    CHECK(same_bits(b(x), a(x)));
    CHECK(same_bits(fallback(x), leaky_relu(x)));
    nn::Hardtanh clip(-0.5, 1);
    CHECK(same_bits(clip(x), hardtanh(x, {.lo = -0.5, .hi = 1})));
    CHECK(b.attributes().slope == 0.2);
    nn::GELU gelu_module;
    backward(sum(gelu_module(x)));
    CHECK(x.grad().defined());
    CHECK_THROWS_AS(act(Tensor()), Error);
}
