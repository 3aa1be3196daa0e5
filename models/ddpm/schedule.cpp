#include "models/ddpm/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/names.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

Tensor scalar(double value) { return Tensor(value, {.dtype = f64}); }

// betas [T], checked, with beta_0 = 0 in front -> [T + 1]
Tensor with_start(const Tensor& betas) {
    check(betas.defined() && betas.rank() == 1 && is_floating(betas.dtype()) && betas.numel() > 0,
          "Schedule", "needs betas [T], T >= 1; got ", describe(betas));
    const std::vector<double> values = betas.to_vector();
    for (std::size_t i = 0; i < values.size(); ++i)
        check(values[i] > 0 && (values[i] < 1 || (values[i] == 1 && i + 1 == values.size())),
              "Schedule", "beta leaves (0, 1) at step ", i + 1, " of ", values.size(), "; got ",
              values[i]);
    return concat({zeros({1}, {f64, betas.device()}), to(betas, f64)});
}

// sum_{s <= t} alpha_bar_{s-1} beta_s for t = 0 .. T
Tensor accumulated_noise(const Tensor& beta, const Tensor& alpha_bar) {
    const std::int64_t steps = beta.numel() - 1;
    const Tensor added = narrow(alpha_bar, 0, 0, steps) * narrow(beta, 0, 1, steps);
    return concat({zeros({1}, beta.options()), cumsum(added, 0)});
}

}  // namespace

Tensor Coefficients::posterior_variance() const {
    return beta * previous_noise_variance / noise_variance;
}

Schedule::Schedule(const std::vector<double>& betas)
    : Schedule(tensor(betas, {static_cast<std::int64_t>(betas.size())}, {.dtype = f64})) {}

Schedule::Schedule(const Tensor& betas)
    : beta_(with_start(betas)),
      alpha_bar_(cumprod(1.0 - beta_, 0)),
      noise_variance_(accumulated_noise(beta_, alpha_bar_)),
      betas_(beta_.to_vector()),
      alpha_bars_(alpha_bar_.to_vector()),
      noise_variances_(noise_variance_.to_vector()) {}

Schedule Schedule::on(Device device) const {
    Schedule moved = *this;
    moved.beta_ = to(beta_, device);
    moved.alpha_bar_ = to(alpha_bar_, device);
    moved.noise_variance_ = to(noise_variance_, device);
    return moved;
}

std::size_t Schedule::index(std::int64_t t) const {
    check(t >= 0 && t <= steps(), "Schedule", "no such step; got t = ", t, "; expected 0 to ",
          steps());
    return static_cast<std::size_t>(t);
}

double Schedule::posterior_variance(std::int64_t t) const {
    return beta(t) * noise_variance(t - 1) / noise_variance(t);
}

double Schedule::log_snr(std::int64_t t) const {
    return std::log(alpha_bar(t)) - std::log(noise_variance(t));
}

double Schedule::alpha_bar_at(double t) const { return levels_at(t).alpha_bar; }
double Schedule::noise_variance_at(double t) const { return levels_at(t).noise_variance; }

Schedule::Levels Schedule::levels_at(double t) const {
    check(t >= 0 && t <= static_cast<double>(steps()), "Schedule", "no such time; got t = ", t,
          "; expected 0 to ", steps());
    const auto below = static_cast<std::int64_t>(t);
    const double weight = t - static_cast<double>(below);
    if (weight == 0) return {alpha_bar(below), noise_variance(below)};
    if (below == 0 || alpha_bar(below + 1) == 0) {  // a logit is infinite
        const auto between = [&](double a, double b) { return a + weight * (b - a); };
        return {between(alpha_bar(below), alpha_bar(below + 1)),
                between(noise_variance(below), noise_variance(below + 1))};
    }
    const double a = log_snr(below), logit = a + weight * (log_snr(below + 1) - a);
    return {1 / (1 + std::exp(-logit)), 1 / (1 + std::exp(logit))};
}

double Schedule::time_of(double wanted) const {
    std::int64_t low = 1, high = steps();  // logit(low) >= wanted > logit(high)
    if (log_snr(low) <= wanted) return 1;
    if (log_snr(high) >= wanted) return static_cast<double>(high);
    while (high - low > 1) {
        const std::int64_t middle = (low + high) / 2;
        (log_snr(middle) >= wanted ? low : high) = middle;
    }
    const double a = log_snr(low), b = log_snr(high);
    return static_cast<double>(low) + (std::isinf(b) ? 0 : (wanted - a) / (b - a));
}

Coefficients Schedule::at(const Tensor& t, const Tensor& x) const {
    check(t.defined() && t.rank() == 1 && (t.dtype() == i64 || is_floating(t.dtype())), "Schedule",
          "needs times [B], i64 or real; got ", describe(t));
    check(x.defined() && x.rank() >= 1 && x.size(0) == t.size(0), "Schedule",
          "needs one time for each sample; got ", describe(t), " for ", describe(x));
    Shape shape = Shape::filled(x.rank(), 1);
    shape[0] = t.size(0);
    const bool whole = t.dtype() == i64;
    // Integer times on a GPU are checked by the kernel.
    const std::vector<double> times =
        whole && t.device() != cpu ? std::vector<double>() : t.to_vector();
    for (double each : times)
        check(each >= 1 && each <= static_cast<double>(steps()), "Schedule",
              "no such time; got t = ", each, "; expected 1 to ", steps());
    if (whole) {
        const auto pick = [&](const Tensor& table, const Tensor& where) {
            return reshape(index_select(to(table, t.device()), 0, where), shape);
        };
        const Tensor before = t - 1.0;
        return {pick(beta_, t), pick(alpha_bar_, t), pick(alpha_bar_, before),
                pick(noise_variance_, t), pick(noise_variance_, before)};
    }
    const auto make = [&](double earlier, double Levels::*member) {
        std::vector<double> values;
        for (const double each : times) values.push_back(levels_at(each - earlier).*member);
        return to(tensor(values, shape, {.dtype = f64}), x.device());
    };
    const Tensor before = make(1, &Levels::alpha_bar), noise = make(0, &Levels::noise_variance),
                 noise_before = make(1, &Levels::noise_variance);
    return {(noise - noise_before) / before, make(0, &Levels::alpha_bar), before, noise,
            noise_before};
}

Coefficients Schedule::at(double t) const { return between(t, t - 1); }

Coefficients Schedule::between(double t, double s) const {
    check(s < t, "Schedule", "a step goes from t to a smaller s; got t = ", t, ", s = ", s);
    const Levels now = levels_at(t), before = levels_at(s);
    return {scalar((now.noise_variance - before.noise_variance) / before.alpha_bar),
            scalar(now.alpha_bar), scalar(before.alpha_bar), scalar(now.noise_variance),
            scalar(before.noise_variance)};
}

namespace {

using std::numbers::pi;

// f at `steps` evenly spaced points of [0, 1]; f(1) alone for one step.
template <class F> std::vector<double> evenly(std::int64_t steps, const F& f) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < steps; ++i)
        values.push_back(
            f(steps == 1 ? 1 : static_cast<double>(i) / static_cast<double>(steps - 1)));
    return values;
}

// The range of beta, scaled so that alpha_bar_T hardly depends on T.
struct Range {
    double first, last;
    explicit Range(std::int64_t steps)
        : first(1e-4 * 1000 / static_cast<double>(steps)),
          last(0.02 * 1000 / static_cast<double>(steps)) {}
};

std::vector<double> linear(std::int64_t steps) {
    const Range r(steps);
    return evenly(steps, [&](double u) { return r.first + u * (r.last - r.first); });
}
std::vector<double> quadratic(std::int64_t steps) {
    const Range r(steps);
    return evenly(steps, [&](double u) {
        return std::pow(std::sqrt(r.first) + u * (std::sqrt(r.last) - std::sqrt(r.first)), 2);
    });
}
std::vector<double> constant(std::int64_t steps) {
    return evenly(steps, [&](double) { return 10 / static_cast<double>(steps); });
}
std::vector<double> sigmoid_shaped(std::int64_t steps) {
    const Range r(steps);
    return evenly(
        steps, [&](double u) { return r.first + (r.last - r.first) / (1 + std::exp(6 - 12 * u)); });
}
std::vector<double> cosine(std::int64_t steps) {
    constexpr double offset = 0.008;   // keeps beta_1 from being too small
    constexpr double largest = 0.999;  // avoids a singularity at T
    const auto f = [&](std::int64_t t) {
        const double u =
            (static_cast<double>(t) / static_cast<double>(steps) + offset) / (1 + offset);
        return std::pow(std::cos(u * pi / 2), 2);
    };
    std::vector<double> betas;
    for (std::int64_t t = 1; t <= steps; ++t)
        betas.push_back(std::min(1 - f(t) / f(t - 1), largest));
    return betas;
}
std::vector<double> zero_snr(std::int64_t steps) {
    const Schedule before(linear(steps));
    const double first = std::sqrt(before.alpha_bar(1)), last = std::sqrt(before.alpha_bar(steps));
    // sqrt(alpha_bar), shifted to end at 0 and scaled to start where it did
    const auto bar = [&](std::int64_t t) {
        return t == 0
                   ? 1
                   : std::pow((std::sqrt(before.alpha_bar(t)) - last) * first / (first - last), 2);
    };
    std::vector<double> betas;
    for (std::int64_t t = 1; t <= steps; ++t) betas.push_back(1 - bar(t) / bar(t - 1));
    return betas;
}

struct Named {
    const char* name;
    std::vector<double> (*betas)(std::int64_t steps);
};
constexpr Named kSchedules[] = {{"linear", linear},          {"cosine", cosine},
                                {"quadratic", quadratic},    {"constant", constant},
                                {"sigmoid", sigmoid_shaped}, {"zero-snr", zero_snr}};

}  // namespace

Schedule make_schedule(const std::string& name, std::int64_t steps) {
    check(steps >= 1, "make_schedule", "needs a step at least; got ", steps);
    return Schedule(by_name("ddpm", "schedule", kSchedules, name).betas(steps));
}

const std::vector<std::string>& schedule_names() {
    static const std::vector<std::string> names = names_in(kSchedules);
    return names;
}

}  // namespace eps::models::ddpm
