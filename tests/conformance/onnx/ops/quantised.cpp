// Eight-bit numbers with a scale and a zero point: real = scale (number - zero). Products of
// integers are computed in f64, which is exact.
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tests/conformance/onnx/ops/common.h"
#include "tests/conformance/onnx/ops/window.h"

namespace eps::conformance {
namespace {

// A rank-1 parameter in a shape that broadcasts along `axis` of a tensor of this rank.
Tensor along(const Tensor& parameter, std::int64_t axis, int rank) {
    if (parameter.numel() == 1) return reshape(parameter, {});
    Shape shape = Dims::filled(rank, 1);
    shape[normalize_dim(axis, rank, "axis")] = parameter.numel();
    return reshape(parameter, shape);
}

// round(x / scale) + zero, clamped to the range of u8, or of int8, which is stored as i64.
Tensor quantised(const Tensor& x, const Tensor& scale, const Tensor& zero) {
    const bool is_signed = zero.dtype() == i64;
    return to(clamp(round(x / scale) + to(zero, x.dtype()),
                    {is_signed ? -128.0 : 0.0, is_signed ? 127.0 : 255.0}),
              zero.dtype());
}

Results quantize_linear(const Call& c) {
    const std::int64_t axis = c.integer("axis", 1);
    const int rank = c[0].rank();
    return quantised(c[0], along(c[1], axis, rank),
                     c.has(2) ? along(c[2], axis, rank) : zeros({}, {.dtype = u8}));
}

Results dequantize_linear(const Call& c) {
    const std::int64_t axis = c.integer("axis", 1);
    const int rank = c[0].rank();
    const Tensor x = to(c[0], f32);
    return (c.has(2) ? x - to(along(c[2], axis, rank), f32) : x) * along(c[1], axis, rank);
}

// Chooses the scale and zero point so that all of x, and 0, fit into u8.
Results dynamic_quantize_linear(const Call& c) {
    const Tensor lowest = clamp(min(c[0]), {.hi = 0});
    const Tensor largest = clamp(max(c[0]), {.lo = 0});
    const Tensor scale = (largest - lowest) / 255.0;
    const Tensor zero = to(clamp(round(-lowest / scale), {0, 255}), u8);
    return {quantised(c[0], scale, zero), scale, zero};
}

// number - zero, in f64
Tensor centred(const Call& c, std::size_t input, std::size_t zero_input, std::int64_t axis) {
    const Tensor x = to(c[input], f64);
    return c.has(zero_input) ? x - to(along(c[zero_input], axis, x.rank()), f64) : x;
}

Results matmul_integer(const Call& c) {
    return to(matmul(centred(c, 0, 2, 0), centred(c, 1, 3, -1)), i64);
}

Results conv_integer(const Call& c) {
    const Tensor x = centred(c, 0, 2, 0), weight = centred(c, 1, 3, 0);
    return to(round(convolution(x, weight, Tensor(), window_of(c, x, kernel_sizes(c, weight)),
                                c.integer("group", 1))),
              i64);
}

// Inputs: a, its scale and zero; b, its scale and zero; the scale and zero of the result.
Results qlinear_matmul(const Call& c) {
    const Tensor product = matmul(centred(c, 0, 2, 0), centred(c, 3, 5, -1));
    return quantised(product * (to(c[1], f64) * to(c[4], f64)), to(c[6], f64), c[7]);
}

Results qlinear_conv(const Call& c) {
    if (c.has(8)) c.unsupported("a bias");
    const Tensor x = centred(c, 0, 2, 0), weight = centred(c, 3, 5, 0);
    const Tensor out = convolution(x, weight, Tensor(), window_of(c, x, kernel_sizes(c, weight)),
                                   c.integer("group", 1));
    return quantised(out * (to(c[1], f64) * along(to(c[4], f64), 1, out.rank())), to(c[6], f64),
                     c[7]);
}

}  // namespace

void add_quantised_ops(OpTable& table) {
    table.insert({
        {"QuantizeLinear", quantize_linear},
        {"DequantizeLinear", dequantize_linear},
        {"DynamicQuantizeLinear", dynamic_quantize_linear},
        {"MatMulInteger", matmul_integer},
        {"ConvInteger", conv_integer},
        {"QLinearMatMul", qlinear_matmul},
        {"QLinearConv", qlinear_conv},
    });
}

}  // namespace eps::conformance
