#include "tensor/contract/optimizer_steps.h"

#include <cstddef>
#include <type_traits>

#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps::kernels {

Tensor as_tensor(const UpdateCoefficients& c) {
    static_assert(std::is_trivially_copyable_v<UpdateCoefficients> &&
                      sizeof(UpdateCoefficients) % sizeof(double) == 0,
                  "UpdateCoefficients must consist of doubles only");
    constexpr std::size_t count = sizeof(UpdateCoefficients) / sizeof(double);
    return from_span(std::span(reinterpret_cast<const double*>(&c), count),
                     {static_cast<std::int64_t>(count)});
}

void set_skip(Tensor& coefficients, const Tensor& skip) {
    constexpr std::size_t at = offsetof(UpdateCoefficients, skip) / sizeof(double);
    Tensor target =
        coefficients.as_strided({}, {}, coefficients.offset() + static_cast<std::int64_t>(at));
    copy(target, skip);
}

}  // namespace eps::kernels
