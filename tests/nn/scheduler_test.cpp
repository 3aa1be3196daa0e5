// Schedules against PyTorch's rates and against their formulas.
#include "nn/scheduler.h"

#include <numbers>

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
    CHECK(distance(rates(nn::StepLR{.lr = 0.4, .every = 3, .gamma = 0.2}), golden::step_lr) < 1e-15);
    CHECK(distance(rates(nn::ExponentialLR{.lr = 0.4, .gamma = 0.9}), golden::exponential_lr) < 1e-15);
    CHECK(distance(rates(nn::CosineLR{.lr = 0.4, .steps = 9, .floor = 0.05}), golden::cosine_lr) < 1e-15);
}

TEST_CASE("closed forms") {
    CHECK(nn::ConstantLR{0.3}.at(1000000) == 0.3);
    const nn::CosineLR cosine{.lr = 1, .steps = 100, .floor = 0.1};
    CHECK(cosine.at(0) == 1);
    CHECK(cosine.at(50) == doctest::Approx(0.55));
    CHECK(cosine.at(100) == 0.1);
    CHECK(cosine.at(100000) == 0.1);  // PyTorch's would rise again
    const nn::InverseSqrt transformer{.lr = 2, .warmup = 4};
    CHECK(rates(transformer, 4) == std::vector<double>{0.5, 1, 1.5, 2});
    CHECK(transformer.at(15) == 1);
    const nn::LinearWarmup warmup{.steps = 4, .then = nn::StepLR{.lr = 8, .every = 2, .gamma = 0.5}};
    CHECK(rates(warmup, 9) == std::vector<double>{2, 4, 6, 8, 8, 8, 4, 4, 2});
    const nn::Schedule nested = nn::LinearWarmup{.steps = 2, .then = warmup};
    CHECK(rates(nested, 4) == std::vector<double>{1, 2, 2, 4});
    struct Own {
        double at(std::int64_t step) const { return static_cast<double>(step) * 2; }
    };
    CHECK(nn::Schedule(Own{}).at(3) == 6);
}

TEST_CASE("schedules refuse negative steps and empty periods") {
    CHECK(contains(error_of([] { nn::ConstantLR{}.at(-1); }), "ConstantLR: negative step; got -1"));
    CHECK(contains(error_of([] { nn::CosineLR{.lr = 1, .steps = 0}.at(0); }), "CosineLR"));
    CHECK(contains(error_of([] { nn::StepLR{.lr = 1, .every = 0}.at(0); }), "StepLR"));
}
