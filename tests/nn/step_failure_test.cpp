// A step of an optimiser, an average or a scaler that fails leaves everything as it was: memory
// runs out at every allocation in turn.
#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "experiments/run/learner.h"
#include "tensor/runtime/allocator.h"
#include "tests/autograd/support.h"
#include "tests/fault_allocation.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

using Values = std::vector<std::vector<double>>;

Values values_of(const NamedTensors& tensors) {
    Values values;
    for (const auto& [name, x] : tensors) values.push_back(x.to_vector());
    return values;
}
Values values_of(const std::vector<Tensor>& tensors) {
    Values values;
    for (const Tensor& x : tensors) values.push_back(x.to_vector());
    return values;
}

/// A model with gradients, of which one is transposed and so must be copied.
struct Model {
    std::vector<Tensor> parameters;
    explicit Model(std::uint64_t seed = 3) {
        Generator generator(seed);
        for (const Shape& shape : {Shape{4, 3}, Shape{20000}, Shape{}, Shape{2, 5}})
            parameters.push_back(randn(shape, {}, generator).requires_grad_());
        set_gradients();
    }
    void set_gradients() const {
        Generator generator(7);
        for (const Tensor& p : parameters) p.set_grad(randn(p.shape(), {}, generator));
        parameters[0].set_grad(transpose(randn({3, 4}, {}, generator)));
    }
};

using MakeOptimizer = std::unique_ptr<nn::Optimizer> (*)(const std::vector<Tensor>&);
std::unique_ptr<nn::Optimizer> make_momentum(const std::vector<Tensor>& p) {
    return std::make_unique<nn::SGD>(p, nn::SGDOptions{.lr = 0.1, .momentum = 0.9});
}
template <class T, class Options>
std::unique_ptr<nn::Optimizer> plain(const std::vector<Tensor>& p) {
    return std::make_unique<T>(p, Options{});
}

constexpr MakeOptimizer optimizers[] = {
    plain<nn::SGD, nn::SGDOptions>,         make_momentum,
    plain<nn::Adam, nn::AdamOptions>,       plain<nn::AdamW, nn::AdamOptions>,
    plain<nn::RAdam, nn::AdamOptions>,      plain<nn::RMSprop, nn::RMSpropOptions>,
    plain<nn::Adagrad, nn::AdagradOptions>, plain<nn::Adamax, nn::AdamaxOptions>,
    plain<nn::Lion, nn::LionOptions>};

/// Calls step() with each of its allocations failing in turn, and all that follow, until it
/// succeeds; state() must be the same after every failure, and then be `expected`.
std::int64_t fail_each(const std::function<void()>& step, const std::function<Values()>& state,
                       const Values& expected) {
    const Values before = state();
    for (std::int64_t n = 0; n < 20000; ++n) {
        allocator_of(cpu).release_cache();
        bool done = false;
        FailingAllocation failure(n);
        try {
            step();
            done = true;
        } catch (const std::exception&) {}
        failure.end();
        if (done) {
            CHECK(state() == expected);
            return n;
        }
        if (state() != before) FAIL("changed by failure " << n);
    }
    FAIL("endless");
    return 0;
}

}  // namespace

TEST_CASE("out of memory: a failed step of any optimiser changes nothing, and can be repeated") {
    for (const MakeOptimizer make_optimizer : optimizers) {
        const auto trained = [&](Model& model) {
            auto optimizer = make_optimizer(model.parameters);
            model.parameters[1].set_grad(Tensor());  // it will have fewer updates: two launches
            optimizer->step();
            model.set_gradients();
            return optimizer;
        };
        Model alone, model;
        const auto reference = trained(alone), optimizer = trained(model);
        const auto state_of = [](const Model& m, const nn::Optimizer& o) {
            Values values = values_of(m.parameters);
            for (auto& each : values_of(o.state_dict())) values.push_back(each);
            return values;
        };
        reference->step();
        const std::int64_t failures =
            fail_each([&] { optimizer->step(); }, [&] { return state_of(model, *optimizer); },
                      state_of(alone, *reference));
        CHECK(failures > 3);
        CHECK(optimizer->step_count() == 2);
    }
}

TEST_CASE("out of memory: clipping and unscaling replace all gradients or none") {
    const auto gradients_of = [](const Model& m) {
        std::vector<Tensor> gradients;
        for (const Tensor& p : m.parameters) gradients.push_back(p.grad());
        return values_of(gradients);
    };
    Model alone, model;
    nn::clip_grad_norm_(alone.parameters, 1);
    CHECK(fail_each([&] { nn::clip_grad_norm_(model.parameters, 1); },
                    [&] { return gradients_of(model); }, gradients_of(alone)) > 3);

    nn::SGD sgd_alone(alone.parameters, {.lr = 0.5}), sgd(model.parameters, {.lr = 0.5});
    nn::GradScaler scaler_alone({.init_scale = 8}), scaler({.init_scale = 8});
    scaler_alone.unscale_(sgd_alone);
    CHECK(fail_each([&] { scaler.unscale_(sgd); }, [&] { return gradients_of(model); },
                    gradients_of(alone)) > 3);
    scaler_alone.step(sgd_alone);
    CHECK(fail_each([&] { scaler.step(sgd); }, [&] { return values_of(model.parameters); },
                    values_of(alone.parameters)) > 0);
    scaler_alone.update();
    CHECK(fail_each([&] { scaler.update(); }, [&] { return values_of(scaler.state_dict()); },
                    values_of(scaler_alone.state_dict())) > 3);
}

namespace {

struct Net final : nn::Module {
    nn::Linear first{6, 5}, second{5, 1};
    Net() {
        add("first", first);
        add("second", second);
    }
    Tensor loss(const Tensor& x) { return mean(square(second(tanh(first(x))))); }
};

}  // namespace

TEST_CASE("out of memory: a learner's step changes weights, moments, scale and average together") {
    const Tensor x = rand({8, 6});
    manual_seed(5);
    Net alone;
    manual_seed(5);
    Net net;
    const models::LearnerOptions options{
        .lr = 0.01, .grad_clip = 0.5, .ema = 0.9, .loss_scaling = {.init_scale = 16}};
    models::Learner reference(alone, options), learner(net, options);
    const auto state_of = [](Net& m, models::Learner& l) {
        models::TrainState state;
        l.add_to(state);
        Values values = values_of(m.state_dict());
        for (auto& each : values_of(state.save())) values.push_back(each);
        return values;
    };
    for (int step = 0; step < 2; ++step) {
        reference.step({alone.loss(x), {{"loss", ones({})}}});
        const std::int64_t failures = fail_each(
            [&] {
                learner.step({net.loss(x), {{"loss", ones({})}}});
            },
            [&] { return state_of(net, learner); }, state_of(alone, reference));
        CHECK(failures > 10);
    }
}

TEST_CASE("out of memory: averaged weights leave the module although nothing can be allocated") {
    manual_seed(6);
    Net net;
    nn::EMA average(net, 0.5);
    for (const auto& [name, p] : net.named_parameters()) {
        const NoGrad guard;
        Tensor(p).fill_(3);
    }
    const Values trained = values_of(net.state_dict()), averaged = values_of(average.shadow());
    std::int64_t failures = 0;
    for (bool failed = true; failed; ++failures) {
        allocator_of(cpu).release_cache();
        FailingAllocation failure(failures);
        try {
            const nn::Evaluation evaluation(net, average);
        } catch (const std::exception&) {}
        failed = failure.end();
        CHECK(values_of(net.state_dict()) == trained);
        CHECK(values_of(average.shadow()) == averaged);
        CHECK(net.is_training());
    }
    CHECK(failures > 5);
    auto evaluation = std::make_optional<nn::Evaluation>(net, average);
    CHECK(values_of(net.state_dict()) == averaged);
    FailingAllocation failure(0);
    evaluation.reset();
    CHECK_FALSE(failure.end());
    CHECK(values_of(net.state_dict()) == trained);
}
