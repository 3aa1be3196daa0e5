#include "autograd/ops/image/lp_pool.h"

#include <cmath>
#include <span>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/pool.h"
#include "autograd/ops/image/pool_windows.h"
#include "autograd/ops/image/resample.h"
#include "tensor/create.h"

namespace eps {
namespace {

using Extents = std::span<const std::int64_t>;

// average_matrix without the division; padding adds nothing to a sum.
CsrMatrix sum_matrix(const Checker& check, std::int64_t inputs, const detail::PoolWindows& w) {
    detail::pooled_extent(check, inputs, w);
    CsrMatrix matrix = average_matrix(inputs, w.kernel,
                                      {.stride = w.stride,
                                       .before = w.before,
                                       .after = w.after,
                                       .dilation = w.dilation,
                                       .ceil_mode = w.ceil_mode,
                                       .count_include_pad = false});
    for (double& weight : matrix.weights) weight = 1;
    return matrix;
}

struct Windows {
    Extents kernel, stride, padding, dilation;
    bool ceil_mode;
    detail::PoolWindows along(std::size_t d) const {
        return {.kernel = kernel[d],
                .stride = stride[d],
                .before = padding[d],
                .after = padding[d],
                .dilation = dilation[d],
                .ceil_mode = ceil_mode};
    }
};

Tensor lp_pooled(const Checker& check, const Tensor& x, double p, const Windows& w) {
    check_image(check, x, static_cast<int>(w.kernel.size()) + 2);
    check(x.dtype() == f32 || x.dtype() == f64, "computes in f32 and f64; got ", describe(x),
          "; hint: to(x, f32)");
    check(p > 0 && std::isfinite(p), "p must be positive; got ", p);
    Tensor total = p == 2 ? square(x) : pow(abs(x), p);
    for (std::size_t d = 0; d < w.kernel.size(); ++d) {
        const int dim = static_cast<int>(d) + 2;
        total = resample(total, dim, sum_matrix(check, x.size(dim), w.along(d)), check.op);
    }
    // The root has an infinite slope at 0, and the gradient must not meet it.
    const Tensor is_zero = eq(total, 0.0);
    const Tensor above = where(is_zero, ones({}, total.options()), total);
    const Tensor root = p == 2 ? sqrt(above) : pow(above, 1 / p);
    return where(is_zero, zeros({}, total.options()), root);
}

}  // namespace

Tensor lp_pool1d(const Tensor& x, double p, std::int64_t kernel, const LpPool1dOptions& o) {
    return lp_pooled(
        "lp_pool1d", x, p,
        {{&kernel, 1}, {&o.stride, 1}, {&o.padding, 1}, {&o.dilation, 1}, o.ceil_mode});
}
Tensor lp_pool2d(const Tensor& x, double p, std::array<std::int64_t, 2> kernel,
                 const LpPool2dOptions& o) {
    return lp_pooled("lp_pool2d", x, p, {kernel, o.stride, o.padding, o.dilation, o.ceil_mode});
}
Tensor lp_pool3d(const Tensor& x, double p, std::array<std::int64_t, 3> kernel,
                 const LpPool3dOptions& o) {
    return lp_pooled("lp_pool3d", x, p, {kernel, o.stride, o.padding, o.dilation, o.ceil_mode});
}

}  // namespace eps
