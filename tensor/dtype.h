#pragma once
// Element types, their C++ counterparts, and the promotion rules.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

namespace eps {

/// Ordered by promotion: the result of mixing two types is the later one.
enum class DType : std::uint8_t { boolean, u8, i64, bf16, f32, f64 };
using enum DType;

/// bfloat16: the upper half of a float. A storage type: it converts, it does not compute.
struct bfloat16 {
    std::uint16_t bits = 0;
    bfloat16() = default;
    constexpr explicit bfloat16(float value) {  // round to nearest even; NaN stays NaN
        const auto u = std::bit_cast<std::uint32_t>(value);
        const bool is_nan = (u & 0x7fffffffu) > 0x7f800000u;
        bits = static_cast<std::uint16_t>(is_nan ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
    }
    constexpr explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

std::size_t size_of(DType dtype);
const char* name_of(DType dtype);
inline std::string to_string(DType dtype) { return name_of(dtype); }
inline bool is_floating(DType dtype) { return dtype >= DType::bf16; }

/// Whether the dtype has a value for x: for integers, whether x lies in their range. A bool has one for every x.
bool can_hold(DType dtype, double x);

/// The dtype of mixing two tensors: bool < u8 < i64 < bf16 < f32 < f64.
inline DType promote(DType a, DType b) { return a > b ? a : b; }

template <class T> struct dtype_of_type;
template <> struct dtype_of_type<bool> { static constexpr DType value = DType::boolean; };
template <> struct dtype_of_type<std::uint8_t> { static constexpr DType value = DType::u8; };
template <> struct dtype_of_type<std::int64_t> { static constexpr DType value = DType::i64; };
template <> struct dtype_of_type<bfloat16> { static constexpr DType value = DType::bf16; };
template <> struct dtype_of_type<float> { static constexpr DType value = DType::f32; };
template <> struct dtype_of_type<double> { static constexpr DType value = DType::f64; };
template <class T> inline constexpr DType dtype_of = dtype_of_type<T>::value;

/// Calls f.template operator()<T>() with the C++ type of dtype: every dtype has a case.
template <class F>
decltype(auto) visit(DType dtype, F&& f) {
    switch (dtype) {
        case DType::boolean: return f.template operator()<bool>();
        case DType::u8: return f.template operator()<std::uint8_t>();
        case DType::i64: return f.template operator()<std::int64_t>();
        case DType::bf16: return f.template operator()<bfloat16>();
        case DType::f32: return f.template operator()<float>();
        case DType::f64: break;
    }
    return f.template operator()<double>();
}

/// One element converted: bf16 through float, to bool as "is not zero", otherwise a plain cast. constexpr, so that CUDA kernels may call it.
template <class To, class From>
constexpr To convert(From x) {
    if constexpr (std::is_same_v<To, From>) return x;
    else if constexpr (std::is_same_v<From, bfloat16>) return convert<To>(static_cast<float>(x));
    else if constexpr (std::is_same_v<To, bfloat16>) return bfloat16(static_cast<float>(x));
    else if constexpr (std::is_same_v<To, bool>) return x != From(0);
    else return static_cast<To>(x);
}

}  // namespace eps
