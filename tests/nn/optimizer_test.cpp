// Optimisers against PyTorch's trajectories, and what a step must not do.
#include "nn/optim/optimizer.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/golden/nn_golden.h"
#include "tests/golden/optimizer_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

constexpr int kSteps = 12;

// The problem of make_nn_golden.py: b has no gradient in the first two steps, and the learning rate
// halves after six.
struct Problem {
    Tensor w = f64s(spread(6, 0), {3, 2}).requires_grad_(),
           b = f64s(spread(2, 1), {2}).requires_grad_();

    void step(nn::Optimizer& optimizer, int i) {
        if (i == 6) optimizer.set_learning_rate(optimizer.learning_rate() * 0.5);
        optimizer.zero_grad();
        Tensor loss = sum(w * w * 0.5 + sin(w * 3)) + sum(w * ((i + 1) * 0.1));
        if (i >= 2) loss = loss + sum(b * b * b * b + cos(b) * select(w, 0, 0));
        backward(loss);
        optimizer.step();
    }
    std::vector<double> values() const {
        std::vector<double> out = w.to_vector();
        for (double v : b.to_vector()) out.push_back(v);
        return out;
    }
};

template <class Optimizer, class Options>
double error_against(const std::vector<double>& golden, Options options) {
    Problem problem;
    Optimizer optimizer({problem.w, problem.b}, options);
    std::vector<double> rows;
    for (int i = 0; i < kSteps; ++i) {
        problem.step(optimizer, i);
        for (double v : problem.values()) rows.push_back(v);
    }
    CHECK(optimizer.step_count() == kSteps);
    return distance(rows, golden);
}

// Trains 5 steps, moves everything into a second optimiser through its state dict, and trains both
// 7 more.
template <class Optimizer, class Options> void check_resumes_bitwise(Options options) {
    Problem first;
    Optimizer a({first.w, first.b}, options);
    for (int i = 0; i < 5; ++i) first.step(a, i);
    Problem second;
    Optimizer b({second.w, second.b}, options);
    {
        NoGrad guard;
        second.w.copy_(first.w);
        second.b.copy_(first.b);
    }
    NamedTensors saved;
    for (const auto& [name, tensor] : a.state_dict()) saved.emplace_back(name, clone(tensor));
    b.load_state_dict(saved);
    CHECK(b.step_count() == 5);
    for (int i = 5; i < kSteps; ++i) {
        first.step(a, i);
        second.step(b, i);
    }
    CHECK(first.values() == second.values());
}

}  // namespace

TEST_CASE(
    "every optimiser follows PyTorch's trajectory, with a parameter that joins late and a learning "
    "rate that changes") {
    using nn::SGD, nn::SGDOptions, nn::Adam, nn::AdamW, nn::AdamOptions, nn::RMSprop,
        nn::RMSpropOptions;
    constexpr double tolerance = 1e-13;
    CHECK(error_against<SGD>(golden::sgd, SGDOptions{.lr = 0.05}) < tolerance);
    CHECK(error_against<SGD>(golden::sgd_momentum, SGDOptions{.lr = 0.05, .momentum = 0.9}) <
          tolerance);
    const SGDOptions dampened{.lr = 0.05, .momentum = 0.9, .dampening = 0.3, .weight_decay = 0.1};
    CHECK(error_against<SGD>(golden::sgd_dampening, dampened) < tolerance);
    const SGDOptions nesterov{.lr = 0.05, .momentum = 0.8, .weight_decay = 0.01, .nesterov = true};
    CHECK(error_against<SGD>(golden::sgd_nesterov, nesterov) < tolerance);
    CHECK(error_against<Adam>(golden::adam, AdamOptions{.lr = 0.1}) < tolerance);
    const AdamOptions decayed{
        .lr = 0.1, .beta1 = 0.5, .beta2 = 0.9, .epsilon = 1e-4, .weight_decay = 0.2};
    CHECK(error_against<Adam>(golden::adam_decay, decayed) < tolerance);
    CHECK(error_against<AdamW>(golden::adamw, AdamOptions{.lr = 0.1, .weight_decay = 0.3}) <
          tolerance);
    using nn::RAdam;
    CHECK(error_against<RAdam>(golden::radam, AdamOptions{.lr = 0.1}) < tolerance);
    CHECK(error_against<RAdam>(
              golden::radam_decay,
              AdamOptions{
                  .lr = 0.1, .beta1 = 0.5, .beta2 = 0.9, .epsilon = 1e-3, .weight_decay = 0.2}) <
          tolerance);
    // never enough gradients
    CHECK(error_against<RAdam>(golden::radam_plain, AdamOptions{.lr = 0.1, .beta2 = 0.6}) <
          tolerance);
    CHECK(error_against<RMSprop>(golden::rmsprop, RMSpropOptions{.lr = 0.02}) < tolerance);
    const RMSpropOptions heavy{.lr = 0.02, .alpha = 0.9, .weight_decay = 0.1, .momentum = 0.7};
    CHECK(error_against<RMSprop>(golden::rmsprop_momentum, heavy) < tolerance);
    using nn::Adagrad, nn::AdagradOptions, nn::Adamax, nn::AdamaxOptions;
    CHECK(error_against<Adagrad>(golden::adagrad, AdagradOptions{.lr = 0.3}) < tolerance);
    const AdagradOptions slowing{.lr = 0.3,
                                 .lr_decay = 0.2,
                                 .weight_decay = 0.1,
                                 .initial_accumulator = 0.5,
                                 .epsilon = 1e-3};
    CHECK(error_against<Adagrad>(golden::adagrad_decay, slowing) < tolerance);
    CHECK(error_against<Adamax>(golden::adamax, AdamaxOptions{.lr = 0.1}) < tolerance);
    const AdamaxOptions pulled{
        .lr = 0.1, .beta1 = 0.5, .beta2 = 0.9, .epsilon = 1e-3, .weight_decay = 0.2};
    CHECK(error_against<Adamax>(golden::adamax_decay, pulled) < tolerance);
}

TEST_CASE("Lion follows Algorithm 2 of its paper, step by step") {
    const double lr = 0.05, beta1 = 0.8, beta2 = 0.95, lambda = 0.3;
    std::vector<double> theta = spread(5, 0.4), m(5, 0);
    Tensor p = f64s(theta, {5}).requires_grad_();
    nn::Lion lion({p}, {.lr = lr, .beta1 = beta1, .beta2 = beta2, .weight_decay = lambda});
    for (int t = 0; t < 20; ++t) {
        std::vector<double> g = spread(5, 0.7 * t);
        g[3] = 0;  // never a gradient: its step is that of the decay alone
        p.set_grad(f64s(g, {5}));
        lion.step();
        for (std::size_t i = 0; i < 5; ++i) {
            const double c = beta1 * m[i] + (1 - beta1) * g[i];
            theta[i] -= lr * ((c > 0 ? 1 : c < 0 ? -1 : 0) + lambda * theta[i]);
            m[i] = beta2 * m[i] + (1 - beta2) * g[i];
        }
        CHECK(distance(p, theta) < 1e-14);
    }
}

TEST_CASE("SGD without momentum ignores dampening, as PyTorch does") {
    Tensor p = f64s({1}, {1}).requires_grad_();
    nn::SGD sgd({p}, {.lr = 1, .dampening = 0.5});
    for (int i = 0; i < 3; ++i) {
        p.set_grad(f64s({0.25}, {1}));
        sgd.step();
    }
    CHECK(p.item() == 0.25);
}

TEST_CASE("an optimiser resumes from its state dict with the same bits") {
    check_resumes_bitwise<nn::SGD>(nn::SGDOptions{.lr = 0.05, .momentum = 0.9, .dampening = 0.1});
    check_resumes_bitwise<nn::Adam>(nn::AdamOptions{.lr = 0.1});
    check_resumes_bitwise<nn::AdamW>(nn::AdamOptions{.lr = 0.1, .weight_decay = 0.1});
    check_resumes_bitwise<nn::RAdam>(nn::AdamOptions{.lr = 0.1, .beta2 = 0.9});
    check_resumes_bitwise<nn::RMSprop>(nn::RMSpropOptions{.momentum = 0.5});
    check_resumes_bitwise<nn::Adagrad>(
        nn::AdagradOptions{.lr = 0.3, .lr_decay = 0.1, .initial_accumulator = 0.2});
    check_resumes_bitwise<nn::Adamax>(nn::AdamaxOptions{.lr = 0.1});
    check_resumes_bitwise<nn::Lion>(nn::LionOptions{.lr = 0.01, .weight_decay = 0.1});
}

TEST_CASE("a gradient may be expanded or transposed") {
    Tensor p = f64s({1, 2, 3, 4, 5, 6}, {2, 3}).requires_grad_(),
           q = f64s({1, 2, 3, 4, 5, 6}, {2, 3}).requires_grad_();
    nn::SGD sgd({p, q}, {.lr = 1});
    // expanded ones; a transposed [3, 2]
    backward(sum(p) + sum(transpose(q) * f64s({1, 2, 3, 4, 5, 6}, {3, 2})));
    sgd.step();
    CHECK(p.to_vector() == std::vector<double>{0, 1, 2, 3, 4, 5});
    CHECK(q.to_vector() == std::vector<double>{0, -1, -2, 2, 1, 0});
}

TEST_CASE("an optimiser leaves parameters without a gradient alone, frozen ones too") {
    Tensor p = f64s({1, 2}, {2}).requires_grad_(), q = f64s({3}, {1}).requires_grad_();
    nn::Adam adam({p, q}, {.lr = 0.1, .weight_decay = 0.5});
    adam.step();
    CHECK(p.to_vector() == std::vector<double>{1, 2});
    q.requires_grad_(false);
    backward(sum(p));
    adam.step();
    CHECK(p.to_vector()[0] < 1);
    CHECK(q.item() == 3);
    adam.zero_grad();
    CHECK(!p.grad().defined());
}

TEST_CASE("a step is a write, so that backward through a graph that saved the parameter throws") {
    Tensor p = f64s({1, 2}, {2}).requires_grad_();
    nn::SGD sgd({p}, {.lr = 0.1});
    const Tensor loss = sum(square(p));
    p.set_grad(ones_like(p));
    sgd.step();
    CHECK_THROWS_AS(backward(loss), Error);
}

TEST_CASE("the first step of Adam moves every f32 parameter by lr") {
    Tensor p = zeros({1000}).requires_grad_();
    nn::Adam adam({p}, {.lr = 1e-3});
    p.set_grad(full({1000}, 0.3));
    adam.step();
    for (double v : p.to_vector()) CHECK(v == doctest::Approx(-1e-3).epsilon(1e-4));
}

TEST_CASE("an optimiser throws on parameters and options that do not fit") {
    Tensor p = f64s({1, 2}, {2}).requires_grad_();
    const auto sgd = [](std::vector<Tensor> list, nn::SGDOptions o = {}) {
        return error_of([&] { nn::SGD x(std::move(list), o); });
    };
    CHECK(contains(sgd({}), "no parameters"));
    CHECK(contains(sgd({p, p}), "parameter 1 is given twice"));
    CHECK(contains(sgd({p, p * 2}), "parameter 1 is not a leaf"));
    CHECK(contains(sgd({f64s({1}, {1})}), "requires_grad_()"));
    CHECK(contains(sgd({Tensor()}), "an undefined tensor"));
    CHECK(contains(sgd({p}, {.lr = -1}), "learning rate"));
    CHECK(contains(sgd({p}, {.lr = NAN}), "learning rate"));
    CHECK(contains(sgd({p}, {.nesterov = true}), "Nesterov"));
    CHECK(contains(error_of([&] { nn::Adam x({p}, {.beta2 = 1}); }), "beta2"));
    CHECK(contains(error_of([&] { nn::RMSprop x({p}, {.epsilon = -1}); }), "epsilon"));
    CHECK(
        contains(error_of([&] { nn::Adagrad x({p}, {.lr_decay = -1}); }), "Adagrad: bad lr_decay"));
    CHECK(contains(error_of([&] { nn::Adagrad x({p}, {.initial_accumulator = NAN}); }),
                   "initial_accumulator"));
    CHECK(contains(error_of([&] { nn::Adamax x({p}, {.beta1 = -0.1}); }), "Adamax: bad beta1"));
    CHECK(contains(error_of([&] { nn::Lion x({p}, {.beta2 = 1.5}); }), "Lion: bad beta2"));

    nn::Adam adam({p}, {});
    backward(sum(p));
    adam.step();
    const NamedTensors before = adam.state_dict();
    NamedTensors other{
        before[0], before[1], {"0.state1", zeros({3}, {.dtype = f64})}, {"1.state1", p}};
    const std::string error = error_of([&] { adam.load_state_dict(other); });
    CHECK(contains(error, "Adam: "));
    CHECK(contains(error, "missing 0.state2"));
    CHECK(contains(error, "unknown 1.state1"));
    CHECK(contains(error, "0.state1 (got f64 [3], expected f64 [2])"));
    CHECK(adam.step_count() == 1);
}

TEST_CASE(
    "clip_grad_norm_ scales all gradients together, as PyTorch does, and never a shared one "
    "twice") {
    const Tensor p = zeros({4, 3}, {.dtype = f64}).requires_grad_(),
                 q = zeros({3}, {.dtype = f64}).requires_grad_();
    const Tensor none = zeros({1}).requires_grad_();
    p.set_grad(f64s(golden::x, {4, 3}));
    q.set_grad(f64s({golden::y[0], golden::y[1], golden::y[2]}, {3}));
    CHECK(nn::clip_grad_norm_({p, q, none}, 1.5).item() ==
          doctest::Approx(golden::clip_norm[0]).epsilon(1e-14));
    std::vector<double> clipped = p.grad().to_vector();
    for (double v : q.grad().to_vector()) clipped.push_back(v);
    CHECK(distance(clipped, golden::clip_grad) < 1e-6);  // PyTorch divides by norm + 1e-6
    CHECK(nn::clip_grad_norm_({p, q}, 1.5).item() == doctest::Approx(1.5).epsilon(1e-14));
    // within the bound: untouched
    CHECK(nn::clip_grad_norm_({p, q}, 2).item() == doctest::Approx(1.5).epsilon(1e-14));
    CHECK(nn::clip_grad_norm_({none}, 1).item() == 0);
    q.set_grad(zeros_like(q));  // a bound of 0 is met by gradients of 0
    CHECK(nn::clip_grad_norm_({q}, 0).item() == 0);
    CHECK(q.grad().to_vector() == std::vector<double>{0, 0, 0});

    const Tensor shared = f64s({3, 4}, {2}), a = zeros_like(shared).requires_grad_(),
                 b = zeros_like(shared).requires_grad_();
    a.set_grad(shared);
    b.set_grad(shared);
    CHECK(nn::clip_grad_norm_({a, b}, 1).item() == doctest::Approx(std::sqrt(50)));
    CHECK(distance(b.grad(), {3 / std::sqrt(50), 4 / std::sqrt(50)}) < 1e-15);
    CHECK(shared.to_vector() == std::vector<double>{3, 4});
}

TEST_CASE("clip_grad_norm_ sums in f64 and throws if asked to when the norm is not finite") {
    const Tensor p = zeros({2}).requires_grad_();
    p.set_grad(tensor({3e30, 4e30}));  // squares overflow f32
    CHECK(nn::clip_grad_norm_({p}, 1).item() == doctest::Approx(5e30));
    CHECK(distance(p.grad(), {0.6, 0.8}) < 1e-6);
    p.set_grad(tensor({INFINITY, 1}));
    CHECK_THROWS_AS(nn::clip_grad_norm_({p}, 1, true), Error);
    CHECK(p.grad().to_vector()[1] == 1);
    CHECK(std::isinf(nn::clip_grad_norm_({p}, 1).item()));
    p.set_grad(tensor({NAN, 1}));
    CHECK(std::isnan(nn::clip_grad_norm_({p}, 1).item()));
    CHECK(std::isnan(p.grad().to_vector()[1]));
    CHECK_THROWS_AS(nn::clip_grad_norm_({p}, -1), Error);
}
