// What optimisers, averages and loss scaling do in captured steps.
#include <doctest/doctest.h>

#include <vector>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "nn/layers/linear.h"
#include "nn/optim/ema.h"
#include "nn/optim/grad_scaler.h"
#include "nn/optim/optimizer.h"
#include "tensor/create.h"
#include "tests/tensor/fake_capture.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("Step: optimisers and averages count replays") {
    machine = {};
    Generator init(1);
    nn::Linear net(2, 1, {.generator = &init});
    nn::Adam adam(net.parameters(), {.lr = 0.1});
    nn::EMA average(net, 0.9, true);
    const Tensor x = ones({1, 2});
    Step step(
        cpu,
        [&](const StepTensors&) {
            adam.zero_grad();
            const Tensor loss = sum(net(x));
            backward(loss);
            adam.step();
            average.update();
            return NamedTensors{{"loss", loss}};
        },
        &kBackend);
    for (int i = 0; i < 7; ++i) step();
    CHECK(step.captured());
    CHECK(adam.step_count() == 7);
    CHECK(average.update_count() == 7);
    CHECK(adam.state_dict()[1].second.to_vector() == std::vector<double>{7, 7});
}

TEST_CASE("Step: loss scaling reads no number") {
    machine = {};
    Tensor p = ones({2}).requires_grad_();
    nn::Adam adam({p}, {.lr = 0.1});
    nn::GradScaler scaler({.init_scale = 4, .growth_interval = 1});
    std::vector<const void*> addresses;
    Step step(
        cpu,
        [&](const StepTensors&) {
            adam.zero_grad();
            backward(scaler.scale(sum(p * p)));
            scaler.unscale_(adam);
            nn::clip_grad_norm_(adam.parameters(), 1.0);
            scaler.step(adam);
            scaler.update();
            addresses.push_back(scaler.current_scale().raw_data());
            return NamedTensors{{"loss_scale", scaler.current_scale()}};
        },
        &kBackend);
    for (int i = 0; i < 6; ++i) step();
    CHECK(step.captured());
    CHECK_MESSAGE(step.fallback_reason().empty(), step.fallback_reason());
    CHECK(machine.launches == 4);
    CHECK(adam.step_count() == 6);
    // two steps of the warm-up, and what the capture did, which ran on this device
    CHECK(scaler.current_scale().item() == 4 * 8);
    for (const void* address : addresses)
        CHECK(address == addresses[0]);  // what a graph reads and writes
}
