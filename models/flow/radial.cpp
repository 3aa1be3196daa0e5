#include "models/flow/radial.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/flow/amortise.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

// c + factor (z - c), factor [B]
Tensor scaled_about(const RadialMap& f, const Tensor& z, const Tensor& factor) {
    return f.centre + unsqueeze(factor, 1) * (z - f.centre);
}
Tensor distance_of(const RadialMap& f, const Tensor& z) { return norm(z - f.centre, 2, {1}); }
// 1 + beta_hat h, at the distance r [B]
Tensor stretch(const RadialMap& f, const Tensor& r) { return (r + f.s) / (f.alpha + r); }

Tensor log_det_at(const RadialMap& f, const Tensor& r, std::int64_t dim) {
    const Tensor outer = f.alpha + r, along = r * (r + 2.0 * f.alpha) + f.alpha * f.s;
    return static_cast<double>(dim - 1) * (log(r + f.s) - log(outer)) + log(along) -
           2.0 * log(outer);
}

}  // namespace

RadialMap constrain_radial(const Tensor& centre, const Tensor& log_alpha, const Tensor& beta) {
    return {centre, exp(log_alpha), softplus(beta)};
}

// The root in the form that adds numbers of one sign: -B + sqrt(..), or the equal
// 4 alpha r' / (B + sqrt(..)).
Tensor radial_root(const Tensor& distance, const Tensor& alpha, const Tensor& s) {
    const Tensor B = s - distance, product = 4.0 * alpha * distance;
    const Tensor size = abs(B) + sqrt(square(B) + product);
    return 0.5 * where(B > 0.0, product / size, size);
}

Radial::Radial(std::int64_t dim, Generator& generator, std::int64_t context)
    : dim_(dim), context_(context) {
    check(dim >= 1, "radial", "needs at least one dimension; got ", dim);
    if (context > 0) {
        head_ = amortised_head(context, dim + 2, generator);
        add("head", *head_);
        return;
    }
    centre = empty({dim});
    log_alpha = zeros({});
    beta = empty({});
    nn::init::uniform_(centre, -0.1, 0.1, generator);
    // about log(e - 1), where beta_hat = 0 and the map is the identity
    nn::init::uniform_(beta, 0.45, 0.65, generator);
    add_parameter("centre", centre);
    add_parameter("log_alpha", log_alpha);
    add_parameter("beta", beta);
}

RadialMap Radial::parameters_for(const Tensor& z, const Tensor& context) {
    check_vectors("radial", z, dim_);
    check_context("radial", z, context, context_);
    if (!head_) return constrain_radial(centre, log_alpha, beta);
    const Tensor all = (*head_)(context);  // [B, D + 2]
    return constrain_radial(narrow(all, 1, 0, dim_), select(all, 1, dim_),
                            select(all, 1, dim_ + 1));
}

Transformed Radial::transform(const Tensor& z, const Tensor& context) {
    const RadialMap f = parameters_for(z, context);
    const Tensor r = distance_of(f, z);
    return {scaled_about(f, z, stretch(f, r)), log_det_at(f, r, dim_)};
}

Tensor Radial::map(const Tensor& z, const Tensor& context) {
    const RadialMap f = parameters_for(z, context);
    return scaled_about(f, z, stretch(f, distance_of(f, z)));
}

Transformed Radial::inverse(const Tensor& z, const Tensor& context) {
    const RadialMap f = parameters_for(z, context);
    const Tensor r = radial_root(distance_of(f, z), f.alpha, f.s);
    return {scaled_about(f, z, 1.0 / stretch(f, r)), -log_det_at(f, r, dim_)};
}

}  // namespace eps::models::flow
