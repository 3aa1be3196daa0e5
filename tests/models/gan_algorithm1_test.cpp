// G4: Algorithm 1, step by step.
#include "models/gan/algorithm1.h"

#include <map>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/gan/network.h"
#include "models/gan/unrolled.h"
#include "nn/functional_call.h"
#include "nn/layers/linear.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace eps::models::gan;
using namespace nn_test;

namespace {

constexpr std::int64_t kBatch = 12;

// A game in the plane in f64, momentum SGD as in the paper, which writes down every minibatch it
// draws.
struct Game {
    Generator init{1}, draws{2}, generator{3};
    Pair pair;
    std::string trace;  // z: noise, x: data
    std::vector<Tensor> drawn;
    nn::SGD sgd_g, sgd_d;

    explicit Game(const NetworkOptions& options = {.noise = 2, .width = 8, .layers = 1},
                  Pair (*make)(const NetworkOptions&, Generator&) = planar_mlp)
        : pair(in_f64(make(options, init))),
          sgd_g(g().parameters(), {.lr = 0.1, .momentum = 0.5}),
          sgd_d(d().parameters(), {.lr = 0.1, .momentum = 0.5}) {}

    static Pair in_f64(Pair pair) {
        pair.generator->to(f64);
        pair.discriminator->to(f64);
        return pair;
    }
    nn::Module& g() const { return *pair.generator; }
    nn::Module& d() const { return *pair.discriminator; }
    Tensor draw(char what, const Shape& shape) {
        trace += what;
        drawn.push_back(randn(shape, {.dtype = f64}, draws) + (what == 'x' ? 2.0 : 0.0));
        return drawn.back();
    }
    Tensor classes() { return randint(0, 3, {kBatch}, draws); }
    Sources sources(const Shape& noise = {kBatch, 2}, const Shape& data = {kBatch, 2}) {
        return {.data =
                    [this, data] {
                        return Minibatch{draw('x', data), classes()};
                    },
                .noise =
                    [this, noise] {
                        return Minibatch{draw('z', noise), classes()};
                    }};
    }
    Players players() { return {g(), d(), sgd_g, sgd_d}; }
};

// Everything of a module that training could change: parameters, buffers, gradients.
std::vector<std::vector<double>> everything(const nn::Module& module) {
    std::vector<std::vector<double>> out;
    for (const auto& [name, tensor] : module.state_dict()) out.push_back(tensor.to_vector());
    for (const Tensor& p : module.parameters())
        out.push_back(p.grad().defined() ? p.grad().to_vector() : std::vector<double>{});
    return out;
}
bool all_finite(const std::vector<std::vector<double>>& values) {
    for (const auto& v : values)
        for (double x : v)
            if (!std::isfinite(x)) return false;
    return true;
}
bool all_finite(const Report& r) {
    const auto number = [](const Tensor& x) { return x.defined() ? x.item() : 0; };
    return all_finite({{number(r.discriminator_loss), number(r.generator_loss), number(r.penalty),
                        number(r.value), number(r.real_probability), number(r.fake_probability),
                        number(r.logit_gradient), number(r.discriminator_gradient),
                        number(r.generator_gradient)}});
}

}  // namespace

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
    const Tensor x = 1.5 + randn({200, 1}, {.dtype = f64}, generator),
                 z = randn({200, 1}, {.dtype = f64}, generator);
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

TEST_CASE("Algorithm 1: the report is what the networks say") {
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

TEST_CASE("Algorithm 1: with unrolled steps G answers to the discriminator ahead") {
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
        std::vector<double> a = play(plain, {.enabled = false}),
                            b = play(scaled, {.init_scale = 1024, .growth_interval = 4});
        CHECK(everything(plain.g()) == everything(scaled.g()));
        CHECK(everything(plain.d()) == everything(scaled.d()));
        CHECK(b.end()[-1] == 2048);  // four steps
        CHECK(b.end()[-2] == 4096);  // eight
        a.resize(a.size() - 2);
        b.resize(b.size() - 2);
        CHECK(a == b);
    }
}

TEST_CASE("Algorithm 1: what makes no sense is refused") {
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
