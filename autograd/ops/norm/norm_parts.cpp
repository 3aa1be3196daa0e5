#include "autograd/ops/norm/norm_parts.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/create.h"

namespace eps::detail {

Tensor normalized(const Tensor& x, const Dims& dims, double epsilon) {
    const Tensor centred = x - mean(x, dims, true);
    return centred * rsqrt(mean(square(centred), dims, true) + epsilon);
}

void check_real(const Checker& check, const Tensor& x) {
    check.defined(x);
    check(x.dtype() == f32 || x.dtype() == f64, "needs f32 or f64; got ", describe(x),
          "; hint: to(x, f32)");
}

Tensor parameter_or(const Checker& check, const Tensor& given, double constant, const Shape& shape,
                    const Shape& other_shape, const Tensor& x) {
    if (!given.defined()) return full(shape, constant, x.options());
    const bool fits = given.shape() == shape || given.shape() == other_shape;
    check(fits && given.dtype() == x.dtype(), "weight or bias does not match; got ",
          describe(given), "; expected ", x.dtype(), " ", shape);
    return given;
}

void NormGradients::give(const Context& context, Gradients out) const {
    if (context.needs(0)) out[0] = x;
    if (context.needs(1)) out[1] = weight;
    if (bias.defined() && context.needs(2)) out[2] = bias;
}

}  // namespace eps::detail
