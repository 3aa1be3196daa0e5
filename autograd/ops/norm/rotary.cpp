#include "autograd/ops/norm/rotary.h"

#include <cmath>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {

RotaryTable rotary_table(const Tensor& positions, std::int64_t width, double base) {
    const Checker check("rotary_table");
    check.computes(positions);
    check(width >= 0 && width % 2 == 0, "the width must be even; got ", width);
    check(base > 0, "the base must be positive; got ", base);
    const DType dtype = positions.dtype() == f64 ? f64 : f32;
    const Options options{f64, positions.device()};
    const Tensor k = arange(0, static_cast<double>(width / 2), 1, options);
    const Tensor frequency =
        pow(base, k * (-2 / static_cast<double>(std::max<std::int64_t>(width, 1))));
    const Tensor angle = unsqueeze(to(positions, f64), -1) * frequency;
    return {to(cos(angle), dtype), to(sin(angle), dtype)};
}

Tensor rotary_embedding(const Tensor& x, const Tensor& cos, const Tensor& sin, bool interleaved) {
    const Checker check("rotary_embedding");
    check.defined(x, cos, sin);
    check(x.rank() >= 2, "needs x [.., L, D]; got ", describe(x));
    check((x.dtype() == f32 || x.dtype() == f64) && cos.dtype() == x.dtype() &&
              sin.dtype() == x.dtype(),
          "dtypes differ or are not real; got ", x.dtype(), ", ", cos.dtype(), ", ", sin.dtype(),
          "; expected all f32 or all f64");
    check(cos.shape() == sin.shape() && cos.rank() >= 1 && 2 * cos.size(-1) <= x.size(-1),
          "the table does not fit; got cos ", cos.shape(), ", sin ", sin.shape(), " for x ",
          x.shape(), "; expected [L, R / 2] with R <= ", x.size(-1));
    const std::int64_t pairs = cos.size(-1), width = 2 * pairs;
    Shape half = x.shape();
    half[x.rank() - 1] = pairs;
    check(broadcastable_to(cos.shape(), half), "the table does not broadcast; got ", cos.shape(),
          " to ", half);
    const Tensor rotated = narrow(x, -1, 0, width), rest = narrow(x, -1, width, x.size(-1) - width);
    const Tensor a =
        interleaved ? slice(rotated, -1, 0, INT64_MAX, 2) : narrow(rotated, -1, 0, pairs);
    const Tensor b =
        interleaved ? slice(rotated, -1, 1, INT64_MAX, 2) : narrow(rotated, -1, pairs, pairs);
    const Tensor first = a * cos - b * sin, second = a * sin + b * cos;
    if (!interleaved) return concat({first, second, rest}, -1);
    Shape shape = x.shape();
    shape[x.rank() - 1] = width;
    return concat({reshape(stack({first, second}, -1), shape), rest}, -1);
}

}  // namespace eps
