#pragma once
// What gradient cases are written with: values for the inputs, and functions of one to three of
// them.
#include "autograd/ops/elementwise/cast.h"
#include "tensor/create.h"
#include "tests/autograd/op_cases.h"
#include "tests/autograd/support.h"

namespace eps::test {

using Inputs = const std::vector<Tensor>&;

/// Values in [-2, 2), different for each seed.
inline Tensor any(const Shape& shape, std::uint64_t seed = 1) {
    return uniform(shape, -2, 2, seed);
}
inline Tensor fixed(const std::vector<double>& values, const Shape& shape) {
    return tensor(values, shape, {.dtype = f64});
}
/// The device of the tensors that cases use besides their inputs: the tests set it to that of the
/// inputs before they run a case.
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

/// A function of the inputs x, y and z, of which there may be fewer: EPS_FUNCTION(matmul(x, y)).
#define EPS_FUNCTION(...)                                             \
    [](Inputs in) -> Tensor {                                         \
        [[maybe_unused]] const Tensor& x = in[0];                     \
        [[maybe_unused]] const Tensor& y = in[in.size() > 1 ? 1 : 0]; \
        [[maybe_unused]] const Tensor& z = in[in.size() > 2 ? 2 : 0]; \
        return __VA_ARGS__;                                           \
    }
/// A line of a table: EPS_CASE("matmul", "vectors", matmul(x, y), any({4}), any({4}, 2)).
#define EPS_CASE(op, what, value, ...)                 \
    {                                                  \
        op, what, EPS_FUNCTION(value), { __VA_ARGS__ } \
    }

}  // namespace eps::test
