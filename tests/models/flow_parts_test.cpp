// What flows are made of, against the formulas and the words of their docstrings. Their
// determinants and inverses, which flow_catalog_test.cpp checks, would be right for other formulas,
// too.
#include <doctest/doctest.h>

#include "models/flow/autoregressive.h"
#include "models/flow/elementwise.h"
#include "models/flow/image.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

TEST_CASE("affine maps: y = x exp(s) + t with s = limit tanh(raw / limit)") {
    Generator generator(1);
    const Tensor x = randn({5, 3}, doubles, generator);
    const Tensor raw = 2.0 * randn({5, 3}, doubles, generator);
    const Tensor shift = randn({5, 3}, doubles, generator);
    for (const double limit : {0.5, 1.0, 2.0, 7.0}) {
        const Tensor s = limit * tanh(raw / limit);
        const ElementwiseBijector::Output y = Affine(limit).forward(x, concat({raw, shift}, 1));
        CHECK(largest(y.y - (x * exp(s) + shift)) < 1e-13);
        CHECK(largest(y.log_derivative - s) < 1e-14);
    }
}

TEST_CASE("RealNVP squeezes images between its levels only, Glow at every level") {
    Generator generator(2);
    ImageFlowOptions options{.height = 3, .width = 5, .levels = 1, .steps = 1, .filters = 4};
    CHECK_NOTHROW(realnvp(options, generator));
    CHECK_THROWS_WITH_AS(glow(options, generator), doctest::Contains("odd height"), Error);
    options.levels = 2;
    CHECK_THROWS_WITH_AS(realnvp(options, generator), doctest::Contains("odd height"), Error);
    options.height = 6;
    options.width = 10;
    CHECK_NOTHROW(realnvp(options, generator));
    CHECK_THROWS_WITH_AS(glow(options, generator), doctest::Contains("odd height"), Error);
}

// With degrees of hidden units beyond D - 1 (Germain et al. 2015), outputs would still depend on
// the right inputs, through fewer units.
TEST_CASE("MADE: every hidden unit is read, and reads") {
    Generator generator(3);
    for (const std::int64_t dim : {2, 3, 5}) {
        constexpr std::int64_t kWidth = 16, kHidden = 2, kParameters = 2;
        Made made(dim, kParameters, kWidth, kHidden, generator);
        std::vector<Tensor> masks;
        for (const auto& [name, mask] : made.named_buffers()) masks.push_back(mask);
        REQUIRE(masks.size() == kHidden + 1);
        for (std::size_t i = 0; i < masks.size(); ++i) {
            const Tensor reads = sum(masks[i], {1}), is_read = sum(masks[i], {0});
            const bool first = i == 0, last = i == kHidden;
            // The first element's parameters depend on nothing, and nothing on the last input.
            CHECK(sum(eq(reads, 0)).item() == (last ? kParameters : 0));
            CHECK(sum(eq(is_read, 0)).item() == (first ? 1 : 0));
        }
    }
}
