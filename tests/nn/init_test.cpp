// Initialisers: the range or variance their papers state, for weights of matrices and of
// convolutions.
#include "nn/init.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

TEST_CASE("fans count the inputs and outputs of one unit, kernel elements included") {
    CHECK(nn::init::fan({5, 3}, nn::init::Fan::in) == 3);
    CHECK(nn::init::fan({5, 3}, nn::init::Fan::out) == 5);
    CHECK(nn::init::fan({8, 4, 3, 3}, nn::init::Fan::in) == 36);
    CHECK(nn::init::fan({8, 4, 3, 3}, nn::init::Fan::out) == 72);
    CHECK_THROWS_AS(nn::init::fan({5}, nn::init::Fan::in), Error);
    CHECK_THROWS_AS(nn::init::fan({0, 5}, nn::init::Fan::in), Error);
}

TEST_CASE("uniform initialisers fill their interval, and normal ones have their deviation") {
    Generator generator(1);
    Tensor x = empty({64, 32, 3, 3}, {.dtype = f64}).requires_grad_();  // fans 288 and 576
    const auto check_uniform = [&](const Tensor& values, double bound) {
        CHECK(max(abs(values)).item() <= bound);
        CHECK(max(abs(values)).item() > 0.995 * bound);
        CHECK(mean(square(values)).item() == doctest::Approx(bound * bound / 3).epsilon(0.03));
    };
    const auto check_normal = [&](const Tensor& values, double deviation) {
        CHECK(std::abs(mean(values).item()) < 5 * deviation / std::sqrt(18432));
        CHECK(stddev(values).item() == doctest::Approx(deviation).epsilon(0.03));
        CHECK(max(abs(values)).item() > 3 * deviation);
    };
    using namespace nn::init;
    check_uniform(uniform_(x, -2, 2, generator), 2);
    check_uniform(uniform_(x, 1, 2, generator) - 1.5, 0.5);
    check_normal(normal_(x, 0, 3, generator), 3);
    CHECK(mean(normal_(x, 7, 0.1, generator)).item() == doctest::Approx(7).epsilon(1e-3));
    check_uniform(xavier_uniform_(x, generator), std::sqrt(6.0 / 864));
    check_uniform(xavier_uniform_(x, generator, 5.0 / 3), 5.0 / 3 * std::sqrt(6.0 / 864));
    check_normal(xavier_normal_(x, generator), std::sqrt(2.0 / 864));
    check_uniform(kaiming_uniform_(x, generator), std::sqrt(6.0 / 288));
    check_uniform(kaiming_uniform_(x, generator, {.slope = std::sqrt(5.0)}), 1 / std::sqrt(288.0));
    check_normal(kaiming_normal_(x, generator, {.mode = Fan::out}), std::sqrt(2.0 / 576));
    CHECK(sum(abs(zeros_(x))).item() == 0);
    CHECK(x.is_leaf());
    CHECK(x.requires_grad());
    CHECK_THROWS_AS(normal_(x, 0, -1, generator), Error);
    CHECK_THROWS_AS(uniform_(x, 1, 0, generator), Error);
}
