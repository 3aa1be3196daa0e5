#include "tensor/error.h"

#include <charconv>
#include <cmath>

namespace eps::detail {

std::string to_text(double x) {
    char buffer[40];
    const bool whole = std::abs(x) < 1e15 && x == std::trunc(x);  // 100000, not 1e+05
    const auto end =
        whole ? std::to_chars(buffer, buffer + sizeof buffer, x, std::chars_format::fixed).ptr
              : std::to_chars(buffer, buffer + sizeof buffer, x).ptr;
    return {buffer, end};
}

}  // namespace eps::detail
