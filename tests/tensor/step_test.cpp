// The host's side of captured steps, on the fake device of fake_capture.h.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/capture/captured_step.h"
#include "tensor/capture/host_input.h"
#include "tensor/create.h"
#include "tests/files.h"
#include "tests/tensor/fake_capture.h"

using namespace eps;
using namespace eps::test;

namespace {

// As randn does it, on the list.
Tensor draw(std::int64_t count, Generator& generator) {
    StepRecorder* const recorder = StepRecorder::current();
    if (recorder) recorder->will_draw(generator, cpu);
    const std::uint64_t first = generator.reserve(blocks_for(count, f32));
    const kernels::PhiloxState state = recorder ? recorder->state_of(generator, first)
                                                : kernels::PhiloxState{generator.seed(), first};
    Tensor out = empty({count});
    on_device([=]() mutable { kernels::random(out, kernels::Distribution::normal, state, 0, 1); });
    return out;
}

Tensor total(const std::vector<Tensor>& terms) {
    Tensor out = empty({});
    on_device([=]() mutable {
        const NoGrad guard;
        out.zero_();
        for (const Tensor& x : terms) out.copy_(out + sum(x));
    });
    return out;
}

// A step that draws on both sides, in turn, from one generator and another.
struct Game {
    Generator shared{1}, other{2};
    std::int64_t index = 0, rows = 3, called = 0;

    NamedTensors body(const StepTensors& inputs) {
        const Tensor first = draw(5, shared);
        const std::vector<Tensor> batch = host_tensors(cpu, [this] {
            ++called;
            const Tensor x = rand({rows}, shared);
            return std::vector<Tensor>{x, rand({2 * rows}, shared)};
        });
        const Tensor second = draw(9, shared), third = draw(2, other);
        const Tensor rate =
            host_number({f32}, [this] { return 1.0 / static_cast<double>(1 + index); });
        std::vector<Tensor> all{first, batch[0], batch[1], second, third, rate};
        for (const auto& [name, x] : inputs) all.push_back(x);
        return {{"total", total(all)}};
    }
};

}  // namespace

TEST_CASE(
    "Step: a captured step draws what its body would, on the device and on the host, and ends "
    "where it would") {
    machine = {};
    Game plain, game;
    {
        Step step(
            cpu, [&](const StepTensors& inputs) { return game.body(inputs); }, &kBackend);
        for (int i = 0; i < 8; ++i) {
            plain.index = game.index = i;
            const double expected = plain.body({})[0].second.item();
            CHECK(step().at("total").item() == expected);
            CHECK(game.shared.counter() == plain.shared.counter());
            CHECK(game.other.counter() == plain.other.counter());
            CHECK(step.captured() == (i >= 2));
        }
        CHECK(game.called == 8);  // not in the capture itself
        CHECK(machine.captures == 1);
        CHECK(machine.launches == 6);
        CHECK(step.fallback_reason().empty());
    }
    CHECK(machine.alive == 0);
}

TEST_CASE(
    "Step: what a host input returns is not overwritten by what the device did before it in the "
    "step") {
    machine = {};
    int index = 0;
    const auto body = [&](const StepTensors&) {
        {
            // its memory is free again when the host input is allocated
            Tensor scratch = empty({300});
            on_device([data = static_cast<float*>(scratch.raw_data())] {
                std::fill_n(data, 300, -1.0f);
            });
        }
        const Tensor given = host_tensor(cpu, [&] { return full({300}, index); });
        return NamedTensors{{"total", total({given})}};
    };
    Step step(cpu, body, &kBackend);
    for (index = 0; index < 6; ++index) CHECK(step().at("total").item() == 300.0 * index);
    CHECK(step.captured());
}

TEST_CASE("Step: replays follow a generator that was set back or seeded anew") {
    machine = {};
    Game plain, game;
    Step step(
        cpu, [&](const StepTensors& inputs) { return game.body(inputs); }, &kBackend);
    for (int i = 0; i < 12; ++i) {
        if (i == 5) plain.shared.set_state(1, 77), game.shared.set_state(1, 77);
        if (i == 8) plain.other = Generator(9), game.other = Generator(9);
        CHECK(step().at("total").item() == plain.body({})[0].second.item());
        CHECK(game.shared.counter() == plain.shared.counter());
    }
    CHECK(machine.captures == 2);
}

TEST_CASE(
    "Step: a host input of another shape makes the body run once and be captured anew; each host "
    "input is called once a step") {
    machine = {};
    Game plain, game;
    Step step(
        cpu, [&](const StepTensors& inputs) { return game.body(inputs); }, &kBackend);
    for (int i = 0; i < 12; ++i) {
        plain.index = game.index = i;
        plain.rows = game.rows = i < 6 ? 3 : 50;
        CHECK(step().at("total").item() == plain.body({})[0].second.item());
        CHECK(game.shared.counter() == plain.shared.counter());
        CHECK(game.called == i + 1);
    }
    CHECK(machine.captures == 2);
    CHECK(machine.alive == 1);
    CHECK(step.captured());
}

TEST_CASE(
    "Step: inputs may change their shapes; another dtype, number or name is an error of one "
    "sentence, after which steps continue") {
    machine = {};
    Game plain, game;
    Step step(
        cpu, [&](const StepTensors& inputs) { return game.body(inputs); }, &kBackend);
    const auto both = [&](const Tensor& x) {
        return step({{"x", x}}).at("total").item() == plain.body({{"x", x}})[0].second.item();
    };
    for (int i = 0; i < 5; ++i) CHECK(both(full({4}, i)));
    CHECK(machine.captures == 1);
    for (int i = 0; i < 5; ++i) CHECK(both(full({2, 2}, i)));
    CHECK(machine.captures == 2);
    const std::string other = message_of([&] { step({{"x", full({2, 2}, 1, {f64})}}); });
    CHECK_MESSAGE(
        contains(other,
                 "Step: input 'x' has another dtype than before; got f64 [2, 2]; expected "
                 "f32; hint: another Step"),
        other);
    CHECK(contains(message_of([&] { step(); }), "Step: got 0 inputs; expected 1"));
    CHECK(contains(message_of([&] { step({{"x", Tensor()}}); }), "input 'x' is undefined"));
    CHECK(contains(message_of([&] {
                       step({{"y", full({2, 2}, 1)}});
                   }),
                   "Step: no tensor is named 'y'; got x"));
    CHECK(both(full({2, 2}, 7)));
    CHECK(machine.captures == 2);
}

TEST_CASE(
    "Step: a body that reads a number is not captured, says so, and draws what it would have "
    "drawn") {
    machine = {};
    Game plain, game;
    Step step(
        cpu,
        [&](const StepTensors& inputs) {
            NamedTensors out = game.body(inputs);
            if (out[0].second.item() > 1e9) out.clear();
            return out;
        },
        &kBackend);
    const std::size_t before = allocator_of(cpu).stats().private_bytes;
    for (int i = 0; i < 6; ++i) {
        CHECK(step().at("total").item() == plain.body({})[0].second.item());
        CHECK(game.shared.counter() == plain.shared.counter());
    }
    CHECK_MESSAGE(contains(step.fallback_reason(),
                           "item: a captured step cannot read numbers of cpu, which are not "
                           "computed yet; hint: return the tensor"),
                  step.fallback_reason());
    CHECK(game.called == 6);
    CHECK(machine.captures == 0);
    CHECK_FALSE(machine.capturing);
    CHECK(allocator_of(cpu).stats().private_bytes == before);
}

TEST_CASE(
    "Step: a body with a generator of its own is not captured, as its numbers could not continue") {
    machine = {};
    int seed = 0;
    Step step(
        cpu,
        [&](const StepTensors&) {
            Generator own(static_cast<std::uint64_t>(seed));
            return NamedTensors{{"total", total({draw(4, own)})}};
        },
        &kBackend);
    for (seed = 0; seed < 5; ++seed) {
        Generator own(static_cast<std::uint64_t>(seed));
        CHECK(step().at("total").item() == total({draw(4, own)}).item());
    }
    CHECK(contains(step.fallback_reason(), "a generator that ends with the step"));
}

TEST_CASE(
    "Step: an error of the body reaches the caller, and the next step runs as if it had not "
    "happened") {
    machine = {};
    Game game;
    bool fails = false;
    Step step(
        cpu,
        [&](const StepTensors& inputs) {
            check(!fails, "body", "fails");
            return game.body(inputs);
        },
        &kBackend);
    step();
    fails = true;
    CHECK(contains(message_of([&] { step(); }), "body: fails"));
    fails = false;
    for (int i = 0; i < 4; ++i) step();
    CHECK(step.captured());
}

TEST_CASE("Step: on the CPU it calls its body, and host inputs are called at once") {
    Game plain, game;
    Step step(cpu, [&](const StepTensors& inputs) { return game.body(inputs); });
    for (int i = 0; i < 5; ++i) {
        const Tensor x = full({2}, i);
        CHECK(step({{"x", x}}).at("total").item() == plain.body({{"x", x}})[0].second.item());
    }
    CHECK_FALSE(step.captured());
    CHECK(step.fallback_reason().empty());
    int called = 0;
    host_work([&] { ++called; });
    CHECK(called == 1);
    CHECK(host_number({f64}, [] { return 0.1; }).item() == 0.1);
}

TEST_CASE("Step: its numbers are the outputs of one element, in their order, as doubles") {
    Step step(cpu, [] {
        return NamedTensors{{"loss", full({1, 1}, 0.1)},
                            {"samples", ones({3})},
                            {"count", Tensor(7.0, {.dtype = i64})}};
    });
    const StepOutputs outputs = step();
    CHECK(outputs.numbers() == std::vector<std::pair<std::string, double>>{
                                   {"loss", static_cast<double>(0.1f)}, {"count", 7}});
    CHECK(outputs.at("samples").numel() == 3);
    CHECK(contains(message_of([&] { outputs.at("los"); }),
                   "Step: no tensor is named 'los'; got loss, samples, count"));
    CHECK(Step(cpu, [] { return NamedTensors{}; })().numbers().empty());
}
