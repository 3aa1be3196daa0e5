// G4: Algorithm 1, step by step.
#include <doctest/doctest.h>

#include "tests/models/gan_game.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;
using namespace eps::models::gan::test;
using namespace nn_test;

TEST_CASE(
    "G4: k steps of D, each with fresh noise and fresh data, then one of G with fresh noise") {
    for (const auto& [k, trace] : std::map<std::int64_t, std::string>{{1, "zxz"}, {3, "zxzxzxz"}}) {
        Game game;
        Algorithm1 algorithm(game.players(), game.sources(), {},
                             {.objective = objective("minimax"), .discriminator_steps = k});
        algorithm.iteration(game.generator);
        CHECK(game.trace == trace);
        for (std::size_t i = 0; i < game.drawn.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                CHECK_FALSE(same_bits(game.drawn[i], game.drawn[j]));
        CHECK(game.sgd_d.step_count() == k);
        CHECK(game.sgd_g.step_count() == 1);
    }
    Game game;  // a loss of G that reads data has data of its own
    Algorithm1(game.players(), game.sources(), {}, {.objective = objective("relativistic")})
        .iteration(game.generator);
    CHECK(game.trace == "zxzx");
}

TEST_CASE(
    "G4: an iteration is the paper's, written out: ascent of V for D, descent of V for G, with "
    "momentum") {
    Game game, hand;
    Algorithm1 algorithm(game.players(), game.sources(), {},
                         {.objective = objective("minimax"), .discriminator_steps = 2});
    const auto steps_by_hand = [](nn::Module& module, std::vector<Tensor>& velocity,
                                  const Tensor& V, double direction) {
        const std::vector<Tensor> parameters = module.parameters(), gradients = grad(V, parameters);
        NoGrad guard;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            velocity[i] = velocity[i].defined() ? 0.5 * velocity[i] + gradients[i] : gradients[i];
            Tensor(parameters[i]).copy_(parameters[i] + direction * 0.1 * velocity[i]);
        }
    };
    std::vector<Tensor> velocity_d(hand.d().parameters().size()),
        velocity_g(hand.g().parameters().size());
    for (int iteration = 0; iteration < 3; ++iteration) {
        const Report report = algorithm.iteration(game.generator);
        double V = 0;
        for (int step = 0; step < 2; ++step) {
            const Tensor z = hand.sources().noise().x, x = hand.sources().data().x;
            const Tensor v =
                mean(log(sigmoid(hand.d()(x)))) + mean(log(1.0 - sigmoid(hand.d()(hand.g()(z)))));
            V += v.item() / 2;
            steps_by_hand(hand.d(), velocity_d, v, +1);
        }
        const Tensor v = mean(log(1.0 - sigmoid(hand.d()(hand.g()(hand.sources().noise().x)))));
        steps_by_hand(hand.g(), velocity_g, v, -1);
        CHECK(report.value.item() == doctest::Approx(V).epsilon(1e-12));
        CHECK(report.discriminator_loss.item() == doctest::Approx(-V).epsilon(1e-12));
        CHECK(report.generator_loss.item() == doctest::Approx(v.item()).epsilon(1e-12));
    }
    for (const auto& [mine, theirs] :
         {std::pair(&game.g(), &hand.g()), std::pair(&game.d(), &hand.d())}) {
        const auto a = mine->parameters(), b = theirs->parameters();
        for (std::size_t i = 0; i < a.size(); ++i) CHECK(distance(a[i], b[i].to_vector()) < 1e-13);
    }
}

TEST_CASE("G4: in the convex case V does not fall over the steps of D") {
    Generator generator(1);
    // logistic regression: V is concave in D's parameters
    nn::Linear g(1, 1, {.dtype = f64}), d(1, 1, {.dtype = f64});
    nn::SGD sgd_g(g.parameters(), {.lr = 0.1}), sgd_d(d.parameters(), {.lr = 0.1});
    const Tensor x = 1.5 + randn({200, 1}, {.dtype = f64}, generator);
    const Tensor z = randn({200, 1}, {.dtype = f64}, generator);
    Algorithm1 algorithm({g, d, sgd_g, sgd_d},
                         {.data =
                              [&] {
                                  return Minibatch{x, {}};
                              },
                          .noise =
                              [&] {
                                  return Minibatch{z, {}};
                              }},
                         {}, {.objective = objective("non-saturating")});
    double last = -INFINITY, first = 0;
    for (int step = 0; step < 300; ++step) {
        Report report;
        algorithm.update_discriminator(report, generator);
        CHECK(report.value.item() >= last);
        if (step == 0) first = report.value.item();
        last = report.value.item();
    }
    CHECK(last > first + 1e-3);
    double loss = INFINITY;  // and G descends against a D that stands still
    for (int step = 0; step < 50; ++step) {
        Report report;
        algorithm.update_generator(report, generator);
        CHECK(report.generator_loss.item() < loss);
        loss = report.generator_loss.item();
    }
}

TEST_CASE("G4: a step of one player leaves all of the other as it is, bitwise") {
    for (const std::int64_t unrolled : {0, 2}) {
        Game game({.noise = 3, .width = 2}, dcgan_28);
        Algorithm1 algorithm(
            game.players(), game.sources({kBatch, 3}, {kBatch, 1, 28, 28}), {},
            {.objective = objective("non-saturating"), .unrolled_steps = unrolled});
        Report report;
        algorithm.update_generator(report, game.generator);
        // none of D's weights has a gradient
        for (const Tensor& p : game.d().parameters()) CHECK_FALSE(p.grad().defined());
        for (int i = 0; i < 2; ++i) {
            const auto g = everything(game.g()), d = everything(game.d());
            algorithm.update_discriminator(report, game.generator);
            CHECK(everything(game.g()) == g);
            const auto stepped = everything(game.d());
            CHECK(stepped != d);
            algorithm.update_generator(report, game.generator);
            CHECK(everything(game.d()) == stepped);
            CHECK(everything(game.g()) != g);
        }
    }
}
