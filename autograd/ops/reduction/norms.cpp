#include "autograd/ops/reduction/norms.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

// What |x| is divided by before it is raised to the power p: a constant for the derivatives, since
// the norm does not depend on it.
Tensor scale_of(const Tensor& magnitudes, double p, const Dims& dims) {
    const Tensor x = detach(magnitudes);
    const Tensor extreme = p > 0 ? max(x, dims, true) : min(x, dims, true);
    const Tensor usable = logical_and(isfinite(extreme), extreme > 0.0);
    return where(usable, extreme, ones({}, extreme.options()));
}

Tensor norm_over(const Checker& check, const Tensor& x, double p, const Dims& dims) {
    std::int64_t count = 1;
    for (const std::int64_t d : dims) count *= x.size(d);
    check(!std::isnan(p), "p is NaN");
    check(count > 0 || (p >= 0 && std::isfinite(p)), "no elements have no norm for p = ", p,
          "; got ", x.shape());
    const Tensor magnitudes = abs(is_floating(x.dtype()) ? x : to(x, f32));
    if (p == 0) return sum(sign(magnitudes), dims, true);
    if (p == 1 || count == 0) return sum(magnitudes, dims, true);
    if (std::isinf(p)) return p > 0 ? max(magnitudes, dims, true) : min(magnitudes, dims, true);
    const Tensor scale = scale_of(magnitudes, p, dims);
    const Tensor share = magnitudes / scale;
    if (p == 2) return sqrt(sum(square(share), dims, true)) * scale;
    return pow(sum(pow(share, p), dims, true), 1 / p) * scale;
}

Tensor without_dims(const Tensor& x, const Dims& dims) {
    Shape shape;
    for (int d = 0; d < x.rank(); ++d)
        if (!dims.contains(d)) shape.push_back(x.size(d));
    return reshape(x, shape);
}

Tensor extreme(const Checker& check, const Tensor& of, double p, const Tensor& x) {
    check(of.size(-1) > 0, "a matrix without elements has no norm of order ", p, "; got ",
          x.shape());
    return p > 0 ? max(of, {-1}) : min(of, {-1});
}

// A dimension of 1 for each of the two of a matrix.
Tensor restore_dims(const Tensor& norms, bool keepdim) {
    return keepdim ? unsqueeze(unsqueeze(norms, -1), -1) : norms;
}

}  // namespace

Tensor norm(const Tensor& x, double p, const Dims& dims, bool keepdim) {
    const Checker check("norm");
    check.computes(x);
    const Dims over = check.dims(dims, x);
    const Tensor length = norm_over(check, x, p, over);
    return keepdim ? length : without_dims(length, over);
}

Tensor matrix_norm(const Tensor& x, MatrixNorm kind, bool keepdim) {
    check_matrices("matrix_norm", x);
    if (kind == MatrixNorm::frobenius) return norm(x, 2, {-2, -1}, keepdim);
    return restore_dims(sum(svdvals(x), {-1}), keepdim);
}

Tensor matrix_norm(const Tensor& x, double p, bool keepdim) {
    const Checker check("matrix_norm");
    check_matrices(check, x);
    const double order = std::abs(p);
    check(order == 1 || order == 2 || std::isinf(p), "p has no meaning for matrices; got ", p,
          "; expected 1, -1, 2, -2, infinity or -infinity");
    const Tensor sizes = order == 2 ? svdvals(x) : sum(abs(x), {order == 1 ? -2 : -1});
    return restore_dims(extreme(check, sizes, p, x), keepdim);
}

Tensor normalize(const Tensor& x, double p, std::int64_t dim, double epsilon) {
    const Checker check("normalize");
    check.computes(x);
    check(epsilon > 0, "epsilon must be positive; got ", epsilon);
    const Tensor length = norm_over(check, x, p, {check.dim(dim, x)});
    return x / clamp(length, {.lo = epsilon});
}

Tensor cdist(const Tensor& a, const Tensor& b, double p) {
    const Checker check("cdist");
    check.computes(a);
    check.computes(b);
    check(a.rank() >= 2 && b.rank() >= 2 && a.size(-1) == b.size(-1),
          "needs points a [.., n, d] and b [.., m, d]; got ", a.shape(), " and ", b.shape());
    const Tensor difference = unsqueeze(a, -2) - unsqueeze(b, -3);
    const Dims last{difference.rank() - 1};
    return without_dims(norm_over(check, difference, p, last), last);
}

}  // namespace eps
