// G10: what is unstable in a game of two, exactly; and what sampling costs.
#include "models/gan/theory/dirac.h"

#include <doctest/doctest.h>

#include <cmath>

#include "models/gan/algorithm1.h"
#include "nn/layers/linear.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;

namespace {

const Options doubles{.dtype = f64};

struct Update {
    DiracState state;
    DiracJacobian jacobian;
};
// The step and its Jacobian by autograd, from the losses and the penalty that training uses.
Update by_autograd(const DiracGan& game, DiracState state, const char* loss) {
    Generator unused(0);
    const Tensor psi = Tensor(state.psi, doubles).requires_grad_();
    const Tensor theta = Tensor(state.theta, doubles).requires_grad_();
    const Tensor data = zeros({1, 1}, doubles), sample = reshape(theta, {1, 1});
    const auto critic = [&](const Tensor& x) { return psi * x; };
    const Objective& rules = objective(loss);
    const Tensor of_d = rules.discriminator_loss(critic(data), critic(sample), 1) +
                        game.penalty * penalty("r1").of(critic, data, sample, unused);
    const Tensor next_psi = psi - game.rate * grad(of_d, {psi}, {.create_graph = true})[0];
    const Tensor seen = game.alternating ? next_psi : psi;
    // G's derivative is the partial one: what D saw of theta before is no part of it
    const Tensor answer = reshape(theta, {1, 1});
    const Tensor slope = grad(rules.generator_loss(critic(data), seen * answer), {answer},
                              {.create_graph = true})[0];
    const Tensor next_theta = theta - game.rate * reshape(slope, {});
    Update update{{next_psi.item(), next_theta.item()}, {}};
    for (int row = 0; row < 2; ++row) {
        const auto derivatives =
            grad(row == 0 ? next_psi : next_theta, {psi, theta}, {.retain_graph = true});
        for (std::size_t column = 0; column < 2; ++column)
            update.jacobian[static_cast<std::size_t>(row)][column] = derivatives[column].item();
    }
    return update;
}

double largest(const DiracGan& game) {
    return std::max(std::abs(game.eigenvalues()[0]), std::abs(game.eigenvalues()[1]));
}

// |(psi, theta)| after so many steps from (0.1, 0.1), over what it was.
double growth(const DiracGan& game, int steps) {
    DiracState state{0.1, 0.1};
    for (int i = 0; i < steps; ++i) state = game.step(state);
    return std::hypot(state.psi, state.theta) / std::hypot(0.1, 0.1);
}

// Counts the samples it makes and the calls it takes.
class Counted final : public nn::Module {
public:
    Counted() { add("linear", linear_); }
    Tensor forward(const Tensor& z) override {
        ++calls;
        samples += z.size(0);
        return linear_(z);
    }
    std::int64_t calls = 0, samples = 0;

private:
    nn::Linear linear_{2, 2};
};

}  // namespace

TEST_CASE(
    "G10: step and Jacobian of the Dirac-GAN are those of the losses and the penalty that training "
    "uses") {
    for (const bool alternating : {false, true})
        for (const double gamma : {0.0, 0.3, 2.0}) {
            const DiracGan game{.rate = 0.2, .penalty = gamma, .alternating = alternating};
            for (const char* loss : {"non-saturating", "minimax"}) {
                const Update update = by_autograd(game, {0, 0}, loss);
                const DiracJacobian exact = game.jacobian();
                for (std::size_t row = 0; row < 2; ++row)
                    for (std::size_t column = 0; column < 2; ++column)
                        CHECK(std::abs(update.jacobian[row][column] - exact[row][column]) < 1e-15);
            }
            for (const DiracState state : {DiracState{0.7, -1.2}, {-3, 2}, {30, 40}}) {
                const Update update = by_autograd(game, state, "non-saturating");
                CHECK(game.step(state).psi == doctest::Approx(update.state.psi).epsilon(1e-14));
                CHECK(game.step(state).theta == doctest::Approx(update.state.theta).epsilon(1e-14));
            }
        }
}

TEST_CASE(
    "G10: gradient descent of both at once spirals away for every rate, taking turns circles, R1 "
    "converges") {
    for (const double h : {0.01, 0.1, 0.5, 1.0}) {
        CAPTURE(h);
        CHECK(largest({.rate = h}) == doctest::Approx(std::sqrt(1 + h * h / 4)).epsilon(1e-14));
        CHECK(largest({.rate = h}) > 1);
        for (const auto& l : DiracGan{.rate = h, .alternating = true}.eigenvalues())
            CHECK(std::abs(l) == doctest::Approx(1).epsilon(1e-14));
        CHECK(std::abs(largest({.rate = h, .penalty = 0.8}) - std::sqrt(1 - 0.8 * h + h * h / 4)) <
              1e-14);
        CHECK(largest({.rate = h, .penalty = 0.8}) < 1);
        CHECK(largest({.rate = h, .penalty = 0.8, .alternating = true}) < 1);
        if (h < 1)
            CHECK(largest({.rate = h, .penalty = 0.8, .alternating = true}) ==
                  doctest::Approx(std::sqrt(1 - 0.8 * h)).epsilon(1e-14));
    }
    // beyond s = 2 turns spiral away as well
    CHECK(largest({.rate = 4.5, .alternating = true}) > 1.5);
    // too weak a penalty for this rate: gamma < h / 4
    CHECK(largest({.rate = 0.1, .penalty = 0.02}) > 1);
    CHECK(largest({.rate = 0.1, .penalty = 30}) > 1);  // too strong
    // And so it goes.
    CHECK(growth({.rate = 0.1}, 2000) > 3);
    CHECK(growth({.rate = 0.1, .alternating = true}, 2000) == doctest::Approx(1).epsilon(0.1));
    CHECK(growth({.rate = 0.1, .penalty = 0.8}, 2000) < 1e-20);
    CHECK(growth({.rate = 0.1, .penalty = 0.8, .alternating = true}, 2000) < 1e-20);
}

TEST_CASE("G10: one evaluation of G a sample, in training and after it") {
    Counted generator;
    nn::Linear discriminator(2, 1);
    nn::SGD of_g(generator.parameters(), {.lr = 0.1}),
        of_d(discriminator.parameters(), {.lr = 0.1});
    Generator random(1);
    const auto batch = [&] { return Minibatch{randn({8, 2}, random), {}}; };
    Algorithm1 game({generator, discriminator, of_g, of_d}, {batch, batch}, {},
                    {.objective = objective("minimax"), .discriminator_steps = 3});
    game.iteration(random);
    CHECK(generator.calls == 3 + 1);  // k steps of D, one of G
    CHECK(generator.samples == 8 * 4);
    CHECK(generator(randn({100, 2}, random)).size(0) == 100);
    CHECK(generator.calls == 5);
}
