// 1 - alpha_bar where alpha_bar is nearly 1, and what is computed from it.
#include <doctest/doctest.h>

#include <cmath>

#include "models/ddpm/process.h"
#include "models/ddpm/schedule.h"
#include "tensor/create.h"

using namespace eps;
using namespace eps::models::ddpm;

namespace {

// v_t = alpha_t v_{t-1} + beta_t in 64 bits of precision
struct Recurrence {
    long double v = 0, previous = 0;
    void next(double beta) {
        previous = v;
        v = (1.0L - beta) * v + beta;
    }
};

// Up to the rounding of some numbers of f64.
bool close(double got, long double expected, std::int64_t roundings = 40) {
    return std::abs(got - expected) <=
           2e-16L * static_cast<long double>(roundings) * std::abs(expected);
}

}  // namespace

TEST_CASE("noise variances and posteriors keep all digits at the first of many steps") {
    for (const char* name : {"linear", "quadratic", "sigmoid", "constant", "cosine"})
        for (const std::int64_t steps : {100, 1000, 4000}) {
            CAPTURE(name);
            const Schedule s = make_schedule(name, steps);
            Recurrence exact;
            for (std::int64_t t = 1; t <= steps; ++t) {
                exact.next(s.beta(t));
                if (t > 100 && t % 97 != 0) continue;
                CAPTURE(t);
                const double at = static_cast<double>(t);
                CHECK(close(s.noise_variance(t), exact.v, 10 + t));
                CHECK(close(s.noise_variance_at(at), exact.v, 10 + t));
                const long double posterior = s.beta(t) * exact.previous / exact.v;
                CHECK(close(s.posterior_variance(t), posterior, 10 + t));
                const Tensor x = zeros({1, 1}, {.dtype = f64});
                const Coefficients whole = s.at(tensor({at}, {1}, {.dtype = i64}), x);
                CHECK(close(whole.posterior_variance().item(), posterior, 10 + t));
                // The factor of x_0 in the posterior mean, eq. 7.
                const Tensor one = ones({1, 1}, {.dtype = f64});
                CHECK(close(
                    posterior_mean(whole, one, x).item(),
                    std::sqrt(static_cast<long double>(s.alpha_bar(t - 1))) * s.beta(t) / exact.v,
                    10 + t));
            }
        }
}

TEST_CASE("between the steps, noise variance and alpha_bar are 1 together, and both increase") {
    const Schedule s = make_schedule("linear", 4000);
    double before = 0;
    for (double t = 0; t <= 20; t += 0.125) {
        CHECK(s.alpha_bar_at(t) + s.noise_variance_at(t) == doctest::Approx(1).epsilon(1e-14));
        CHECK((t == 0 || s.noise_variance_at(t) > before));
        before = s.noise_variance_at(t);
    }
    CHECK(close(s.log_snr(3), std::log(s.alpha_bar(3) / s.noise_variance(3))));
}
