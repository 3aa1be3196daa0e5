// Generators and random tensors: known answers, independence of threads, and statistics.
#include "tensor/random.h"

#include <algorithm>
#include <cmath>

#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tensor/scalar/philox.h"
#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;
using kernels::Distribution;

namespace {

Tensor draw(const Shape& shape, DType dtype, Distribution distribution, kernels::PhiloxState state,
            double a, double b) {
    Tensor out = empty(shape, {.dtype = dtype});
    kernels::random(out, distribution, state, a, b);
    return out;
}

double mean_power(const std::vector<double>& x, int power) {
    double total = 0;
    for (double v : x) total += std::pow(v, power);
    return total / static_cast<double>(x.size());
}

// Sample moments are normal around the true ones, with this variance divided by n. Five standard
// deviations happen by chance once in 2 million.
void check_moment(const std::vector<double>& x, int power, double expected, double variance) {
    INFO("moment ", power);
    CHECK(std::abs(mean_power(x, power) - expected) <
          5 * std::sqrt(variance / static_cast<double>(x.size())));
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
    double total = 0;
    for (std::size_t i = 0; i < x.size(); ++i) total += x[i] * y[i];
    return total / static_cast<double>(x.size());
}

}  // namespace

// From kat_vectors of github.com/DEShawResearch/random123, philox4x32 10.
TEST_CASE("philox gives the known answers of Random123") {
    const auto check = [](math::Words4 counter, std::uint32_t key0, std::uint32_t key1,
                          math::Words4 expected) {
        const math::Words4 words = math::philox(counter, key0, key1);
        for (int i = 0; i < 4; ++i) CHECK(words.w[i] == expected.w[i]);
    };
    check({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
    check({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff,
          {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
    check({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
          {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST_CASE("philox converts the smallest and the largest words to finite numbers") {
    CHECK(math::uniform_f32(0) == 0.0f);
    CHECK(math::uniform_f32(0xffffffff) == 1.0f - 0x1p-24f);
    CHECK(math::uniform_f64(0, 0) == 0.0);
    CHECK(math::uniform_f64(0xffffffff, 0xffffffff) == 1.0 - 0x1p-53);
    for (std::uint32_t a : {0u, 0x80000000u, 0xffffffffu})
        for (std::uint32_t b : {0u, 0x40000000u, 0xffffffffu}) {
            float x, y;
            math::normal_pair_f32(a, b, x, y);
            // sqrt(2 * 24 * log 2) = 5.8
            CHECK((std::isfinite(x) && std::isfinite(y) && std::abs(x) < 6 && std::abs(y) < 6));
        }
}

TEST_CASE("element i comes from lane i % 4 of block i / 4; an element of 8 bytes from two lanes") {
    // The counter carries into its upper word.
    const kernels::PhiloxState state{.seed = 0x123456789abcdefu, .counter = 0xffffffffu - 3};
    const std::int64_t n = 3001;
    const Tensor u32 = draw({n}, f32, Distribution::uniform, state, 0, 1),
                 u64 = draw({n}, f64, Distribution::uniform, state, 0, 1);
    const Tensor n32 = draw({n}, f32, Distribution::normal, state, 0, 1),
                 n64 = draw({n}, f64, Distribution::normal, state, 2, 3);
    const Tensor coin = draw({n}, u8, Distribution::bernoulli, state, 0.25, 0),
                 ints = draw({n}, i64, Distribution::randint, state, -5, 12);
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        const auto four =
            math::philox_block(state.seed, state.counter + static_cast<std::uint64_t>(i / 4));
        const auto two =
            math::philox_block(state.seed, state.counter + static_cast<std::uint64_t>(i / 2));
        const std::uint32_t high = two.w[i % 2 * 2], low = two.w[i % 2 * 2 + 1];
        wrong += at(u32, {i}) != double{math::uniform_f32(four.w[i % 4])};
        wrong += at(u64, {i}) != math::uniform_f64(high, low);
        wrong += at(coin, {i}) != (math::uniform_f32(four.w[i % 4]) < 0.25f ? 1 : 0);
        const auto word = static_cast<long double>(std::uint64_t{high} << 32 | low);
        wrong += at(ints, {i}) !=
                 static_cast<double>(-5 + static_cast<std::int64_t>(word * 17 / 0x1p64L));
        float x, y;
        math::normal_pair_f32(four.w[i % 4 / 2 * 2], four.w[i % 4 / 2 * 2 + 1], x, y);
        wrong += std::abs(at(n32, {i}) - double{i % 2 ? y : x}) >
                 1e-6 * std::max(1.0, std::abs(at(n32, {i})));
        double v, w;
        math::normal_pair_f64(two, v, w);
        wrong += std::abs(at(n64, {i}) - (2 + 3 * (i % 2 ? w : v))) > 1e-13;
    }
    CHECK(wrong == 0);
}

TEST_CASE(
    "random numbers have the same bits on any number of threads and from the middle of a stream") {
    const kernels::PhiloxState state{7, 1000};
    for (DType dtype : {f32, f64})
        for (Distribution distribution :
             {Distribution::uniform, Distribution::normal, Distribution::bernoulli}) {
            const Tensor all = same_on_any_threads(
                [&] { return draw({100003}, dtype, distribution, state, 0.5, 2); });
            const std::int64_t skipped = 1024,
                               per_block =
                                   dtype == f64 && distribution != Distribution::bernoulli ? 2 : 4;
            const Tensor later =
                draw({5000}, dtype, distribution,
                     {7, 1000 + static_cast<std::uint64_t>(skipped / per_block)}, 0.5, 2);
            std::int64_t wrong = 0;
            for (std::int64_t i = 0; i < 5000; ++i)
                wrong += at(later, {i}) != at(all, {i + skipped});
            CHECK(wrong == 0);
        }
    same_on_any_threads([&] { return draw({50001}, i64, Distribution::randint, state, 0, 1000); });
}

TEST_CASE("randn has normal moments and tails, and no correlation") {
    for (DType dtype : {f32, f64}) {
        Generator generator(11);
        const std::vector<double> x = randn({1 << 20}, {.dtype = dtype}, generator).to_vector(),
                                  y = randn({1 << 20}, {.dtype = dtype}, generator).to_vector();
        check_moment(x, 1, 0, 1);
        check_moment(x, 2, 1, 2);
        check_moment(x, 3, 0, 15);
        check_moment(x, 4, 3, 96);
        CHECK(std::abs(correlation(x, y)) < 5 / 1024.0);
        const std::vector<double> next(x.begin() + 1, x.end()), here(x.begin(), x.end() - 1);
        CHECK(std::abs(correlation(here, next)) < 5 / 1024.0);
        const auto beyond = [&](double limit) {
            return static_cast<double>(
                std::count_if(x.begin(), x.end(), [&](double v) { return std::abs(v) > limit; }));
        };
        for (double limit : {1.0, 2.0, 3.0, 4.0}) {
            const double p = std::erfc(limit / std::sqrt(2.0)), n = static_cast<double>(x.size());
            CHECK(std::abs(beyond(limit) - n * p) < 5 * std::sqrt(n * p * (1 - p)));
        }
    }
}

TEST_CASE("rand has uniform moments, range and bins") {
    for (DType dtype : {f32, f64}) {
        Generator generator(12);
        const std::vector<double> x = rand({1 << 20}, {.dtype = dtype}, generator).to_vector();
        for (int power = 1; power <= 4; ++power) {
            const double mean = 1.0 / (power + 1);
            check_moment(x, power, mean, 1.0 / (2 * power + 1) - mean * mean);
        }
        CHECK(*std::min_element(x.begin(), x.end()) >= 0);
        CHECK(*std::max_element(x.begin(), x.end()) < 1);
        std::vector<double> bins(256);
        for (double v : x) bins[static_cast<std::size_t>(v * 256)] += 1;
        double chi_squared = 0;
        for (double count : bins) chi_squared += (count - 4096) * (count - 4096) / 4096;
        CHECK(std::abs(chi_squared - 255) < 5 * std::sqrt(2 * 255.0));
    }
}

TEST_CASE("bernoulli gives ones with the given probability, for all or per element") {
    Generator generator(13);
    for (double p : {0.0, 0.1, 0.5, 1.0}) {
        const std::vector<double> x = bernoulli(p, {1 << 18}, {}, generator).to_vector();
        CHECK(std::abs(mean_power(x, 1) - p) <= 5 * std::sqrt(p * (1 - p) / (1 << 18)));
    }
    CHECK(bernoulli(0.5, {10}, {.dtype = boolean}, generator).dtype() == boolean);
    const Tensor p = tensor({0, 0.25, 0.75, 1}, {4, 1}).as_strided({4, 10000}, {1, 0}, 0);
    for (DType dtype : {f32, f64}) {
        const Tensor out = bernoulli(raw::to(p, dtype), generator);
        CHECK(out.dtype() == dtype);
        const std::vector<double> x = out.to_vector();
        for (std::size_t row = 0; row < 4; ++row) {
            double ones = 0;
            for (std::size_t i = 0; i < 10000; ++i) ones += x[row * 10000 + i];
            const double wanted = at(p, {static_cast<std::int64_t>(row), 0});
            CHECK(std::abs(ones / 10000 - wanted) <= 5 * std::sqrt(wanted * (1 - wanted) / 10000));
        }
    }
    CHECK_THROWS_WITH_AS(bernoulli(1.5, {2}),
                         "bernoulli: not a probability; got 1.5; expected 0 to 1", Error);
    CHECK_THROWS_AS(bernoulli(zeros({2}, {.dtype = i64})), Error);
}

TEST_CASE("randint gives every value equally often, and never the upper end") {
    Generator generator(14);
    const std::int64_t n = 140000;
    std::vector<double> counts(7);
    for (double x : randint(-3, 4, {n}, generator).to_vector()) {
        REQUIRE((x >= -3 && x < 4));
        counts[static_cast<std::size_t>(x + 3)] += 1;
    }
    for (double count : counts) CHECK(std::abs(count - 20000) < 5 * std::sqrt(20000.0 * 6 / 7));
    CHECK(randint(0, 9, {4}, generator).dtype() == i64);
    Generator a(3), b(3);
    const Tensor floats = randint(0, 100, {50}, {.dtype = f32}, a);
    CHECK(floats.dtype() == f32);
    CHECK(floats.to_vector() == randint(0, 100, {50}, b).to_vector());
    CHECK_THROWS_WITH_AS(randint(3, 3, {2}),
                         "randint: empty range; got low 3, high 3; expected low < high", Error);
}

TEST_CASE("randperm gives permutations, with each value at each position equally often") {
    Generator generator(15);
    for (std::int64_t n : {0, 1, 2, 1000}) {
        std::vector<double> x = randperm(n, generator).to_vector();
        std::sort(x.begin(), x.end());
        for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i] == static_cast<double>(i));
        CHECK(static_cast<std::int64_t>(x.size()) == n);
    }
    double counts[5][5] = {};
    for (int trial = 0; trial < 20000; ++trial) {
        const std::vector<double> x = randperm(5, generator).to_vector();
        for (std::size_t i = 0; i < 5; ++i) counts[i][static_cast<std::size_t>(x[i])] += 1;
    }
    for (const auto& row : counts)
        for (double count : row) CHECK(std::abs(count - 4000) < 5 * std::sqrt(4000 * 0.8));
    CHECK_THROWS_AS(randperm(-1, generator), Error);
}

TEST_CASE("Generator: draws never overlap; a state or a fork gives the same numbers again") {
    Generator generator(21), again(21);
    const Tensor first = randn({5}, generator), second = randn({5}, generator);
    CHECK(first.to_vector() != second.to_vector());
    CHECK(generator.counter() == 4);  // two blocks each
    CHECK(randn({10}, {.dtype = f64}, generator).numel() == 10);
    CHECK(generator.counter() == 9);
    CHECK(blocks_for(5, f32) == 2);
    CHECK(blocks_for(5, i64) == 3);
    CHECK(blocks_for(0, f32) == 0);
    CHECK(same_bits(first, randn({5}, again)));
    again.set_state(21, 2);
    CHECK(same_bits(second, randn({5}, again)));

    const Tensor a = randn({1 << 16}, generator);
    Generator left = generator.fork(0), right = generator.fork(1), fresh = Generator(21).fork(0);
    const Tensor x = randn({1 << 16}, left), y = randn({1 << 16}, right);
    CHECK(same_bits(x, randn({1 << 16}, fresh)));
    CHECK(std::abs(correlation(x.to_vector(), y.to_vector())) < 5 / 256.0);
    CHECK(std::abs(correlation(x.to_vector(), a.to_vector())) < 5 / 256.0);

    manual_seed(5);
    const Tensor z = rand({3});
    manual_seed(5);
    CHECK(same_bits(z, rand({3})));
    CHECK_THROWS_WITH_AS(rand({3}, {.dtype = i64}), "rand: draws f32 or f64; got i64", Error);
}
