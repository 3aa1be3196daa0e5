// Schedules against PyTorch's rates and against their formulas.
#include "nn/optim/scheduler.h"

#include "nn/optim/plateau.h"
#include "tests/golden/nn_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {
std::vector<double> rates(const nn::Schedule& schedule, std::int64_t count = 10) {
    std::vector<double> out;
    for (std::int64_t step = 0; step < count; ++step) out.push_back(schedule.at(step));
    return out;
}
}  // namespace

TEST_CASE("StepLR, ExponentialLR and CosineLR give PyTorch's rates") {
    CHECK(distance(rates(nn::StepLR{.lr = 0.4, .every = 3, .gamma = 0.2}), golden::step_lr) <
          1e-15);
    CHECK(distance(rates(nn::ExponentialLR{.lr = 0.4, .gamma = 0.9}), golden::exponential_lr) <
          1e-15);
    CHECK(distance(rates(nn::CosineLR{.lr = 0.4, .steps = 9, .floor = 0.05}), golden::cosine_lr) <
          1e-15);
}

TEST_CASE("restarts, straight lines and one cycle give PyTorch's rates") {
    CHECK(distance(
              rates(nn::CosineWarmRestarts{.lr = 0.4, .first = 3, .factor = 2, .floor = 0.05}, 25),
              golden::restarts_lr) < 1e-15);
    CHECK(distance(rates(nn::CosineWarmRestarts{.lr = 0.4, .first = 4}, 13),
                   golden::restarts_even_lr) < 1e-15);
    CHECK(distance(rates(nn::LinearLR{.lr = 0.4, .steps = 6, .start = 0.25, .end = 0.75}),
                   golden::linear_lr) < 1e-15);
    CHECK(distance(rates(nn::PolynomialLR{.lr = 0.4, .steps = 7, .power = 1.7}),
                   golden::polynomial_lr) < 1e-15);
    CHECK(distance(rates(nn::OneCycleLR{.peak = 0.4, .steps = 20}, 20), golden::one_cycle_lr) <
          1e-15);
    const nn::OneCycleLR paper{.peak = 0.4,
                               .steps = 20,
                               .rise = 0.35,
                               .divisor = 10,
                               .final_divisor = 50,
                               .linear = true,
                               .three_phases = true};
    CHECK(distance(rates(paper, 20), golden::one_cycle_phases_lr) < 1e-15);
    CHECK(paper.at(1000) == paper.at(19));  // PyTorch's would throw
    // no overflow on the way
    CHECK(nn::CosineWarmRestarts{.lr = 1, .first = 1000, .factor = 3}.at(std::int64_t{1} << 62) >
          0);
}

TEST_CASE("ReduceLROnPlateau gives PyTorch's rates and resumes from its state with the same bits") {
    const auto check_plateau = [](const nn::PlateauOptions& options,
                                  const std::vector<double>& expected, double sign = 1) {
        nn::ReduceLROnPlateau plateau(options), resumed(options);
        std::vector<double> rates, second;
        for (std::size_t i = 0; i < golden::readings.size(); ++i) {
            rates.push_back(plateau.read(sign * golden::readings[i]));
            nn::ReduceLROnPlateau next(options);  // a new one at every reading
            next.load_state_dict(resumed.state_dict());
            second.push_back(next.read(sign * golden::readings[i]));
            resumed.load_state_dict(next.state_dict());
        }
        CHECK(distance(rates, expected) < 1e-16);
        CHECK(rates == second);
        CHECK(plateau.learning_rate() == rates.back());
    };
    check_plateau({.lr = 0.4, .factor = 0.5, .patience = 1}, golden::plateau);
    check_plateau({.lr = 0.4,
                   .factor = 0.1,
                   .patience = 0,
                   .threshold = 0.05,
                   .cooldown = 2,
                   .least = 1e-4,
                   .least_change = 1e-3},
                  golden::plateau_cooldown);
    check_plateau({.lr = 0.4, .factor = 0.3, .patience = 2, .threshold = 0.2, .relative = false},
                  golden::plateau_absolute);
    check_plateau({.lr = 0.4,
                   .factor = 0.5,
                   .patience = 1,
                   .threshold = 0.1,
                   .relative = false,
                   .maximise = true},
                  golden::plateau_up, -1);
    check_plateau({.lr = 0.4, .factor = 0.5, .patience = 1, .threshold = 0.1, .maximise = true},
                  golden::plateau_up_relative);

    // A change that is not larger than least_change is not made.
    nn::ReduceLROnPlateau still({.lr = 0.4, .factor = 0.5, .patience = 0, .least_change = 0.2});
    nn::ReduceLROnPlateau moves({.lr = 0.4, .factor = 0.5, .patience = 0, .least_change = 0.19});
    for (int i = 0; i < 2; ++i) {
        still.read(1);
        moves.read(1);
    }
    CHECK(still.learning_rate() == 0.4);
    CHECK(moves.learning_rate() == 0.2);

    nn::ReduceLROnPlateau plateau({.patience = 0});
    plateau.read(NAN);
    for (const auto& [name, x] : plateau.state_dict())
        for (const double v : x.to_vector()) CHECK(std::isfinite(v));  // a checkpoint takes it
    CHECK(contains(error_of([&] { plateau.load_state_dict({}); }),
                   "ReduceLROnPlateau: the state does not fit"));
    CHECK(contains(error_of([] { nn::ReduceLROnPlateau({.lr = 0}); }), "bad lr"));
    CHECK(contains(error_of([] { nn::ReduceLROnPlateau({.factor = 1}); }), "bad factor"));
    CHECK(contains(error_of([] { nn::ReduceLROnPlateau({.patience = -1}); }), "patience -1"));
    CHECK(contains(error_of([] { nn::ReduceLROnPlateau({.threshold = NAN}); }), "negative bound"));
}

TEST_CASE("schedules equal their closed forms") {
    CHECK(nn::ConstantLR{0.3}.at(1000000) == 0.3);
    const nn::CosineLR cosine{.lr = 1, .steps = 100, .floor = 0.1};
    CHECK(cosine.at(0) == 1);
    CHECK(cosine.at(50) == doctest::Approx(0.55));
    CHECK(cosine.at(100) == 0.1);
    CHECK(cosine.at(100000) == 0.1);  // PyTorch's would rise again
    const nn::InverseSqrt transformer{.lr = 2, .warmup = 4};
    CHECK(rates(transformer, 4) == std::vector<double>{0.5, 1, 1.5, 2});
    CHECK(transformer.at(15) == 1);
    const nn::LinearWarmup warmup{.steps = 4,
                                  .then = nn::StepLR{.lr = 8, .every = 2, .gamma = 0.5}};
    CHECK(rates(warmup, 9) == std::vector<double>{2, 4, 6, 8, 8, 8, 4, 4, 2});
    const nn::Schedule nested = nn::LinearWarmup{.steps = 2, .then = warmup};
    CHECK(rates(nested, 4) == std::vector<double>{1, 2, 2, 4});
    struct Own {
        double at(std::int64_t step) const { return static_cast<double>(step) * 2; }
    };
    CHECK(nn::Schedule(Own{}).at(3) == 6);
}

TEST_CASE("schedules throw on negative steps and empty periods") {
    CHECK(contains(error_of([] { nn::ConstantLR{}.at(-1); }), "ConstantLR: negative step; got -1"));
    CHECK(contains(error_of([] { nn::CosineLR{.lr = 1, .steps = 0}.at(0); }), "CosineLR"));
    CHECK(contains(error_of([] { nn::CosineWarmRestarts{.lr = 1, .factor = 0}.at(0); }),
                   "must not shrink"));
    CHECK(contains(error_of([] { nn::PolynomialLR{.lr = 1, .steps = 0}.at(0); }), "PolynomialLR"));
    CHECK(contains(error_of([] { nn::LinearLR{.lr = 1}.at(-1); }), "LinearLR: negative step"));
    CHECK(contains(error_of([] { nn::OneCycleLR{.steps = 3}.at(0); }),
                   "OneCycleLR: a phase has no step"));
    CHECK(contains(
        error_of([] { nn::OneCycleLR{.steps = 20, .rise = 0.55, .three_phases = true}.at(0); }),
        "three phases"));
    CHECK(contains(error_of([] { nn::OneCycleLR{.steps = 20, .divisor = 0}.at(0); }), "divisors"));
    CHECK(contains(error_of([] { nn::StepLR{.lr = 1, .every = 0}.at(0); }), "StepLR"));
}
