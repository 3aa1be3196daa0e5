#include "models/flow/flow_matching.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "autograd/engine.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/join.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr std::int64_t kOctaves = 4;

// t, sin and cos of 2 pi 2^k t: [B] -> [B, 1 + 2 kOctaves]
Tensor features_of(const Tensor& t) {
    std::vector<Tensor> features{t};
    for (std::int64_t k = 0; k < kOctaves; ++k) {
        const Tensor angle = t * (2 * std::numbers::pi * static_cast<double>(std::int64_t{1} << k));
        features.push_back(sin(angle));
        features.push_back(cos(angle));
    }
    return stack(features, 1);
}

void check_pair(const char* op, const Tensor& x0, const Tensor& x1) {
    check(x0.defined() && x1.defined() && x0.rank() == 2 && x0.shape() == x1.shape() && is_floating(x0.dtype()) && x0.dtype() == x1.dtype(), op,
          "needs noise and data [B, D] of one shape and floating dtype");
}

// |a_i - b_j|^2, row i column j, in f64.
std::vector<double> squared_distances(const Tensor& a, const Tensor& b) {
    const Tensor x = cast_data(a, f64), y = cast_data(b, f64);
    return (unsqueeze(sum(square(x), {1}), 1) + sum(square(y), {1}) - 2.0 * matmul(x, transpose(y))).to_vector();
}

// The column of each row in the assignment of least cost [n, n]. Row by row, the shortest augmenting path by Dijkstra's algorithm, with costs that the
// prices of rows and columns keep non-negative. Column 0 stands for "none" and others count from 1.
std::vector<std::size_t> assignment(const std::vector<double>& cost, std::size_t n) {
    constexpr double far = std::numeric_limits<double>::infinity();
    std::vector<double> row_price(n + 1), column_price(n + 1);
    std::vector<std::size_t> row_of(n + 1), came_from(n + 1);
    for (std::size_t row = 1; row <= n; ++row) {
        std::vector<double> distance(n + 1, far);
        std::vector<bool> done(n + 1);
        std::size_t column = 0;
        row_of[0] = row;
        while (row_of[column] != 0) {
            done[column] = true;
            const std::size_t here = row_of[column];
            std::size_t nearest = 0;
            double step = far;
            for (std::size_t j = 1; j <= n; ++j) {
                if (done[j]) continue;
                const double reduced = cost[(here - 1) * n + j - 1] - row_price[here] - column_price[j];
                if (reduced < distance[j]) {
                    distance[j] = reduced;
                    came_from[j] = column;
                }
                if (distance[j] < step) {
                    step = distance[j];
                    nearest = j;
                }
            }
            for (std::size_t j = 0; j <= n; ++j) {
                if (done[j]) {
                    row_price[row_of[j]] += step;
                    column_price[j] -= step;
                } else {
                    distance[j] -= step;
                }
            }
            column = nearest;
        }
        for (; column != 0; column = came_from[column]) row_of[column] = row_of[came_from[column]];
    }
    std::vector<std::size_t> column_of(n);
    for (std::size_t j = 1; j <= n; ++j) column_of[row_of[j] - 1] = j - 1;
    return column_of;
}

// v and the trace of dv/dx, [B, D] and [B]. Where nothing is recorded outside, only what the trace needs is.
Mapped velocity_with_trace(Velocity& velocity, const Tensor& x, const Tensor& t) {
    const bool record = grad_enabled();
    const GradMode on(true);
    const Tensor at = record && x.requires_grad() ? x : detach(x).requires_grad_();
    const Tensor v = velocity(at, t);
    Tensor trace = zeros({x.size(0)}, x.options());
    for (std::int64_t i = 0; i < x.size(1); ++i) {
        const Tensor row = grad(sum(select(v, 1, i)), {at}, {.create_graph = record, .retain_graph = true, .allow_unused = true})[0];
        if (row.defined()) trace = trace + select(row, 1, i);
    }
    return record ? Mapped{v, trace} : Mapped{detach(v), detach(trace)};
}

Tensor times(const Tensor& x, double t) { return full({x.size(0)}, t, x.options()); }

}  // namespace

VelocityMlp::VelocityMlp(std::int64_t dim, std::int64_t width, std::int64_t hidden, Generator& generator) : dim_(dim) {
    check(dim >= 1 && width >= 1 && hidden >= 1, "velocity", "needs positive numbers; got dim ", dim, ", width ", width, ", hidden layers ", hidden);
    const nn::LinearOptions options{.generator = &generator};
    for (std::int64_t i = 0; i < hidden; ++i) net_.add<nn::Linear>(i == 0 ? dim + 1 + 2 * kOctaves : width, width, options).add<nn::SiLU>();
    net_.add<nn::Linear>(width, dim, options);
    add("net", net_);
}

Tensor VelocityMlp::operator()(const Tensor& x, const Tensor& t) {
    check_points("velocity", x, dim_);
    check(t.defined() && t.shape() == Shape{x.size(0)}, "velocity", "expected times [", x.size(0), "]; got ", t.defined() ? t.shape().to_string() : "none");
    return net_(concat({x, features_of(t)}, 1));
}

Tensor flow_matching_loss(Velocity& velocity, const Tensor& x0, const Tensor& x1, const Tensor& t, double sigma_min) {
    check_pair("flow_matching_loss", x0, x1);
    check(t.defined() && t.shape() == Shape{x0.size(0)}, "flow_matching_loss", "expected times [", x0.size(0), "]; got ",
          t.defined() ? t.shape().to_string() : "none");
    check(sigma_min >= 0 && sigma_min < 1, "flow_matching_loss", "sigma_min must be in [0, 1); got ", sigma_min);
    const Tensor start = (1 - sigma_min) * x0, time = unsqueeze(t, 1);
    const Tensor x_t = x0 + time * (x1 - start);
    return mean(squared_error(velocity(x_t, t), x1 - start), {1});
}

Tensor transport_order(const Tensor& x0, const Tensor& x1) {
    check_pair("transport_order", x0, x1);
    const NoGrad guard;
    const std::vector<double> cost = squared_distances(x1, x0);
    for (double c : cost) check(std::isfinite(c), "transport_order", "a distance is not finite");
    const std::vector<std::size_t> columns = assignment(cost, static_cast<std::size_t>(x0.size(0)));
    return tensor(std::vector<double>(columns.begin(), columns.end()), {x0.size(0)}, {i64, x0.device()});
}

ContinuousFlow::ContinuousFlow(std::unique_ptr<Velocity> velocity, const OdeOptions& options_) : options(options_), velocity_(std::move(velocity)) {
    check(velocity_ != nullptr, "continuous flow", "needs a velocity");
    add("velocity", *velocity_);
}

// The state is x with the log-determinant behind it: [B, D + 1].
Mapped ContinuousFlow::with_trace(const Tensor& z, double start, double end) {
    check(z.defined() && z.rank() == 2 && is_floating(z.dtype()), "continuous flow", "got ", z.defined() ? describe(z).to_string() : "an undefined tensor",
          "; expected points [B, D]");
    const std::int64_t D = z.size(1);
    const OdeField field = [&](double t, const Tensor& state) {
        const Mapped rate = velocity_with_trace(*velocity_, narrow(state, 1, 0, D), times(z, t));
        return concat({rate.z, unsqueeze(rate.log_det, 1)}, 1);
    };
    const OdeSolution solution = solve_ode(field, concat({z, zeros({z.size(0), 1}, z.options())}, 1), start, end, options);
    evaluations_ = solution.evaluations;
    return {narrow(solution.y, 1, 0, D), select(solution.y, 1, D)};
}

Mapped ContinuousFlow::transform(const Tensor& z, const Tensor&) { return with_trace(z, 0, 1); }
Mapped ContinuousFlow::inverse(const Tensor& x, const Tensor&) { return with_trace(x, 1, 0); }

Tensor ContinuousFlow::map(const Tensor& z, const Tensor&) {
    const OdeSolution solution = solve_ode([&](double t, const Tensor& x) { return (*velocity_)(x, times(x, t)); }, z, 0, 1, options);
    evaluations_ = solution.evaluations;
    return solution.y;
}

}  // namespace eps::models::flow
