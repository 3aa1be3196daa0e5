#include "experiments/ddpm/estimates.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/shape.h"
#include "models/ddpm/objective.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kAtOnce = 128;

// Example number `row` at time t.
struct Query {
    std::int64_t row, t;
};
using Queries = std::vector<Query>;
// One value for each query of a block, in order.
using Term = std::function<Tensor(const Denoiser& denoiser, const Tensor& x0, const Tensor& t)>;

std::vector<double> evaluate(EvaluationModel& model, const Minibatch& examples,
                             const Queries& queries, const Term& term) {
    const nn::Evaluation scope = model.evaluation();
    const auto on_device = [&](const Tensor& x) { return to(x, model.device()); };
    std::vector<double> values;
    for (std::size_t start = 0; start < queries.size(); start += kAtOnce) {
        const std::size_t count = std::min<std::size_t>(kAtOnce, queries.size() - start);
        Tensor rows = empty({static_cast<std::int64_t>(count)}, {.dtype = i64});
        Tensor t = empty_like(rows);
        for (std::size_t i = 0; i < count; ++i) {
            rows.data<std::int64_t>()[i] = queries[start + i].row;
            t.data<std::int64_t>()[i] = queries[start + i].t;
        }
        const Tensor x0 = on_device(index_select(examples.x, 0, rows));
        const Tensor classes =
            examples.y.defined() ? on_device(index_select(examples.y, 0, rows)) : Tensor();
        const Tensor block = term(model.denoiser(classes), x0, on_device(t));
        for (const double value : block.to_vector()) values.push_back(value);
    }
    return values;
}

BoundEstimate::Term mean_of(const double* values, std::size_t count) {
    Estimate estimate;
    estimate.add(tensor(std::vector<double>(values, values + count),
                        {static_cast<std::int64_t>(count)}, {.dtype = f64}));
    return {estimate.mean(), estimate.standard_error()};
}

}  // namespace

BoundEstimate::Term BoundEstimate::total() const {
    return {l_T.mean + l_mid.mean + l_0.mean,
            std::sqrt(l_T.se * l_T.se + l_mid.se * l_mid.se + l_0.se * l_0.se)};
}

BoundEstimate estimate_bound(EvaluationModel& model, const Minibatch& examples,
                             Generator& generator) {
    const std::int64_t n = examples.x.size(0), steps = model.schedule().steps();
    const Term bound = [&](const Denoiser& denoiser, const Tensor& x0, const Tensor& t) {
        const Tensor xt =
            diffuse(model.schedule(), x0, t, randn(x0.shape(), x0.options(), generator));
        const Normal p = reverse(model.schedule(), denoiser, xt, t, model.loss().variance);
        return bound_term(model.schedule(), p, x0, xt, t, model.loss().decoder);
    };
    BoundEstimate estimate;
    Queries queries;
    for (std::int64_t row = 0; row < n; ++row) queries.push_back({row, 1});
    const std::vector<double> prior = bound_prior(model.schedule(), examples.x).to_vector();
    const std::vector<double> last = evaluate(model, examples, queries, bound);
    estimate.l_T = mean_of(prior.data(), prior.size());
    estimate.l_0 = mean_of(last.data(), last.size());

    const std::int64_t each = std::max<std::int64_t>(1, n / std::max<std::int64_t>(1, steps - 1));
    queries.clear();
    for (std::int64_t i = 0; i < each * (steps - 1); ++i) queries.push_back({i % n, 2 + i / each});
    const std::vector<double> values = evaluate(model, examples, queries, bound);
    // One value does not show the variance of its step, so steps with a single value are grouped
    // with a neighbour, whose term differs little.
    const std::size_t group = static_cast<std::size_t>(std::max<std::int64_t>(each, 2));
    double variance = 0;
    for (std::size_t start = 0; start < values.size(); start += group) {
        const std::size_t count = std::min(group, values.size() - start);
        const BoundEstimate::Term mean = mean_of(values.data() + start, count);
        // steps in this group
        const double share = static_cast<double>(count) / static_cast<double>(each);
        estimate.l_mid.mean += share * mean.mean;
        variance += share * share * mean.se * mean.se;
    }
    estimate.l_mid.se = std::sqrt(variance);
    return estimate;
}

std::vector<double> loss_by_time(EvaluationModel& model, const Minibatch& examples,
                                 const std::vector<std::int64_t>& times, Generator& generator) {
    const std::int64_t n = examples.x.size(0);
    Queries queries;
    for (const std::int64_t t : times)
        for (std::int64_t row = 0; row < n; ++row) queries.push_back({row, t});
    const LossOptions simple{.name = "simple"};
    const std::vector<double> values = evaluate(
        model, examples, queries, [&](const Denoiser& denoiser, const Tensor& x0, const Tensor& t) {
            return training_loss(model.schedule(), denoiser, x0, t,
                                 randn(x0.shape(), x0.options(), generator), simple);
        });
    std::vector<double> means(times.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        means[i / static_cast<std::size_t>(n)] += values[i] / static_cast<double>(n);
    return means;
}

}  // namespace eps::models::ddpm
