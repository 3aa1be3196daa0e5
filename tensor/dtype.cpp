#include "tensor/dtype.h"

namespace eps {

std::size_t size_of(DType dtype) {
    return visit(dtype, []<class T>() { return sizeof(T); });
}

const char* name_of(DType dtype) {
    static constexpr const char* names[] = {"bool", "u8", "i64", "bf16", "f32", "f64"};
    return names[static_cast<std::size_t>(dtype)];
}

}  // namespace eps
