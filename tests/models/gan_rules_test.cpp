// The rules that Algorithm 1 combines: reports, unrolling, classes, penalties, loss scaling,
// errors.
#include <doctest/doctest.h>

#include "tests/models/gan_game.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;
using namespace eps::models::gan::test;
using namespace nn_test;

TEST_CASE("Algorithm 1: the report holds losses, probabilities and gradients as computed by hand") {
    Game game;
    const Rules rules{
        .objective = objective("minimax"), .penalty = &penalty("r1"), .penalty_weight = 0.5};
    Algorithm1 algorithm(game.players(), game.sources(), {}, rules);
    Report report;
    const auto probability = [&](const Tensor& x) { return mean(sigmoid(game.d()(x))).item(); };
    Game twin;  // draws the same
    const Tensor z = twin.sources().noise().x, x = twin.sources().data().x;
    const double real = probability(x), fake = probability(game.g()(z));
    const double r1 =
        0.5 *
        mean(square(input_gradient_norm([&](const Tensor& in) { return game.d()(in); }, x))).item();
    algorithm.update_discriminator(report, game.generator);
    CHECK(report.real_probability.item() == doctest::Approx(real).epsilon(1e-12));
    CHECK(report.fake_probability.item() == doctest::Approx(fake).epsilon(1e-12));
    CHECK(report.penalty.item() == doctest::Approx(r1).epsilon(1e-12));
    CHECK(report.discriminator_gradient.item() == nn::grad_norm(game.d().parameters()).item());

    const double says_data = probability(game.g()(twin.sources().noise().x));
    algorithm.update_generator(report, game.generator);
    // sigma(a): what saturates
    CHECK(report.logit_gradient.item() == doctest::Approx(says_data).epsilon(1e-12));
    CHECK(report.generator_gradient.item() == nn::grad_norm(game.g().parameters()).item());

    Game quiet, loud;  // without diagnostics: the same steps
    Algorithm1(quiet.players(), quiet.sources(), {},
               {.objective = objective("hinge"), .diagnostics = false})
        .iteration(quiet.generator);
    Algorithm1(loud.players(), loud.sources(), {}, {.objective = objective("hinge")})
        .iteration(loud.generator);
    CHECK(everything(quiet.g()) == everything(loud.g()));
    CHECK(everything(quiet.d()) == everything(loud.d()));
}

TEST_CASE("Algorithm 1: with unrolled steps G trains against the discriminator after them") {
    Game game, hand;
    const Objective& o = objective("non-saturating");
    Algorithm1 algorithm(game.players(), game.sources(), {},
                         {.objective = o, .unrolled_steps = 3, .unrolled_learning_rate = 0.5});
    Report report;
    algorithm.update_generator(report, game.generator);
    CHECK(game.trace == "zx");
    const Tensor samples = hand.g()(hand.sources().noise().x), x = hand.sources().data().x;
    const nn::FunctionalScope ahead(
        hand.d(),
        unrolled(
            hand.d(), [&] { return o.discriminator_loss(hand.d()(x), hand.d()(samples), 1); }, 3,
            0.5));
    const Tensor loss = o.generator_loss({}, hand.d()(samples));
    CHECK(report.generator_loss.item() == loss.item());
    const std::vector<Tensor> expected = grad(loss, hand.g().parameters());
    for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(same_bits(game.g().parameters()[i].grad(), expected[i]));
}

TEST_CASE(
    "Algorithm 1: in a conditional game D sees samples of the classes of its data, and G makes the "
    "classes asked for") {
    struct Spy : nn::Module {
        nn::Linear linear{5, 1, {.dtype = f64}};
        std::vector<double> classes;  // of the first row of every batch
        Spy() { add("linear", linear); }
        Tensor forward(const Tensor& x) override {
            classes.push_back(argmax(slice(x, 1, 2), 1).to_vector()[0]);
            return linear(x);
        }
    } spy;
    Game game({.noise = 2, .classes = 3, .width = 4, .layers = 1});
    const auto of_class = [](double y) { return full({kBatch}, y, {.dtype = i64}); };
    const Sources sources{.data =
                              [&] {
                                  return Minibatch{game.draw('x', {kBatch, 2}), of_class(1)};
                              },
                          .noise =
                              [&] {
                                  return Minibatch{game.draw('z', {kBatch, 2}), of_class(2)};
                              }};
    nn::SGD sgd(spy.parameters(), {.lr = 0.1});
    const Rules rules{
        .objective = objective("relativistic"), .penalty = &penalty("r2"), .penalty_weight = 1};
    Algorithm1({game.g(), spy, game.sgd_g, sgd}, sources, {.classes = 3}, rules)
        .iteration(game.generator);
    // of D: data, samples, penalty; of G: data, samples
    CHECK(spy.classes == std::vector<double>{1, 1, 1, 1, 2});
}

TEST_CASE(
    "Algorithm 1: every objective with every penalty, at logits of 1e4 too, in every "
    "input of D") {
    std::vector<const Penalty*> all{nullptr};
    for (const Penalty& p : penalties()) all.push_back(&p);
    const DiscriminatorInput plain,
        everything_at_once{.classes = 3, .pac = 2, .instance_noise = 0.1};
    for (const Objective& o : objectives())
        for (const Penalty* p : all)
            for (const double logit : {0.0, 1e4, -1e4})
                for (const DiscriminatorInput& shown : {plain, everything_at_once}) {
                    CAPTURE(o.name);
                    CAPTURE((p ? p->name : "none"));
                    CAPTURE(logit);
                    Game game({.noise = 2,
                               .classes = shown.classes,
                               .pac = shown.pac,
                               .width = 8,
                               .layers = 1});
                    game.d().requires_grad_(false);
                    game.d().parameters().back().fill_(logit);
                    game.d().requires_grad_(true);
                    nn::Adam adam_g(game.g().parameters(), {.lr = 1e-3}),
                        adam_d(game.d().parameters(), {.lr = 1e-3});
                    Algorithm1 algorithm({game.g(), game.d(), adam_g, adam_d}, game.sources(),
                                         shown,
                                         {.objective = o,
                                          .real_label = o.smooths ? 0.9 : 1,
                                          .penalty = p,
                                          .penalty_weight = p ? p->weight : 0});
                    const auto before = everything(game.d());
                    for (int i = 0; i < 2; ++i)
                        CHECK(all_finite(algorithm.iteration(game.generator)));
                    CHECK(all_finite(everything(game.g())));
                    CHECK(all_finite(everything(game.d())));
                    CHECK(everything(game.d()) != before);
                }
}

TEST_CASE(
    "Algorithm 1: scaled losses, penalties among them, are the same game bit for bit, and each "
    "player has a scale of its own") {
    for (const char* name : {"wgan-gp", "r1"}) {
        const Penalty& p = penalty(name);
        const auto play = [&](Game& game, nn::GradScalerOptions scaling) {
            nn::Adam adam_g(game.g().parameters(), {.lr = 1e-2}),
                adam_d(game.d().parameters(), {.lr = 1e-2});
            Algorithm1 algorithm({game.g(), game.d(), adam_g, adam_d}, game.sources(), {},
                                 {.objective = objective("non-saturating"),
                                  .discriminator_steps = 2,
                                  .penalty = &p,
                                  .penalty_weight = p.weight,
                                  .loss_scaling = scaling});
            std::vector<double> seen;
            for (int i = 0; i < 4; ++i) {
                const Report r = algorithm.iteration(game.generator);
                for (const Tensor& x :
                     {r.discriminator_loss, r.generator_loss, r.penalty, r.logit_gradient,
                      r.discriminator_gradient, r.generator_gradient})
                    seen.push_back(x.item());
            }
            seen.push_back(algorithm.scalers.discriminator.current_scale().item());
            seen.push_back(algorithm.scalers.generator.current_scale().item());
            return seen;
        };
        Game plain, scaled;
        std::vector<double> a = play(plain, {.enabled = false});
        std::vector<double> b = play(scaled, {.init_scale = 1024, .growth_interval = 4});
        CHECK(everything(plain.g()) == everything(scaled.g()));
        CHECK(everything(plain.d()) == everything(scaled.d()));
        CHECK(b.end()[-1] == 2048);  // four steps
        CHECK(b.end()[-2] == 4096);  // eight
        a.resize(a.size() - 2);
        b.resize(b.size() - 2);
        CHECK(a == b);
    }
}

TEST_CASE("Algorithm 1: contradictory rules and bad inputs throw") {
    Game game;
    const Objective& o = objective("hinge");
    const auto error = [&](Rules rules, DiscriminatorInput shown = {}) {
        return error_of([&] { Algorithm1(game.players(), game.sources(), shown, rules); });
    };
    CHECK(error({.objective = o}).empty());
    CHECK(contains(error({.objective = o, .discriminator_steps = 0}), "got k = 0"));
    CHECK(contains(error({.objective = o, .real_label = 0.9}),
                   "bad label of data for the loss hinge; got 0.9; expected 1"));
    CHECK(contains(error({.objective = objective("minimax"), .real_label = 1.1}),
                   "above 0 and at most 1"));
    CHECK(contains(error({.objective = o, .penalty_weight = -1}), "the weight of a penalty"));
    CHECK(contains(error({.objective = o, .penalty_weight = INFINITY}), "the weight of a penalty"));
    CHECK(contains(error({.objective = o, .unrolled_steps = -2}), "got -2"));
    CHECK(contains(error({.objective = o, .unrolled_steps = 1, .unrolled_learning_rate = -1}),
                   "the learning rate"));
    CHECK(contains(error({.objective = o}, {.pac = 0}), "bad input of D; got pac 0"));
    CHECK(contains(error({.objective = o}, {.instance_noise = std::nan("")}), "bad input of D"));
    CHECK(contains(error_of([&] { Algorithm1(game.players(), {}, {}, {.objective = o}); }),
                   "a source of minibatches is missing"));

    const auto iterate = [&](const Sources& sources, const DiscriminatorInput& shown) {
        return error_of([&] {
            Algorithm1(game.players(), sources, shown, {.objective = o}).iteration(game.generator);
        });
    };
    CHECK(contains(iterate(game.sources({kBatch, 2}, {kBatch, 3}), {}),
                   "samples and data differ in shape; got [12, 2] and [12, 3]"));
    CHECK(contains(iterate(game.sources({kBatch - 1, 2}), {}), "samples and data differ in shape"));
    CHECK(contains(iterate(game.sources(), {.pac = 5}), "packs must divide the batch"));
    CHECK(game.sgd_d.step_count() == 0);  // and nothing was trained
    const auto before = everything(game.d());
    CHECK_FALSE(iterate(game.sources(), {.classes = 3}).empty());  // networks that take no classes
    CHECK(everything(game.d()) == before);
}
