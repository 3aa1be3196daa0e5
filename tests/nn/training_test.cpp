// Everything together: small problems that must be solved, bitwise the same each time.
#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "nn/layers/activation.h"
#include "nn/layers/dropout.h"
#include "nn/layers/linear.h"
#include "nn/loss.h"
#include "nn/optim/ema.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/scheduler.h"
#include "nn/sequential.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

double train_xor(std::uint64_t seed, DType dtype) {
    Generator generator(seed);
    nn::Sequential net;
    net.add<nn::Linear>(2, 8, {.dtype = dtype, .generator = &generator})
        .add<nn::Tanh>()
        .add<nn::Linear>(8, 1, {.dtype = dtype, .generator = &generator});
    nn::Adam adam(net.parameters(), {.lr = 0.05});
    const Tensor x = tensor({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, {.dtype = dtype}),
                 y = tensor({0, 1, 1, 0}, {4, 1}, {.dtype = dtype});
    double loss = 1;
    for (int i = 0; i < 300; ++i) {
        adam.zero_grad();
        const Tensor l = nn::binary_cross_entropy_with_logits(net(x), y);
        backward(l);
        adam.step();
        loss = l.item();
    }
    return loss;
}

}  // namespace

TEST_CASE("two layers learn XOR from any seed") {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        CHECK(train_xor(seed, f64) < 1e-2);
        CHECK(train_xor(seed, f32) < 1e-2);
    }
    CHECK(train_xor(0, f32) == train_xor(0, f32));
}

TEST_CASE(
    "backward accumulates, so that parts of a batch with their share of the loss make the same "
    "update") {
    Generator generator(11);
    const Tensor x = randn({12, 4}, {.dtype = f64}, generator),
                 y = randn({12, 1}, {.dtype = f64}, generator);
    const auto trained = [&](std::int64_t parts) {
        Generator weights(12);
        nn::Linear net(4, 1, {.dtype = f64, .generator = &weights});
        nn::AdamW adam(net.parameters(), {.lr = 0.1});
        for (int step = 0; step < 5; ++step) {
            adam.zero_grad();  // once a step, not once a part
            for (std::int64_t part = 0; part < parts; ++part) {
                const std::int64_t rows = 12 / parts;
                backward(nn::mse_loss(net(narrow(x, 0, part * rows, rows)),
                                      narrow(y, 0, part * rows, rows)) /
                         static_cast<double>(parts));
            }
            nn::clip_grad_norm_(net.parameters(), 0.5);
            adam.step();
        }
        return net.weight.to_vector();
    };
    for (const std::int64_t parts : {2, 3, 12}) CHECK(distance(trained(parts), trained(1)) < 1e-13);
}

TEST_CASE("a classifier with dropout, clipping, a schedule and an average learns three clusters") {
    Generator generator(7);
    nn::Sequential net;
    net.add<nn::Linear>(2, 32, {.generator = &generator})
        .add<nn::SiLU>()
        .add<nn::Dropout>(0.1, generator)
        .add<nn::Linear>(32, 3, {.generator = &generator});
    nn::AdamW adam(net.parameters(), {.weight_decay = 1e-2});
    nn::EMA average(net, 0.95, true);
    const nn::LinearWarmup schedule{.steps = 10, .then = nn::CosineLR{.lr = 1e-2, .steps = 290}};
    const Tensor centres = tensor({3, 0, -3, 0, 0, 3}, {3, 2});
    const auto draw = [&](Tensor& x, Tensor& label) {
        label = randint(0, 3, {64}, generator);
        x = index_select(centres, 0, label) + randn({64, 2}, generator) * 0.7;
    };
    Tensor x, label;
    for (int i = 0; i < 300; ++i) {
        draw(x, label);
        adam.set_learning_rate(schedule.at(adam.step_count()));
        adam.zero_grad();
        backward(nn::cross_entropy(net(x), label, {.label_smoothing = 0.05}));
        nn::clip_grad_norm_(net.parameters(), 1);
        adam.step();
        average.update();
    }
    net.eval();
    const nn::EmaScope scope(average, net);
    draw(x, label);
    CHECK(nn::cross_entropy(net(x), label).item() < 0.2);
    CHECK(sum(eq(argmax(net(x), 1), label)).item() >= 62);
}
