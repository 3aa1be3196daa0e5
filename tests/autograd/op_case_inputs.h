#pragma once
// What gradient cases are written with: values, and functions of one to three inputs.
#include "autograd/ops/elementwise/cast.h"
#include "tensor/create.h"
#include "tests/autograd/op_cases.h"
#include "tests/autograd/support.h"

namespace eps::test {

using Inputs = const std::vector<Tensor>&;

/// Values in [-2, 2]; each seed its own.
inline Tensor any(const Shape& shape, std::uint64_t seed = 1) {
    return uniform(shape, -2, 2, seed);
}
inline Tensor fixed(const std::vector<double>& values, const Shape& shape) {
    return tensor(values, shape, {.dtype = f64});
}
/// Where what the cases take besides their inputs lives: set to the device of the inputs before a
/// case is run.
inline Device& constants_device() {
    static Device device = cpu;
    return device;
}
inline Tensor constant(const std::vector<double>& values, const Shape& shape, DType dtype) {
    return to(tensor(values, shape, {.dtype = dtype}), constants_device());
}
inline Tensor index(const std::vector<double>& values, const Shape& shape) {
    return constant(values, shape, i64);
}
inline Tensor bools(const std::vector<double>& values, const Shape& shape) {
    return constant(values, shape, boolean);
}

#define EPS_ONE(...)             \
    [](Inputs in) -> Tensor {    \
        const Tensor& x = in[0]; \
        return __VA_ARGS__;      \
    }
#define EPS_TWO(...)             \
    [](Inputs in) -> Tensor {    \
        const Tensor& x = in[0]; \
        const Tensor& y = in[1]; \
        return __VA_ARGS__;      \
    }
#define EPS_THREE(...)           \
    [](Inputs in) -> Tensor {    \
        const Tensor& x = in[0]; \
        const Tensor& y = in[1]; \
        const Tensor& z = in[2]; \
        return __VA_ARGS__;      \
    }

}  // namespace eps::test
