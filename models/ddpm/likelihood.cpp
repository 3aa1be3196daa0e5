#include "models/ddpm/likelihood.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

// The time t for each sample of x: i64 [B]
Tensor whole(const Tensor& x, std::int64_t t) {
    return full({x.size(0)}, static_cast<double>(t), {i64, x.device()});
}

// The bound from its terms, term(t) for t = 1 .. T.
template <class Term> Bound collect(const Schedule& schedule, const Tensor& x0, const Term& term) {
    Bound bound{.l_T = bound_prior(schedule, x0), .l_mid = {}, .l_0 = term(1)};
    for (std::int64_t t = 2; t <= schedule.steps(); ++t) bound.l_mid.push_back(term(t));
    return bound;
}

// The bound's term for one t, at x_t = diffuse(x0, t, noise).
Tensor term_at(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0, std::int64_t t,
               const Tensor& noise, Variance variance, Decoder decoder) {
    const Tensor time = whole(x0, t), xt = diffuse(schedule, x0, time, noise);
    return bound_term(schedule, reverse(schedule, denoiser, xt, time, variance), x0, xt, time,
                      decoder);
}

void check_trajectory(const Schedule& schedule, const std::vector<Tensor>& trajectory) {
    check(static_cast<std::int64_t>(trajectory.size()) == schedule.steps() + 1, "ddpm",
          "a trajectory is x_0 .. x_T; got ", trajectory.size(), " states; expected ",
          schedule.steps() + 1);
}

}  // namespace

Tensor reverse_log_prob(const Schedule& schedule, const Denoiser& denoiser,
                        const std::vector<Tensor>& trajectory, Variance variance) {
    check_trajectory(schedule, trajectory);
    Tensor total = Normal::standard(trajectory.back()).log_prob(trajectory.back());
    for (std::size_t t = 1; t < trajectory.size(); ++t) {
        const Tensor& xt = trajectory[t];
        total = total +
                reverse(schedule, denoiser, xt, whole(xt, static_cast<std::int64_t>(t)), variance)
                    .log_prob(trajectory[t - 1]);
    }
    return total;
}

Tensor forward_log_prob(const Schedule& schedule, const std::vector<Tensor>& trajectory) {
    check_trajectory(schedule, trajectory);
    Tensor total = zeros({trajectory[0].size(0)}, trajectory[0].options());
    for (std::size_t t = 1; t < trajectory.size(); ++t)
        total = total + forward_step(schedule, trajectory[t - 1],
                                     whole(trajectory[t], static_cast<std::int64_t>(t)))
                            .log_prob(trajectory[t]);
    return total;
}

std::vector<Tensor> draw_trajectory(const Schedule& schedule, const Tensor& x0,
                                    Generator& generator) {
    std::vector<Tensor> states{x0};
    for (std::int64_t t = 1; t <= schedule.steps(); ++t) {
        states.push_back(forward_step(schedule, states.back(), whole(x0, t)).sample(generator));
    }
    return states;
}

Tensor Bound::total() const {
    Tensor sum = l_T + l_0;
    for (const Tensor& term : l_mid) sum = sum + term;
    return sum;
}

Bound variational_bound(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                        Variance variance, Decoder decoder, Generator& generator) {
    NoGrad guard;
    return collect(schedule, x0, [&](std::int64_t t) {
        return term_at(schedule, denoiser, x0, t, randn(x0.shape(), x0.options(), generator),
                       variance, decoder);
    });
}

Bound expected_bound(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                     Variance variance, Decoder decoder, std::int64_t nodes) {
    check(x0.defined() && x0.rank() == 2 && x0.size(1) == 1 && x0.dtype() == f64, "expected_bound",
          "needs one number a sample, f64 [B, 1]; got ", describe(x0));
    NoGrad guard;
    const Quadrature rule = gauss_hermite(nodes);
    const std::int64_t count = x0.size(0);
    const Tensor repeated =
        reshape(expand(unsqueeze(x0, 1), {count, nodes, 1}), {count * nodes, 1});
    const Tensor noise = reshape(expand(rule.nodes, {count, nodes}), {count * nodes, 1});
    return collect(schedule, x0, [&](std::int64_t t) {
        return sum(reshape(term_at(schedule, denoiser, repeated, t, noise, variance, decoder),
                           {count, nodes}) *
                       rule.weights,
                   {1});
    });
}

Quadrature gauss_hermite(std::int64_t count) {
    check(count >= 1, "gauss_hermite", "needs a node at least; got ", count);
    // The Hermite polynomials satisfy z h_k = sqrt(k + 1) h_{k+1} + sqrt(k) h_{k-1}: the nodes are
    // the eigenvalues of that matrix.
    std::vector<double> jacobi(static_cast<std::size_t>(count * count));
    for (std::int64_t k = 1; k < count; ++k)
        jacobi[static_cast<std::size_t>(k * count + k - 1)] =
            jacobi[static_cast<std::size_t>((k - 1) * count + k)] =
                std::sqrt(static_cast<double>(k));
    const auto [values, vectors] = eigh(tensor(jacobi, {count, count}, {.dtype = f64}));
    return {values, square(select(vectors, 0, 0))};
}

namespace {

// dx/du, u = log alpha_bar (the formula is Ode's in samplers.cpp), and the trace of its Jacobian.
struct Velocity {
    Tensor value, trace;
};

Velocity velocity_at(const Schedule& schedule, const Denoiser& denoiser, double t, const Tensor& x,
                     const std::vector<Tensor>& probes) {
    GradMode record(true);
    Tensor at = detach(x);
    at.requires_grad_();
    const Tensor velocity =
        (at - predict(schedule, denoiser, t, at).noise / std::sqrt(schedule.noise_variance_at(t))) *
        0.5;
    const Tensor flat = reshape(velocity, {x.size(0), -1});  // [B, D]
    Tensor trace = zeros({x.size(0)}, x.options());
    const auto pull_back = [&](const Tensor& output) {
        return reshape(grad(sum(output), {at}, {.retain_graph = true})[0], flat.shape());
    };
    if (probes.empty())
        for (std::int64_t d = 0; d < flat.size(1); ++d)
            trace = trace + select(pull_back(select(flat, 1, d)), 1, d);
    for (const Tensor& probe : probes)
        trace =
            trace + sum(pull_back(flat * probe) * probe, {1}) / static_cast<double>(probes.size());
    return {detach(velocity), detach(trace)};
}

}  // namespace

Tensor ode_log_likelihood(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                          std::int64_t steps, std::int64_t probes, Generator& generator) {
    check(x0.defined() && x0.rank() >= 1 && (x0.dtype() == f32 || x0.dtype() == f64),
          "ode_log_likelihood", "needs data [B, ..], f32 or f64; got ", describe(x0));
    check(probes >= 0, "ode_log_likelihood", "negative number of probes; got ", probes);
    // T .. 1
    const std::vector<double> times =
        make_sampler(schedule, {.name = "heun", .steps = steps})->times();
    std::vector<Tensor> signs;
    for (std::int64_t i = 0; i < probes; ++i)
        signs.push_back(bernoulli(0.5,
                                  {x0.size(0), x0.numel() / std::max<std::int64_t>(x0.size(0), 1)},
                                  x0.options(), generator) *
                            2.0 -
                        1.0);
    // The score at t = 0 is unknown; on the short stride from there to t = 1, that of t = 1 stands
    // in.
    double t = times.back(), u = std::log(schedule.alpha_bar_at(t));
    Velocity here = velocity_at(schedule, denoiser, t, x0, signs);
    Tensor x = x0 + here.value * u, gained = here.trace * u;
    for (std::size_t i = times.size() - 1; i-- > 0;) {
        const double du = std::log(schedule.alpha_bar_at(times[i])) - u;
        here = velocity_at(schedule, denoiser, t, x, signs);
        const Velocity there =
            velocity_at(schedule, denoiser, times[i], x + here.value * du, signs);
        x = x + (here.value + there.value) * (0.5 * du);
        gained = gained + (here.trace + there.trace) * (0.5 * du);
        t = times[i];
        u += du;
    }
    return Normal::standard(x).log_prob(x) + gained;
}

}  // namespace eps::models::ddpm
