// G5: the best discriminator against a fixed generator is D*(x) = p_data(x) / (p_data(x) + p_g(x)).
#include "autograd/engine.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "models/gan/algorithm1.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/sequential.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace eps::models::gan;
using namespace nn_test;

TEST_CASE("G5: a log y + b log(1 - y) is largest at y = a / (a + b)") {
    const Tensor a = f64s({1, 2, 0.3, 5, 1e-3, 100}, {6}), b = f64s({1, 1, 0.7, 0.1, 1, 3}, {6});
    Tensor t = zeros({6}, {.dtype = f64});  // y = sigmoid(t); the sum is concave in t, and Newton's method finds its top
    for (int i = 0; i < 60; ++i) {
        Tensor at = detach(t).requires_grad_();
        const Tensor slope = grad(sum(a * log_sigmoid(at) + b * log_sigmoid(-at)), {at}, {.create_graph = true})[0];
        t = t - detach(slope) / grad(sum(slope), {at})[0];
    }
    CHECK(max(abs(sigmoid(t) - a / (a + b))).item() < 1e-10);

    // Where one density is 0 the largest value is at the end of the interval, and is 0.
    const Tensor y = linspace(0, 1, 1001, {.dtype = f64}), none = zeros({}, {.dtype = f64}), some = f64s({0.4}, {});
    const Tensor no_data = xlogy(none, y) + xlogy(some, 1.0 - y), no_samples = xlogy(some, y) + xlogy(none, 1.0 - y);
    CHECK(argmax(no_data, 0).item() == 0);
    CHECK(argmax(no_samples, 0).item() == 1000);
    CHECK(max(no_data).item() == 0);
    CHECK(max(no_samples).item() == 0);
}

TEST_CASE("G5: logistic regression of N(0, 1) against N(mu, 1) finds sigmoid(mu^2 / 2 - mu x)") {
    const double mu = 1.3;
    Generator generator(1);
    const Tensor real = randn({1'000'000}, {.dtype = f64}, generator), fake = mu + randn({1'000'000}, {.dtype = f64}, generator);
    double w = 0, c = 0;
    for (int i = 0; i < 6; ++i) {  // Newton's method
        Tensor W = f64s({w}, {}), C = f64s({c}, {});
        W.requires_grad_();
        C.requires_grad_();
        const Tensor loss = objective("minimax").discriminator_loss(W * real + C, W * fake + C, 1);
        const auto g = grad(loss, {W, C}, {.create_graph = true});
        const auto row = grad(g[0], {W, C}, {.retain_graph = true});
        const double ww = row[0].item(), wc = row[1].item(), cc = grad(g[1], {C})[0].item(), det = ww * cc - wc * wc;
        w -= (cc * g[0].item() - wc * g[1].item()) / det;
        c -= (ww * g[1].item() - wc * g[0].item()) / det;
    }
    CHECK(std::abs(w + mu) < 1e-2);
    CHECK(std::abs(c - mu * mu / 2) < 1e-2);
}

TEST_CASE("G5: a network trained by the steps of D comes to D*") {
    const double mu = 2;
    Generator init(2), draws(3), generator(4);
    nn::Linear g(1, 1, {.dtype = f64, .generator = &init});  // p_g = N(mu, 1)
    {
        NoGrad guard;
        g.weight.fill_(1);
        g.bias.fill_(mu);
    }
    const nn::LinearOptions f64_layer{.dtype = f64, .generator = &init};
    nn::Sequential d;
    d.add<nn::Linear>(1, 16, f64_layer).add<nn::Tanh>().add<nn::Linear>(16, 16, f64_layer).add<nn::Tanh>().add<nn::Linear>(16, 1, f64_layer);
    nn::SGD unused(g.parameters(), {});
    nn::Adam adam(d.parameters(), {.lr = 1e-2});
    const auto normal = [&] { return Minibatch{randn({500, 1}, {.dtype = f64}, draws), {}}; };
    Algorithm1 algorithm({g, d, unused, adam}, {.data = normal, .noise = normal}, {}, {.objective = objective("non-saturating"), .diagnostics = false});
    Report report;
    for (int step = 0; step < 800; ++step) {
        adam.set_learning_rate(step < 400 ? 1e-2 : 1e-3);
        algorithm.update_discriminator(report, generator);
    }
    // mean |D - D*| under (p_data + p_g) / 2
    NoGrad guard;
    const Tensor x = reshape(linspace(-5, 7, 2401, {.dtype = f64}), {2401, 1});
    const auto density = [&](double m) { return exp(-0.5 * square(x - m)) / std::sqrt(2 * M_PI); };
    const Tensor p = density(0), q = density(mu), best = p / (p + q);
    CHECK(max(abs(best - sigmoid(mu * mu / 2 - mu * x))).item() < 1e-12);
    const double away = sum(abs(sigmoid(d(x)) - best) * 0.5 * (p + q)).item() * (12.0 / 2400);
    CHECK(away < 0.02);
}
