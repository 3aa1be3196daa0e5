// Whole steps on a GPU: captured against called, across devices, and where they go wrong.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <cmath>
#include <map>
#include <optional>
#include <string>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/run/family.h"
#include "experiments/run/trainer.h"
#include "nn/layers/activation.h"
#include "nn/layers/dropout.h"
#include "nn/layers/linear.h"
#include "nn/layers/norm.h"
#include "nn/loss.h"
#include "nn/optim/ema.h"
#include "nn/optim/optimizer.h"
#include "nn/sequential.h"
#include "tensor/capture/captured_step.h"
#include "tensor/raw_copy.h"
#include "tensor/runtime/precision.h"
#include "tests/cuda/twins.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::test;

namespace {

bool one_sentence(const std::string& text) { return !text.empty() && !contains(text, "\n"); }

// A regression with everything that differs from step to step: rows, noise, masks, the rate,
// counts, the decay of an average.
struct Training {
    Generator init{1}, noise{2}, masks{3}, order{4};
    nn::Sequential net;
    Tensor data = randn({64, 8}, init), target = randn({64, 2}, init);
    std::int64_t batch = 16;

    explicit Training(Device place) : device(place) {
        const nn::LinearOptions options{.generator = &init};
        net.add<nn::Linear>(8, 32, options).add<nn::SiLU>();
        net.add<nn::Dropout>(0.2, masks);
        net.add<nn::Linear>(32, 2, options);
        net.to(device);
        data = raw::to(data, device);
        target = raw::to(target, device);
        adam.emplace(net.parameters(), nn::AdamOptions{.lr = 1e-2});
        average.emplace(net, 0.99, true);
    }
    StepTensors inputs() { return {{"rows", randint(0, 64, {batch}, order)}}; }
    NamedTensors step(const StepTensors& inputs) {
        const Tensor rows = raw::to(inputs.at("rows"), device);
        adam->zero_grad();
        const Tensor x = index_select(data, 0, rows);
        const Tensor loss = nn::mse_loss(net(x + 0.1 * randn(x.shape(), x.options(), noise)),
                                         index_select(target, 0, rows));
        backward(loss);
        const Tensor norm = nn::clip_grad_norm_(net.parameters(), 0.5);
        adam->step();
        average->update();
        return {{"loss", loss}, {"norm", norm}};
    }
    std::vector<double> state() const {
        std::vector<double> all;
        for (const NamedTensors& part :
             {net.state_dict(), adam->state_dict(), average->state_dict()})
            for (const auto& [name, x] : part)
                for (const double v : x.to_vector()) all.push_back(v);
        for (const Generator* g : {&noise, &masks, &order})
            all.push_back(static_cast<double>(g->counter()));
        return all;
    }

    Device device;
    std::optional<nn::Adam> adam;
    std::optional<nn::EMA> average;
};

}  // namespace

TEST_CASE("cuda: captured steps equal called ones, bit for bit") {
    if (no_gpu()) return;
    Training plain(cuda), captured(cuda);
    Step step(cuda, [&](const StepTensors& inputs) { return captured.step(inputs); });
    for (int i = 0; i < 10; ++i) {
        for (Training* t : {&plain, &captured}) t->adam->set_learning_rate(1e-2 / (1 + i));
        const NamedTensors expected = plain.step(plain.inputs());
        const StepOutputs got = step(captured.inputs());
        const auto numbers = got.numbers();
        REQUIRE(numbers.size() == expected.size());
        for (std::size_t k = 0; k < expected.size(); ++k) {
            const auto& [name, x] = expected[k];
            CHECK(got.at(name).item() == x.item());
            CHECK(numbers[k] == std::pair(name, x.item()));
        }
        CHECK(captured.state() == plain.state());
        CHECK(step.captured() == (i >= 2));
    }
    CHECK_MESSAGE(step.fallback_reason().empty(), step.fallback_reason());
}

TEST_CASE(
    "cuda: batches of another shape are captured anew; a steady step asks the system for nothing") {
    if (no_gpu()) return;
    Training plain(cuda), captured(cuda);
    Step step(cuda, [&](const StepTensors& inputs) { return captured.step(inputs); });
    for (int i = 0; i < 12; ++i) {
        plain.batch = captured.batch = i < 6 ? 16 : 40;
        plain.step(plain.inputs());
        step(captured.inputs());
        CHECK(captured.state() == plain.state());
    }
    CHECK(step.captured());
    const std::size_t before = allocator_of(cuda).stats().system_bytes;
    for (int i = 0; i < 5; ++i) step(captured.inputs());
    CHECK(allocator_of(cuda).stats().system_bytes == before);
}

TEST_CASE(
    "cuda: a step that calls item() says in a sentence why it is not captured, and nothing leaks") {
    if (no_gpu()) return;
    Training plain(cuda), reading(cuda);
    const std::size_t before = allocator_of(cuda).stats().private_bytes;
    {
        Step step(cuda, [&](const StepTensors& inputs) {
            NamedTensors out = reading.step(inputs);
            check(out[0].second.item() < 1e9, "body", "diverges");
            return out;
        });
        for (int i = 0; i < 5; ++i) {
            plain.step(plain.inputs());
            step(reading.inputs());
            CHECK(reading.state() == plain.state());
        }
        CHECK_MESSAGE(
            contains(step.fallback_reason(), "item: a captured step cannot read numbers of cuda:0"),
            step.fallback_reason());
    }
    CHECK(allocator_of(cuda).stats().private_bytes == before);
    Step copying(cuda, [&] { return NamedTensors{{"x", raw::to(ones({3}), cuda)}}; });
    for (int i = 0; i < 4; ++i) CHECK(sum(copying().at("x")).item() == 3);
    CHECK(contains(copying.fallback_reason(), "hint: make it an input of the step"));
}

TEST_CASE(
    "cuda: inputs of another dtype throw; inputs of another shape or device are captured anew") {
    if (no_gpu()) return;
    Step step(cuda, [](const StepTensors& inputs) {
        return NamedTensors{{"sum", sum(square(inputs.at("x")))}};
    });
    const auto sum_of = [&](const Tensor& x) { return step({{"x", x}}).at("sum").item(); };
    for (int i = 0; i < 4; ++i) CHECK(sum_of(full({8}, i, {f32, cuda})) == 8 * i * i);
    // inputs on the host, too, of another shape and of the same
    for (int i = 0; i < 4; ++i) CHECK(sum_of(full({3, 5}, i)) == 15 * i * i);
    for (int i = 0; i < 4; ++i) CHECK(sum_of(full({3, 5}, i, {f32, cuda})) == 15 * i * i);
    CHECK(step.captured());
    CHECK(one_sentence(message_of([&] { sum_of(ones({3, 5}, {f64, cuda})); })));
    CHECK(sum_of(full({3, 5}, 2, {f32, cuda})) == 60);
}

TEST_CASE(
    "cuda: out of memory in the middle of a step is a sentence that names the largest tensors, and "
    "the process goes on") {
    if (no_gpu()) return;
    const Tensor held = zeros({1024, 1024}, {f32, cuda});
    const std::size_t live = allocator_of(cuda).stats().live_bytes;
    bool large = false;
    Step step(cuda, [&] {
        const Tensor x = ones({large ? std::int64_t{1} << 42 : 16}, {DType::u8, cuda});
        return NamedTensors{{"sum", sum(x)}};
    });
    CHECK(step().at("sum").item() == 16);
    large = true;
    const std::string said = message_of([&] { step(); });
    CHECK_MESSAGE(contains(said, "cuda:0 allocator: out of memory; asked for "), said);
    CHECK_MESSAGE(contains(said, "f32 [1024, 1024] 4 MiB"), said);
    CHECK(one_sentence(said));
    CHECK(allocator_of(cuda).stats().live_bytes == live);
    large = false;
    for (int i = 0; i < 4; ++i) CHECK(step().at("sum").item() == 16);
}

TEST_CASE("cuda: a device that does not exist, and two devices in one op") {
    if (no_gpu()) return;
    const int count = cuda_kernels::device_count();
    const Device beyond{DeviceType::cuda, static_cast<std::int8_t>(count)};
    const std::string missing = message_of([&] { zeros({2}, {f32, beyond}); });
    CHECK_MESSAGE(contains(missing, str(beyond, " does not exist; expected cuda:0")), missing);
    const Tensor here = ones({2, 2}), there = raw::to(here, cuda);
    for (const auto& call :
         std::vector<std::function<void()>>{[&] { here + there; }, [&] { matmul(there, here); },
                                            [&] {
                                                concat({here, there});
                                            }}) {
        const std::string said = message_of(call);
        CHECK_MESSAGE(contains(said, "different devices"), said);
        CHECK(one_sentence(said));
    }
    if (count < 2) {
        MESSAGE("skipped: two GPUs; this machine has one");
        return;
    }
    const Device second{DeviceType::cuda, 1};
    const Tensor other = raw::to(there, second);
    CHECK(sum(other + other).item() == 8);
    CHECK(sum(matmul(other, other)).item() == 8);
    CHECK(contains(message_of([&] { other + there; }), "different devices; got cuda:1 and cuda:0"));
    Training training(second);
    Step step(second, [&](const StepTensors& inputs) { return training.step(inputs); });
    for (int i = 0; i < 5; ++i) step(training.inputs());
    CHECK(step.captured());
}

TEST_CASE("cuda: a module that moves takes optimiser and average with it") {
    if (no_gpu()) return;
    Training training(cpu);
    for (int i = 0; i < 3; ++i) training.step(training.inputs());
    const std::vector<double> before = training.state();
    training.net.to(cuda);
    training.device = cuda;
    training.data = raw::to(training.data, cuda);
    training.target = raw::to(training.target, cuda);
    CHECK(training.state() == before);
    training.step(training.inputs());
    CHECK(training.adam->state_dict().back().second.device() == cuda);
    CHECK(training.average->shadow()[0].second.device() == cuda);
    nn::BatchNorm norm(4);  // whose count is of i64
    norm.to(cuda);
    for (const auto& [name, x] : norm.state_dict()) CHECK(x.device() == cuda);
}

TEST_CASE(
    "cuda: every family trains captured, near what the CPU does, and goes on there and back "
    "again") {
    if (no_gpu()) return;
    using Text = std::string;
    using Whole = std::int64_t;
    const std::map<Text, std::vector<std::pair<Text, models::Value>>> runs{
        {"gan", {{"data", Text("ring8")}, {"batch", Whole{32}}, {"width", Whole{16}}}},
        {"ddpm", {{"data", Text("grid25")}, {"batch", Whole{32}}}},
        {"flow", {{"target", Text("moons")}, {"flow", Text("realnvp")}, {"batch", Whole{32}}}},
    };
    for (const models::Family& family : models::families()) {
        const auto run = runs.find(family.name);
        // images are not on every machine: the vae has its test where they are
        if (run == runs.end()) continue;
        const auto task_on = [&](const Text& device, Precision precision = Precision::f32) {
            models::Config config;
            config.set("family", family.name);
            for (const models::Option& option : models::run_options())
                config.set(option.name, option.fallback);
            for (const models::Option& option : family.options)
                if (!option.derived) config.set(option.name, option.fallback);
            for (const auto& [key, value] : run->second) config.set(key, value);
            config.set("device", device);
            config.set("precision", Text(name_of(precision)));
            set_precision(precision);
            return family.make(family.complete(config));
        };
        INFO(family.name);
        const auto on_cpu = task_on("cpu"), on_gpu = task_on("cuda"), later = task_on("cpu");
        for (Whole i = 0; i < 6; ++i) {
            const models::Scalars a = on_cpu->step(i), b = on_gpu->step(i);
            REQUIRE(a.size() == b.size());
            for (std::size_t k = 0; k < a.size(); ++k)
                CHECK_MESSAGE(std::abs(a[k].second - b[k].second) <=
                                  1e-2 * std::max(1.0, std::abs(a[k].second)),
                              a[k].first);
        }
        CHECK_MESSAGE(on_gpu->capture_fallback().empty(), on_gpu->capture_fallback());
        later->load_state(on_gpu->state());
        CHECK(std::isfinite(later->step(6)[0].second));
        on_gpu->load_state(later->state());
        CHECK(std::isfinite(on_gpu->step(7)[0].second));

        const auto halved = task_on("cuda", Precision::f16),
                   resumed = task_on("cuda", Precision::f16);
        const auto is_scale = [](const auto& named) { return named.first.ends_with("loss_scale"); };
        for (Whole i = 0; i < 6; ++i) {
            const models::Scalars seen = halved->step(i);
            CHECK(std::isfinite(seen[0].second));
            CHECK(std::any_of(seen.begin(), seen.end(), is_scale));
        }
        CHECK_MESSAGE(halved->capture_fallback().empty(), halved->capture_fallback());
        resumed->load_state(halved->state());
        CHECK(resumed->step(6) == halved->step(6));
        set_precision(Precision::f32);
    }
}
