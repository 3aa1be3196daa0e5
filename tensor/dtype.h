#pragma once
// Element types, their C++ counterparts, and the promotion rules.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "tensor/exact_number.h"

namespace eps {

/// Ordered by promotion: mixing two types gives the later one. The exception is f16 with bf16,
/// neither of which can represent the other (see promote).
enum class DType : std::uint8_t { boolean, u8, i64, f16, bf16, f32, f64 };
using enum DType;

/// bfloat16: the upper half of a float. A storage-only type: it converts, but has no arithmetic.
struct bfloat16 {
    std::uint16_t bits = 0;
    bfloat16() = default;
    // Rounds to nearest even; NaN stays NaN.
    constexpr explicit bfloat16(float value) {
        const auto u = std::bit_cast<std::uint32_t>(value);
        const bool is_nan = (u & 0x7fffffffu) > 0x7f800000u;
        bits = static_cast<std::uint16_t>(is_nan ? (u >> 16) | 0x40u
                                                 : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
    }
    constexpr explicit operator float() const {
        return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
    }
};

/// IEEE 754's binary16: 5 bits of exponent, 10 of mantissa; up to 65504. Storage-only as well.
/// Conversions give the bits of NumPy's float16, NaN payloads excepted.
struct float16 {
    std::uint16_t bits = 0;
    float16() = default;
    // Rounds to nearest even; 65520 and above become infinity; NaN stays NaN.
    constexpr explicit float16(float value) {
        const auto u = std::bit_cast<std::uint32_t>(value), magnitude = u & 0x7fffffffu;
        // The exponents are biased by 127 and by 15.
        std::uint32_t half = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
        // Below 2^-14 the spacing is 2^-24, the spacing of floats in [1/2, 1): adding 1/2 rounds.
        if (magnitude < 0x38800000u)
            half =
                std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
        if (magnitude >= 0x477ff000u) half = 0x7c00u;
        if (magnitude > 0x7f800000u) half = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
        bits = static_cast<std::uint16_t>(half | (u >> 16 & 0x8000u));
    }
    constexpr explicit operator float() const {
        const std::uint32_t magnitude = bits & 0x7fffu;
        // 112 = 127 - 15: one product rebiases the exponent, of subnormal numbers too.
        const float value = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
        const std::uint32_t not_finite = magnitude >= 0x7c00u ? 0x7f800000u : 0u,
                            sign = (bits & 0x8000u) << 16;
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | not_finite | sign);
    }
};

/// Types that are stored and converted, but never computed with.
template <class T>
inline constexpr bool is_stored_only = std::is_same_v<T, bfloat16> || std::is_same_v<T, float16>;

std::size_t size_of(DType dtype);
const char* name_of(DType dtype);
inline std::string to_string(DType dtype) { return name_of(dtype); }
inline bool is_floating(DType dtype) { return dtype >= DType::f16; }
inline bool is_storage_type(DType dtype) { return dtype == DType::f16 || dtype == DType::bf16; }
/// f32 and f64: the types that real functions compute in and that can have gradients.
inline bool is_real(DType dtype) { return dtype >= DType::f32; }

/// Whether x converts to the dtype: for integers, whether x lies in their range. Every x converts
/// to bool.
bool can_hold(DType dtype, Number x);

/// The bits of x, converted to dtype, in the low bytes. As i64, an integer is itself.
std::uint64_t word_of(DType dtype, Number x);

/// The dtype that results from mixing two tensors: the later one of
/// bool < u8 < i64 < f16, bf16 < f32 < f64, and f32 for f16 with bf16.
inline DType promote(DType a, DType b) {
    if (is_storage_type(a) && is_storage_type(b) && a != b) return DType::f32;
    return a > b ? a : b;
}

template <class T> struct dtype_of_type;
template <> struct dtype_of_type<bool> { static constexpr DType value = DType::boolean; };
template <> struct dtype_of_type<std::uint8_t> { static constexpr DType value = DType::u8; };
template <> struct dtype_of_type<std::int64_t> { static constexpr DType value = DType::i64; };
template <> struct dtype_of_type<float16> { static constexpr DType value = DType::f16; };
template <> struct dtype_of_type<bfloat16> { static constexpr DType value = DType::bf16; };
template <> struct dtype_of_type<float> { static constexpr DType value = DType::f32; };
template <> struct dtype_of_type<double> { static constexpr DType value = DType::f64; };
template <class T> inline constexpr DType dtype_of = dtype_of_type<T>::value;

/// Calls f.template operator()<T>() with the C++ type of dtype.
template <class F> decltype(auto) visit(DType dtype, F&& f) {
    switch (dtype) {
        case DType::boolean: return f.template operator()<bool>();
        case DType::u8: return f.template operator()<std::uint8_t>();
        case DType::i64: return f.template operator()<std::int64_t>();
        case DType::f16: return f.template operator()<float16>();
        case DType::bf16: return f.template operator()<bfloat16>();
        case DType::f32: return f.template operator()<float>();
        case DType::f64: break;
    }
    return f.template operator()<double>();
}

/// Calls f.template operator()<T>() with float for f32 and double for f64. The dtype must be one of
/// these.
template <class F> decltype(auto) visit_real(DType dtype, F&& f) {
    return dtype == DType::f64 ? f.template operator()<double>() : f.template operator()<float>();
}

/// Calls f.template operator()<T>() with the unsigned integer of dtype's size. Use for operations
/// that only move elements.
template <class F> decltype(auto) visit_words(DType dtype, F&& f) {
    switch (size_of(dtype)) {
        case 1: return f.template operator()<std::uint8_t>();
        case 2: return f.template operator()<std::uint16_t>();
        case 4: return f.template operator()<std::uint32_t>();
        default: return f.template operator()<std::uint64_t>();
    }
}

/// Converts one element: f16 and bf16 go through float, bool means "is not zero", and everything
/// else is a cast. It is constexpr so that CUDA kernels may call it.
template <class To, class From> constexpr To convert(From x) {
    if constexpr (std::is_same_v<To, From>)
        return x;
    else if constexpr (is_stored_only<From>)
        return convert<To>(static_cast<float>(x));
    else if constexpr (is_stored_only<To>)
        return To(static_cast<float>(x));
    else if constexpr (std::is_same_v<To, bool>)
        return x != From(0);
    else
        return static_cast<To>(x);
}

}  // namespace eps
