// G1, G3, E5: the value of the game and the losses of both players, from logits.
#include "models/gan/objective.h"

#include <functional>

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "nn/layers/linear.h"
#include "tests/golden/gan_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;
using namespace nn_test;

namespace {

// d loss_i / d a_i of G's loss for each logit.
std::vector<double> logit_gradients(const char* name, const std::vector<double>& logits) {
    Tensor a = f64s(logits, {static_cast<std::int64_t>(logits.size())});
    a.requires_grad_();
    backward(objective(name).generator_loss({}, a) * static_cast<double>(logits.size()));
    return a.grad().to_vector();
}
double sigma(double a) { return a >= 0 ? 1 / (1 + std::exp(-a)) : std::exp(a) / (1 + std::exp(a)); }

// A loss, then its gradients with respect to 5 logits of data and 7 of samples, as gan_golden.h has
// them.
std::vector<double> with_gradients(
    const std::function<Tensor(const Tensor&, const Tensor&)>& loss) {
    Tensor real = 2.0 * spread({5, 1}, 0.2), fake = 2.0 * spread({7, 1}, 0.9);
    real.requires_grad_();
    fake.requires_grad_();
    const Tensor l = loss(real, fake);
    std::vector<double> out{l.item()};
    for (const Tensor& g : grad(l, {real, fake}, {.allow_unused = true}))
        for (double x : g.defined() ? g.to_vector() : std::vector<double>(5, 0)) out.push_back(x);
    return out;
}

}  // namespace

TEST_CASE("G1: V(D, G) is -log 4 where D is 1/2 everywhere") {
    CHECK(std::abs(value(zeros({8, 1}, {.dtype = f64}), zeros({5}, {.dtype = f64})).item() +
                   1.3862943611198906) < 1e-15);
    Generator generator(1);
    const Tensor real = 4.0 * randn({50, 1}, {.dtype = f64}, generator);
    const Tensor fake = 4.0 * randn({30, 1}, {.dtype = f64}, generator);
    const double naive = mean(log(sigmoid(real))).item() + mean(log(1.0 - sigmoid(fake))).item();
    CHECK(value(real, fake).item() == doctest::Approx(naive).epsilon(1e-12));
    CHECK(value(full({1}, 1e4), full({1}, -1e4)).item() == 0);  // a discriminator that is right
    CHECK(value(full({1}, -1e4), full({1}, 1e4)).item() == doctest::Approx(-2e4));
    // What D descends is -V, of the game of the paper under both names.
    for (const char* name : {"non-saturating", "minimax"})
        CHECK(objective(name).discriminator_loss(real, fake, 1).item() == doctest::Approx(-naive));
    CHECK(objective("minimax").generator_loss({}, fake).item() ==
          doctest::Approx(mean(log(1.0 - sigmoid(fake))).item()));
}

TEST_CASE("G3: gradients in the logits are -sigma(a) and -(1 - sigma(a)), their ratio e^a") {
    std::vector<double> logits;
    for (double a = -30; a <= 30; a += 0.75) logits.push_back(a);
    const auto saturating = logit_gradients("minimax", logits);
    const auto other = logit_gradients("non-saturating", logits);
    for (std::size_t i = 0; i < logits.size(); ++i) {
        CAPTURE(logits[i]);
        CHECK(std::abs(saturating[i] + sigma(logits[i])) < 1e-12);
        CHECK(std::abs(other[i] + sigma(-logits[i])) < 1e-12);
        CHECK(saturating[i] / other[i] == doctest::Approx(std::exp(logits[i])).epsilon(1e-12));
    }
    CHECK(logit_gradients("minimax", {-1e4, 1e4}) == std::vector<double>{0, -1});
    CHECK(logit_gradients("non-saturating", {-1e4, 1e4}) == std::vector<double>{-1, 0});
}

TEST_CASE("G3: both losses have the same fixed points: none moves G where D is flat") {
    for (const double slope : {0.0, 0.5}) {
        nn::Linear g(1, 1, {.dtype = f64}), d(1, 1, {.dtype = f64});
        d.weight.requires_grad_(false).fill_(slope);
        for (const char* name : {"minimax", "non-saturating"}) {
            g.zero_grad();
            backward(objective(name).generator_loss({}, d(g(spread({9, 1}, 0.4)))));
            CHECK((max(abs(g.weight.grad())).item() == 0) == (slope == 0));
        }
    }
}

TEST_CASE("E5: what saturates is the gradient in the logit, not d log(1 - D) / dD") {
    // D rejects samples with confidence
    const double early = 1e-4, a = std::log(early / (1 - early));
    Tensor d = f64s({early}, {1});
    d.requires_grad_();
    backward(log(1.0 - d));
    const double literal = d.grad().item();
    CHECK(literal == doctest::Approx(-1 / (1 - early)));
    CHECK_FALSE(std::abs(literal) < 0.1);  // "log(1 - D) is flat in D" does not hold
    CHECK(std::abs(logit_gradients("minimax", {a})[0]) < 1.01 * early);
    CHECK(std::abs(logit_gradients("non-saturating", {a})[0]) > 1 - 1.01 * early);
}

TEST_CASE("gan objectives: losses and gradients are PyTorch's") {
    std::size_t named = 0;
    for (const golden::GanLoss& expected : golden::gan_losses) {
        CAPTURE(expected.name);
        CAPTURE(expected.label);
        const Objective& o = objective(expected.name);
        const auto discriminator_loss = [&](const Tensor& r, const Tensor& f) {
            return o.discriminator_loss(r, f, expected.label);
        };
        CHECK(distance(with_gradients(discriminator_loss), expected.discriminator) < 1e-14);
        CHECK(distance(with_gradients(o.generator_loss), expected.generator) < 1e-14);
        named += expected.label == 1;
    }
    CHECK(named == objectives().size());
}

TEST_CASE("gan objectives: twice differentiable, finite at logits of 1e4, of any shape") {
    for (const Objective& o : objectives()) {
        CAPTURE(o.name);
        const std::vector<Tensor> inputs{spread({3, 1}, 0.3).requires_grad_(),
                                         spread(Shape{4}, 1.2).requires_grad_()};
        const auto d = [&](const std::vector<Tensor>& in) {
            return o.discriminator_loss(in[0], in[1], o.smooths ? 0.8 : 1);
        };
        gradcheck(d, inputs, {.name = o.name});
        gradgradcheck(d, inputs, {.name = o.name});
        for (const DType dtype : {f32, f64}) {
            Tensor real = tensor({1e4, -1e4, 1e4, -1e4}, {2, 2}, {.dtype = dtype});
            Tensor fake = tensor({1e4, -1e4, -1e4}, {3}, {.dtype = dtype});
            real.requires_grad_();
            fake.requires_grad_();
            for (const Tensor& loss :
                 {o.discriminator_loss(real, fake, 1), o.generator_loss(real, fake)}) {
                CHECK(std::isfinite(loss.item()));
                CHECK(loss.rank() == 0);
                for (const Tensor& g : grad(loss, {real, fake}, {.allow_unused = true}))
                    if (g.defined()) CHECK(std::isfinite(sum(abs(g)).item()));
            }
        }
        // the mean of nothing
        CHECK(std::isnan(o.discriminator_loss(zeros({0, 1}), zeros({0, 1}), 1).item()));
    }
}

TEST_CASE("gan objectives: bad labels and unknown names throw") {
    const Tensor a = zeros({2, 1});
    CHECK(contains(error_of([] { objective("vanilla"); }),
                   "expected one of non-saturating, minimax, hinge, least-squares, wasserstein, "
                   "relativistic"));
    CHECK(contains(error_of([&] { objective("hinge").discriminator_loss(a, a, 0.9); }),
                   "the hinge loss has no label to smooth; got 0.9"));
    CHECK(contains(error_of([&] { objective("wasserstein").discriminator_loss(a, a, 0.9); }),
                   "no label to smooth"));
    for (const double label : {0.0, -1.0, 1.5, std::nan("")})
        for (const Objective& o : objectives())
            CHECK_FALSE(error_of([&] { o.discriminator_loss(a, a, label); }).empty());
    CHECK(contains(error_of([&] { objective("relativistic").generator_loss({}, a); }),
                   "reads the logits of data"));
    CHECK_FALSE(error_of([&] { objective("minimax").discriminator_loss({}, a, 1); }).empty());
}
