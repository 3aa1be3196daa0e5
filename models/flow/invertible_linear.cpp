#include "models/flow/invertible_linear.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

// [B, C] or [B, C, H, W] as columns [B, C, pixels], for a matrix product from the left.
Tensor columns(const Tensor& z) {
    return reshape(z, {z.size(0), z.size(1), z.rank() == 2 ? 1 : z.size(2) * z.size(3)});
}
double pixels(const Tensor& z) {
    return z.rank() == 2 ? 1 : static_cast<double>(z.size(2) * z.size(3));
}

}  // namespace

InvertibleLinear::InvertibleLinear(std::int64_t channels, Generator& generator)
    : channels_(channels) {
    check(channels >= 1, "invertible linear", "needs at least one channel; got ", channels);
    const Tensor rotation = qr(randn({channels, channels}, {.dtype = f64}, generator)).q;
    const Lu factors = lu(rotation);
    const Tensor on_diagonal = contiguous(diagonal(factors.u));
    p = eps::to(factors.p, f32);
    lower = eps::to(tril(factors.l, -1), f32);
    upper = eps::to(triu(factors.u, 1), f32);
    log_diagonal = eps::to(log(abs(on_diagonal)), f32);
    sign = eps::to(eps::sign(on_diagonal), f32);
    add_buffer("p", p);
    add_parameter("lower", lower);
    add_parameter("upper", upper);
    add_parameter("log_diagonal", log_diagonal);
    add_buffer("sign", sign);
}

InvertibleLinear::Factors InvertibleLinear::factors() const {
    const Tensor unit = eye(channels_, {f64, lower.device()});
    return {
        eps::to(p, f64), tril(eps::to(lower, f64), -1) + unit,
        triu(eps::to(upper, f64), 1) + diag(eps::to(sign, f64) * exp(eps::to(log_diagonal, f64)))};
}

void InvertibleLinear::check_input(const Tensor& z) const {
    check(z.defined() && is_floating(z.dtype()) && (z.rank() == 2 || z.rank() == 4) &&
              z.size(1) == channels_,
          name(), "got ", describe(z), "; expected [B, ", channels_, "] or [B, ", channels_,
          ", H, W]");
}

Transformed InvertibleLinear::transform(const Tensor& z, const Tensor&) {
    check_input(z);
    const Factors f = factors();
    const Tensor W = matmul(f.p, matmul(f.lower, f.upper));  // [C, C]
    return {reshape(matmul(eps::to(W, z.dtype()), columns(z)), z.shape()),
            expand(pixels(z) * sum(log_diagonal), {z.size(0)})};
}

Transformed InvertibleLinear::inverse(const Tensor& z, const Tensor&) {
    check_input(z);
    const Factors f = factors();
    const Tensor half = solve_triangular(f.lower, transpose(f.p), {.unit = true});
    const Tensor back = solve_triangular(f.upper, half, {.upper = true});  // [C, C]
    return {reshape(matmul(eps::to(back, z.dtype()), columns(z)), z.shape()),
            expand(-pixels(z) * sum(log_diagonal), {z.size(0)})};
}

Permutation::Permutation(std::int64_t dim, Tensor order)
    : dim_(dim), order_(std::move(order)), back_(argsort(order_)) {
    check(dim >= 1, "permutation", "needs at least one dimension; got ", dim);
    add_buffer("order", order_);
    add_buffer("back", back_);
}
Permutation::Permutation(std::int64_t dim, Generator& generator)
    : Permutation(dim, randperm(dim, generator)) {}
Permutation::Permutation(std::int64_t dim)
    : Permutation(dim, flip(arange(0, static_cast<double>(dim), 1, {.dtype = i64}), {0})) {}

Transformed Permutation::transform(const Tensor& z, const Tensor&) {
    check_vectors("permutation", z, dim_);
    return {index_select(z, 1, order_), zero_log_det(z)};
}
Transformed Permutation::inverse(const Tensor& z, const Tensor&) {
    check_vectors("permutation", z, dim_);
    return {index_select(z, 1, back_), zero_log_det(z)};
}

}  // namespace eps::models::flow
