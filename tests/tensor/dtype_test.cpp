// Promotion, and the conversions of f16 and bf16.
#include "tensor/dtype.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "autograd/ops/elementwise/cast.h"
#include "tensor/create.h"

using namespace eps;

namespace {

using V = std::vector<double>;
constexpr double inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("promotion orders bool, u8, i64, f16 or bf16, f32, f64") {
    for (DType half : {f16, bf16}) {
        const DType order[] = {boolean, u8, i64, half, f32, f64};
        for (std::size_t a = 0; a < 6; ++a)
            for (std::size_t b = 0; b < 6; ++b)
                CHECK(promote(order[a], order[b]) == order[std::max(a, b)]);
        CHECK(is_floating(half));
        CHECK(is_storage_type(half));
        CHECK_FALSE(is_real(half));
    }
    CHECK(promote(f16, bf16) == f32);
    CHECK(promote(bf16, f16) == f32);
    CHECK_FALSE(is_floating(i64));
    CHECK(is_real(f32));
}

TEST_CASE("bf16 is the upper half of a float, rounded to even") {
    int inexact = 0;
    // Every bf16 survives the conversion to f32 and back.
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto value = std::bit_cast<float>(bits << 16);
        const bfloat16 back{value};
        if (std::isnan(value))
            CHECK(std::isnan(static_cast<float>(back)));
        else
            inexact += back.bits != bits;
    }
    CHECK(inexact == 0);
    const struct {
        std::uint32_t from;
        std::uint16_t to;
    } roundings[] = {{0x3f808000, 0x3f80}, {0x3f808001, 0x3f81}, {0x3f818000, 0x3f82},
                     {0x3f807fff, 0x3f80}, {0x7f7fffff, 0x7f80}, {0x7f800001, 0x7fc0},
                     {0xffbfffff, 0xffff}, {0x00008001, 0x0001}, {0x80000000, 0x8000}};
    for (const auto& [from, to] : roundings) CHECK(bfloat16(std::bit_cast<float>(from)).bits == to);
    const Tensor x = tensor({1, -2.5, inf, -inf, std::nan("")});
    const auto back = to(to(x, bf16), f32).to_vector();
    CHECK(V(back.begin(), back.begin() + 4) == V{1, -2.5, inf, -inf});
    CHECK(std::isnan(back[4]));
}

TEST_CASE("f16 is IEEE 754's binary16, rounded to even") {
    int inexact = 0, wrong = 0;
    // Every f16 has the value that IEEE 754 defines, and survives the conversion to f32 and back.
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        float16 half;
        half.bits = static_cast<std::uint16_t>(bits);
        const auto value = static_cast<float>(half);
        const float16 back{value};
        const int exponent = static_cast<int>(bits >> 10 & 31);
        const int fraction = static_cast<int>(bits & 1023);
        const double magnitude =
            exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
        if (exponent == 31 && fraction != 0) {
            wrong += !std::isnan(value) || !std::isnan(static_cast<float>(back));
        } else {
            wrong += value != (exponent == 31 ? inf : magnitude) * (bits >> 15 ? -1 : 1);
            inexact += back.bits != bits;
        }
    }
    CHECK(wrong == 0);
    CHECK(inexact == 0);
    // NumPy 2.4: np.array([0x3f801000, ...], 'u4').view('f4').astype('f2').view('u2')
    // clang-format off
    const struct { std::uint32_t from; std::uint16_t to; } roundings[] = {
        // ties between normal numbers
        {0x3f801000, 0x3c00}, {0x3f801001, 0x3c01}, {0x3f803000, 0x3c02}, {0x3f800fff, 0x3c00},
        // 65519.996; 65520, the first that becomes infinite; larger ones
        {0x477fefff, 0x7bff}, {0x477ff000, 0x7c00}, {0x7f7fffff, 0x7c00}, {0xff800000, 0xfc00},
        // ties between subnormal numbers
        {0x33000000, 0x0000}, {0x33000001, 0x0001}, {0x33c00000, 0x0002}, {0xb3400000, 0x8001},
        // up to the smallest normal number
        {0x387fefff, 0x0400}, {0x387fc000, 0x03ff}, {0x387fe000, 0x0400}, {0x38800000, 0x0400},
        {0x00000001, 0x0000}, {0x80000000, 0x8000}};
    // clang-format on
    for (const auto& each : roundings)
        CHECK_MESSAGE(float16(std::bit_cast<float>(each.from)).bits == each.to, each.from);
    for (std::uint32_t nan : {0x7f800001u, 0xffbfffffu, 0x7fc00000u})
        CHECK(std::isnan(static_cast<float>(float16(std::bit_cast<float>(nan)))));
    const Tensor x = tensor({1, -2.5, 65504, 1e5, -1e5, std::nan("")});
    const auto back = to(to(x, f16), f32).to_vector();
    CHECK(V(back.begin(), back.begin() + 5) == V{1, -2.5, 65504, inf, -inf});
    CHECK(std::isnan(back[5]));
    // Two roundings, through f32.
    CHECK(to(to(tensor({1 + 0x1p-8, 1e-7}), f16), bf16).to_vector() == V{1, 0x1p-23});
}

#ifdef __FLT16_MANT_DIG__
TEST_CASE("f16 rounds as the compiler's _Float16 does") {
    int wrong = 0;
    for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 4099) {
        const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        if (!std::isnan(value))
            wrong +=
                float16(value).bits != std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
    }
    CHECK(wrong == 0);
}
#endif
