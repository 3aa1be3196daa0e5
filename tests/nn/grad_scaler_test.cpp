// Dynamic loss scaling against PyTorch's, and what a skipped step leaves alone.
#include "nn/optim/grad_scaler.h"

#include <memory>
#include <set>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

/// Scales after each of 20 steps, and where a parameter with gradient 1 went; `bad` steps have an
/// infinite one.
struct Trajectory {
    std::vector<double> scales;
    double end = 0;
};

Trajectory trajectory(nn::GradScalerOptions options, const std::set<int>& bad) {
    options.growth_interval = 3;
    nn::GradScaler scaler(options);
    Tensor p = zeros({1}).requires_grad_();
    nn::SGD sgd({p}, {.lr = 1});
    Trajectory out;
    for (int i = 0; i < 20; ++i) {
        sgd.zero_grad();
        backward(scaler.scale(sum(p * (bad.contains(i) ? INFINITY : 1.0))));
        scaler.step(sgd);
        scaler.update();
        out.scales.push_back(scaler.current_scale().item());
    }
    out.end = p.item();
    return out;
}

/// A problem of a few parameters, f32 and f64, trained with or without a scaler.
struct Problem {
    Tensor w = tensor(spread(6, 0), {3, 2}).requires_grad_(),
           b = f64s(spread(2, 1), {2}).requires_grad_();

    Tensor loss(int i) const {
        return sum(w * w * 0.5 + sin(w * 3.0)) + to(sum(b * b * b * b + cos(b) * (i + 1.0)), f32);
    }
    std::vector<double> values() const {
        std::vector<double> out = w.to_vector();
        for (double v : b.to_vector()) out.push_back(v);
        return out;
    }
    void step(nn::Optimizer& optimizer, nn::GradScaler& scaler, int i, double factor = 1,
              bool clips = false) {
        optimizer.zero_grad();
        backward(scaler.scale(loss(i) * factor));
        if (clips) {
            scaler.unscale_(optimizer);
            nn::clip_grad_norm_(optimizer.parameters(), 0.5);
        }
        scaler.step(optimizer);
        scaler.update();
    }
};

std::vector<std::vector<double>> numbers_of(const NamedTensors& state, const std::string& part) {
    std::vector<std::vector<double>> out;
    for (const auto& [name, x] : state)
        if (contains(name, part)) out.push_back(x.to_vector());
    return out;
}

std::vector<std::unique_ptr<nn::Optimizer>> every_optimizer(const Problem& p) {
    const std::vector<Tensor> parameters{p.w, p.b};
    std::vector<std::unique_ptr<nn::Optimizer>> out;
    out.push_back(std::make_unique<nn::SGD>(
        parameters, nn::SGDOptions{.lr = 0.05, .momentum = 0.9, .weight_decay = 0.1}));
    out.push_back(std::make_unique<nn::SGD>(parameters, nn::SGDOptions{.lr = 0.05}));
    out.push_back(
        std::make_unique<nn::AdamW>(parameters, nn::AdamOptions{.lr = 0.1, .weight_decay = 0.3}));
    out.push_back(
        std::make_unique<nn::RAdam>(parameters, nn::AdamOptions{.lr = 0.1, .beta2 = 0.9}));
    out.push_back(
        std::make_unique<nn::RMSprop>(parameters, nn::RMSpropOptions{.lr = 0.02, .momentum = 0.7}));
    out.push_back(
        std::make_unique<nn::Adagrad>(parameters, nn::AdagradOptions{.lr = 0.3, .lr_decay = 0.2}));
    out.push_back(std::make_unique<nn::Adamax>(parameters, nn::AdamaxOptions{.lr = 0.1}));
    out.push_back(
        std::make_unique<nn::Lion>(parameters, nn::LionOptions{.lr = 0.05, .weight_decay = 0.3}));
    return out;
}

}  // namespace

TEST_CASE("GradScaler changes its scale as PyTorch's does") {
    // PyTorch 2.15: p = torch.zeros(1, requires_grad=True); sgd = torch.optim.SGD([p], 1.0)
    // scaler = torch.amp.GradScaler("cpu", init_scale=..., growth_interval=3)
    // for i in range(20):
    //     sgd.zero_grad(); scaler.scale((p * (float("inf") if i in bad else 1.0)).sum()).backward()
    //     scaler.step(sgd); scaler.update(); print(scaler.get_scale())
    // print(p.item())
    const Trajectory plain = trajectory({.init_scale = 1024}, {0, 1, 5, 6, 12});
    CHECK(plain.scales == std::vector<double>{512, 256, 256, 256, 512, 256, 128, 128, 128, 256,
                                              256, 256, 128, 128, 128, 256, 256, 256, 512, 512});
    CHECK(plain.end == -15);
    const Trajectory edge = trajectory({.init_scale = 0x1p126}, {10});  // 2^128 is no f32
    for (std::size_t i = 0; i < 20; ++i)
        CHECK(edge.scales[i] == (i < 2 || (i >= 10 && i < 13) ? 0x1p126 : 0x1p127));
    CHECK(edge.end == -19);
    const Trajectory odd =
        trajectory({.init_scale = 3, .growth_factor = 1.5, .backoff_factor = 0.25}, {4});
    CHECK(odd.scales == std::vector<double>{3,        3,         4.5,       4.5,       1.125,
                                            1.125,    1.125,     1.6875,    1.6875,    1.6875,
                                            2.53125,  2.53125,   2.53125,   3.796875,  3.796875,
                                            3.796875, 5.6953125, 5.6953125, 5.6953125, 8.54296875});
    CHECK(odd.end == -19);
}

TEST_CASE(
    "GradScaler skips a step without changing a bit of parameters and states, for every "
    "optimiser") {
    const std::size_t count = every_optimizer(Problem()).size();
    for (std::size_t k = 0; k < count; ++k)
        for (double factor : {double(INFINITY), double(NAN)}) {
            Problem problem;
            const auto optimizer = std::move(every_optimizer(problem)[k]);
            nn::GradScaler scaler;
            for (int i = 0; i < 3; ++i) problem.step(*optimizer, scaler, i);
            const auto before = problem.values();
            const auto states = numbers_of(optimizer->state_dict(), "state");
            for (int i = 3; i < 5; ++i) {
                problem.step(*optimizer, scaler, i, factor);
                CHECK(problem.values() == before);
                CHECK(numbers_of(optimizer->state_dict(), "state") == states);
            }
            CHECK(scaler.current_scale().item() == 65536 / 4.0);
            CHECK(optimizer->step_count() == 5);
            problem.step(*optimizer, scaler, 5);
            CHECK(problem.values() != before);
            CHECK(std::isfinite(distance(problem.values(), before)));
        }
}

TEST_CASE("GradScaler finds a single element that is not finite, wherever it is") {
    for (std::int64_t place : {0, 1, 8191, 8192, 29999}) {
        Tensor p = zeros({30000}).requires_grad_(), q = zeros({3}, {.dtype = f64}).requires_grad_();
        nn::SGD sgd({q, p}, {.lr = 1});
        nn::GradScaler scaler;
        Tensor weight = ones({30000});
        weight.data<float>()[place] = -INFINITY;
        backward(scaler.scale(sum(p * weight) + to(sum(q), f32)));
        scaler.step(sgd);
        CHECK(p.to_vector() == std::vector<double>(30000, 0));
        CHECK(q.to_vector() == std::vector<double>(3, 0));
        scaler.update();
        CHECK(scaler.current_scale().item() == 32768);
    }
}

TEST_CASE(
    "GradScaler with powers of two changes no bit of training, with clipping and shared "
    "gradients, too") {
    for (bool clips : {false, true})
        for (std::size_t k = 0; k < every_optimizer(Problem()).size(); ++k) {
            Problem plain, scaled;
            const auto a = std::move(every_optimizer(plain)[k]),
                       b = std::move(every_optimizer(scaled)[k]);
            nn::GradScaler none({.enabled = false}), scaler({.growth_interval = 2});
            for (int i = 0; i < 12; ++i) {
                plain.step(*a, none, i, 1, clips);
                scaled.step(*b, scaler, i, 1, clips);
                CHECK(plain.values() == scaled.values());
            }
            CHECK(scaler.current_scale().item() == 65536 * 64.0);
        }
    // d/dx = d/dy: one buffer
    Tensor x = ones({2}).requires_grad_(), y = ones({2}).requires_grad_();
    nn::SGD sgd({x, y}, {.lr = 1});
    nn::GradScaler scaler;
    backward(scaler.scale(sum(x + y)));
    scaler.unscale_(sgd);
    CHECK(x.grad().to_vector() == std::vector<double>{1, 1});
    CHECK(y.grad().to_vector() == std::vector<double>{1, 1});
    CHECK(scaler.unscaled(full({}, 65536 * 3.0)).item() == 3);
}

TEST_CASE(
    "GradScaler skips the steps of two optimisers independently, and one update serves both") {
    Tensor p = zeros({2}).requires_grad_(), q = zeros({2}).requires_grad_(),
           unused = zeros({1}).requires_grad_();
    nn::SGD first({p}, {.lr = 1}), second({q}, {.lr = 1}), third({unused}, {.lr = 1});
    nn::GradScaler scaler({.init_scale = 8});
    backward(scaler.scale(sum(p) * double(INFINITY)));
    backward(scaler.scale(sum(q) * 2.0));
    scaler.unscale_(second);
    CHECK(q.grad().to_vector() == std::vector<double>{2, 2});
    scaler.step(first);
    scaler.step(second);
    scaler.step(third);  // without a gradient
    CHECK(p.to_vector() == std::vector<double>{0, 0});
    CHECK(q.to_vector() == std::vector<double>{-2, -2});
    scaler.update();
    CHECK(scaler.current_scale().item() == 4);
}

TEST_CASE("GradScaler resumes from its state with the same bits and has no state if not enabled") {
    Problem first, second;
    nn::Adam a({first.w, first.b}, {.lr = 0.1}), b({second.w, second.b}, {.lr = 0.1});
    nn::GradScaler one({.growth_interval = 3}), other({.init_scale = 2, .growth_interval = 3});
    for (int i = 0; i < 5; ++i) first.step(a, one, i, i == 2 ? INFINITY : 1);
    {
        NoGrad guard;
        second.w.copy_(first.w);
        second.b.copy_(first.b);
    }
    b.load_state_dict(a.state_dict());
    CHECK(names_of(one.state_dict()) == std::vector<std::string>{"scale", "growth_tracker"});
    CHECK(one.state_dict()[1].second.item() == 2);  // one more, and it grows
    other.load_state_dict(one.state_dict());
    for (int i = 5; i < 12; ++i) {
        first.step(a, one, i, i == 9 ? INFINITY : 1);
        second.step(b, other, i, i == 9 ? INFINITY : 1);
        CHECK(one.current_scale().item() == other.current_scale().item());
    }
    CHECK(one.current_scale().item() == 65536);
    CHECK(first.values() == second.values());
    nn::GradScaler none({.enabled = false});
    CHECK(none.state_dict().empty());
    none.load_state_dict({});
    CHECK(contains(error_of([&] { other.load_state_dict({}); }),
                   "GradScaler: the state does not fit, and nothing was changed; missing scale, "
                   "growth_tracker"));
}

TEST_CASE("GradScaler throws on bad options and on calls out of order") {
    const auto error = [](const nn::GradScalerOptions& options) {
        return error_of([&] { nn::GradScaler scaler(options); });
    };
    for (double bad : {0.0, -1.0, double(INFINITY), double(NAN), 1e39})
        CHECK(contains(error({.init_scale = bad}), "GradScaler: bad init_scale; got "));
    for (double bad : {1.0, 0.5, double(INFINITY), double(NAN)})
        CHECK(contains(error({.growth_factor = bad}), "GradScaler: bad growth_factor; got "));
    for (double bad : {0.0, 1.0, double(NAN)})
        CHECK(contains(error({.backoff_factor = bad}), "GradScaler: bad backoff_factor; got "));
    CHECK(contains(error({.growth_interval = 0}),
                   "GradScaler: bad growth_interval; got 0; expected at least 1"));

    Tensor p = zeros({2}).requires_grad_();
    nn::SGD sgd({p}, {.lr = 1});
    nn::GradScaler scaler;
    CHECK(contains(error_of([&] { scaler.update(); }),
                   "update() without a step() or unscale_() before it"));
    CHECK(contains(error_of([&] { scaler.scale(ones({}, {.dtype = i64})); }),
                   "only f32 and f64 losses are scaled; got i64 []"));
    backward(scaler.scale(sum(p)));
    scaler.unscale_(sgd);
    CHECK(contains(
        error_of([&] { scaler.unscale_(sgd); }),
        "unscale_() of an optimizer that was unscaled already; hint: update() comes between"));
    scaler.step(sgd);
    CHECK(contains(error_of([&] { scaler.unscale_(sgd); }),
                   "unscale_() of an optimizer whose step() was already"));
    CHECK(
        contains(error_of([&] { scaler.step(sgd); }),
                 "step() of an optimizer whose step() was already; hint: update() comes between"));
    scaler.update();
    CHECK(p.to_vector() == std::vector<double>{-1, -1});
    sgd.zero_grad();
    backward(scaler.scale(sum(p)));
    scaler.step(sgd);
    CHECK(p.to_vector() == std::vector<double>{-2, -2});
}
