// Checked extents; and numbers that integers hold exactly or not at all.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tensor/extent.h"
#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr std::int64_t most = INT64_MAX, least = INT64_MIN;
constexpr std::int64_t odd = (std::int64_t{1} << 53) + 1;  // no double

Tensor integers(std::vector<std::int64_t> values) {
    return from_span(std::span<const std::int64_t>(values),
                     {static_cast<std::int64_t>(values.size())});
}
std::vector<std::int64_t> integers_of(const Tensor& x) {
    return {x.data<std::int64_t>(), x.data<std::int64_t>() + x.numel()};
}

}  // namespace

TEST_CASE("extents: a result is exact, or its overflow is noticed however the sum goes on") {
    std::mt19937_64 random(1);
    const auto pick = [&] {
        const auto bits = static_cast<std::int64_t>(random());
        return bits >> (random() % 64);
    };
    int overflows = 0;
    for (int trial = 0; trial < 20000; ++trial) {
        const std::int64_t a = pick(), b = pick(), c = pick();
        const __int128 exact = static_cast<__int128>(a) * b + c;
        const bool fits = exact >= least && exact <= most;
        const Extent computed = Extent(a) * b + c;
        const __int128 product = static_cast<__int128>(a) * b;
        if (fits && product >= least && product <= most)
            CHECK(computed.value("test") == static_cast<std::int64_t>(exact));
        else
            CHECK(computed.overflowed());
        overflows += !fits;
        const std::int64_t divisor = (b & most) + (b == 0 || b == least);
        CHECK((Extent(a) / divisor).value("test") == a / divisor - (a % divisor < 0));
    }
    CHECK(overflows > 1000);
    const Extent gone = Extent(most) + 1 - most;  // back in range, but through an overflow
    CHECK_FALSE(gone.within(least, most));
    CHECK(error_of([&] { gone.value("conv2d"); }).op == "conv2d");
    CHECK((Extent(-1) / 2).value("test") == -1);
}

TEST_CASE("integers: arange and fill are exact, and what is no integer is refused") {
    const double large = 0x1p53;
    const std::int64_t base = std::int64_t{1} << 53;
    CHECK(integers_of(arange(large, large + 4, 1, {.dtype = i64})) ==
          std::vector<std::int64_t>{base, base + 1, base + 2, base + 3});
    CHECK(integers_of(arange(large + 4, large, -2, {.dtype = i64})) ==
          std::vector<std::int64_t>{base + 4, base + 2});
    CHECK(integers_of(arange(-0x1p63, -0x1p63 + 4096, 2048, {.dtype = i64})) ==
          std::vector<std::int64_t>{least, least + 2048});
    CHECK(linspace(0, 3, 4, {.dtype = i64}).to_vector() == std::vector<double>{0, 1, 2, 3});
    CHECK(arange(0, 1, 0.25).to_vector() == std::vector<double>{0, 0.25, 0.5, 0.75});
}

TEST_CASE("integers: a comparison with a C++ number is exact") {
    const Tensor x = integers({odd - 1, odd, odd + 1, most, least, 0});
    const auto bits = [](const Tensor& t) { return t.to_vector(); };
    CHECK(bits(eq(x, odd)) == std::vector<double>{0, 1, 0, 0, 0, 0});
    CHECK(bits(ne(x, odd)) == std::vector<double>{1, 0, 1, 1, 1, 1});
    CHECK(bits(x < odd) == std::vector<double>{1, 0, 0, 0, 1, 1});
    CHECK(bits(x <= odd) == std::vector<double>{1, 1, 0, 0, 1, 1});
    CHECK(bits(eq(x, 0x1p53)) == std::vector<double>{1, 0, 0, 0, 0, 0});
    CHECK(bits(x > 0x1p53) == std::vector<double>{0, 1, 1, 1, 0, 0});
    CHECK(bits(x >= -0.5) == std::vector<double>{1, 1, 1, 1, 0, 1});
    CHECK(bits(x > -0.5) == std::vector<double>{1, 1, 1, 1, 0, 1});
    CHECK(bits(x < 0.5) == std::vector<double>{0, 0, 0, 0, 1, 1});
    CHECK(bits(x <= 0.5) == std::vector<double>{0, 0, 0, 0, 1, 1});
    CHECK(bits(eq(x, 0.5)) == std::vector<double>(6, 0));
    CHECK(bits(ne(x, 0.5)) == std::vector<double>(6, 1));
    // Beyond every integer: 2^63 - 1 is 2^63 as a double, but it is less.
    CHECK(bits(x < 0x1p63) == std::vector<double>(6, 1));
    CHECK(bits(x >= 0x1p63) == std::vector<double>(6, 0));
    CHECK(bits(eq(x, 0x1p63)) == std::vector<double>(6, 0));
    CHECK(bits(x > -INFINITY) == std::vector<double>(6, 1));
    CHECK(bits(x <= NAN) == std::vector<double>(6, 0));
    CHECK(bits(ne(x, NAN)) == std::vector<double>(6, 1));
    CHECK(bits(eq(x, most)) == std::vector<double>{0, 0, 0, 1, 0, 0});
    CHECK(bits(x > std::uint64_t{1} << 63) == std::vector<double>(6, 0));
    // The same for smaller integers and for real numbers.
    CHECK(bits(tensor({1, 2, 3}, {}, {.dtype = u8}) > 1.5) == std::vector<double>{0, 1, 1});
    CHECK(bits(tensor({1, 2, 3}) >= 2) == std::vector<double>{0, 1, 1});
    CHECK(integers_of(x[Slice{0, 2}] + odd) == std::vector<std::int64_t>{2 * odd - 1, 2 * odd});
    CHECK(integers_of(x[Slice{0, 2}] - odd) == std::vector<std::int64_t>{-1, 0});
    CHECK(integers_of(odd - x[Slice{0, 2}]) == std::vector<std::int64_t>{1, 0});
    CHECK(integers_of(integers({3}) * odd) == std::vector<std::int64_t>{3 * odd});
    CHECK(eq(x, odd).dtype() == DType::boolean);
    CHECK((integers({}) < 0x1p70).shape() == Shape{0});
}
