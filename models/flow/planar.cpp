#include "models/flow/planar.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/op.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/flow/amortise.h"
#include "nn/init.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr double kTiny = 1e-30;  // a squared norm that f32 still represents
// At a triple root Newton's method only removes a third of the error at each step.
constexpr int kMostSteps = 200;
// Adam changes each of a head's hundreds of weights by its learning rate. Without this gain, all of
// them together would change w and u by .1 to .2 a step, which is noise to a decoder.
constexpr double kHeadGain = 0.03;

double margin(DType dtype) { return dtype == f64 ? 0x1p-49 : 0x1p-20; }

// Solves a + m tanh(a + b) = c. The root is within |m| of c, since |tanh| < 1, and the left side
// increases, since m > -1. Stops when the residual is within the rounding of the sum and of a
// itself, after one more step.
Tensor solve_planar(const Tensor& c, const Tensor& m, const Tensor& b) {
    constexpr double kRounding = 0x1p-51;
    Tensor a = c, low = c - abs(m), high = c + abs(m);
    const Tensor magnitude = abs(c) + abs(m);
    for (int step = 0; step < kMostSteps; ++step) {
        const Tensor h = tanh(a + b), excess = a + m * h - c, slope = 1.0 + m * (1.0 - square(h));
        const bool done =
            all(abs(excess) <= kRounding * (magnitude + slope * (abs(a) + abs(b)))).item() != 0;
        low = where(excess < 0.0, a, low);
        high = where(excess > 0.0, a, high);
        const Tensor newton = a - excess / slope;
        a = where(logical_and(newton >= low, newton <= high), newton, (low + high) * 0.5);
        if (done) break;
    }
    return a;
}

struct PlanarRoot {
    static constexpr const char* name = "planar_root";
    using saves = SaveInputsAndOutput<1, 2>;
    Tensor forward(const Tensor& c, const Tensor& m, const Tensor& b) const {
        return to(solve_planar(to(c, f64), to(m, f64), to(b, f64)), c.dtype());
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor m = context.input(1), h = tanh(context.output() + context.input(2));
        const Tensor pull = m * (1.0 - square(h)), da = g / (1.0 + pull);
        if (context.needs(0)) out[0] = da;
        if (context.needs(1)) out[1] = -da * h;
        if (context.needs(2)) out[2] = -da * pull;
    }
};

Tensor project(const PlanarMap& f, const Tensor& z) {
    return f.w.rank() == 1 ? matmul(z, f.w) : sum(z * f.w, {1});
}
Tensor displaced(const PlanarMap& f, const Tensor& z, const Tensor& h) {
    return addcmul(z, unsqueeze(h, 1), f.u_hat);
}

}  // namespace

PlanarMap constrain_planar(const Tensor& w, const Tensor& u, const Tensor& b) {
    const Tensor wu = sum(w * u, {-1}), squared = sum(square(w), {-1}), guarded = squared + kTiny;
    const Tensor m = softplus(wu) + (margin(w.dtype()) - 1.0);
    return {w, addcmul(u, unsqueeze((m - wu) / guarded, -1), w), b, m * (squared / guarded)};
}

Tensor planar_activation(const PlanarMap& f, const Tensor& z) { return tanh(project(f, z) + f.b); }

Tensor planar_root(const Tensor& c, const Tensor& m, const Tensor& b) {
    check(c.defined() && m.defined() && b.defined() && is_floating(c.dtype()), "planar_root",
          "needs three floating tensors");
    return apply(PlanarRoot{}, c, expand(m, c.shape()), expand(b, c.shape()));
}

Planar::Planar(std::int64_t dim, Generator& generator, std::int64_t context)
    : dim_(dim), context_(context) {
    check(dim >= 1, "planar", "needs at least one dimension; got ", dim);
    if (context > 0) {
        head_ = amortised_head(context, 2 * dim + 1, generator);
        begin_as_identity();
        add("head", *head_);
        return;
    }
    w = empty({dim});
    u = empty({dim});
    b = zeros({});
    nn::init::uniform_(w, -0.1, 0.1, generator);
    nn::init::uniform_(u, -0.1, 0.1, generator);
    add_parameter("w", w);
    add_parameter("u", u);
    add_parameter("b", b);
}

void Planar::begin_as_identity() {
    const NoGrad guard;
    nn::init::zeros_(head_->weight);
    Tensor w0 = narrow(head_->bias, 0, 0, dim_), u0 = narrow(head_->bias, 0, dim_, dim_);
    w0.copy_(w0 / norm(w0));
    u0.copy_(std::log(std::numbers::e - 1) * w0);
    head_->bias.copy_(head_->bias / kHeadGain);
}

PlanarMap Planar::parameters_for(const Tensor& z, const Tensor& context) {
    check_vectors("planar", z, dim_);
    check_context("planar", z, context, context_);
    if (!head_) return constrain_planar(w, u, b);
    const Tensor all = kHeadGain * (*head_)(context);  // [B, 2 D + 1]
    return constrain_planar(narrow(all, 1, 0, dim_), narrow(all, 1, dim_, dim_),
                            select(all, 1, 2 * dim_));
}

Transformed Planar::transform(const Tensor& z, const Tensor& context) {
    const PlanarMap f = parameters_for(z, context);
    const Tensor h = planar_activation(f, z);
    return {displaced(f, z, h), planar_log_det(h, f.m)};
}

Tensor Planar::map(const Tensor& z, const Tensor& context) {
    const PlanarMap f = parameters_for(z, context);
    return displaced(f, z, planar_activation(f, z));
}

Transformed Planar::inverse(const Tensor& z, const Tensor& context) {
    const PlanarMap f = parameters_for(z, context);
    const Tensor h = tanh(planar_root(project(f, z), f.m, f.b) + f.b);
    return {displaced(f, z, -h), -planar_log_det(h, f.m)};
}

}  // namespace eps::models::flow
