#include "tensor/dtype.h"

#include <bit>
#include <cstring>

namespace eps {

std::size_t size_of(DType dtype) {
    return visit(dtype, []<class T>() { return sizeof(T); });
}

const char* name_of(DType dtype) {
    static constexpr const char* names[] = {"bool", "u8", "i64", "f16", "bf16", "f32", "f64"};
    return names[static_cast<std::size_t>(dtype)];
}

bool can_hold(DType dtype, Number x) {
    if (dtype == DType::u8) return x.value > -1 && x.value < 256;
    if (dtype == DType::i64) return x.is_integer || (x.value >= -0x1p63 && x.value < 0x1p63);
    return true;
}

std::uint64_t word_of(DType dtype, Number x) {
    if (dtype == DType::i64 && x.is_integer) return std::bit_cast<std::uint64_t>(x.integer);
    return visit(dtype, [&]<class T>() {
        const T element = convert<T>(x.value);
        std::uint64_t word = 0;
        std::memcpy(&word, &element, sizeof(T));
        return word;
    });
}

}  // namespace eps
