#include "experiments/metrics/modes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "experiments/metrics/neighbours.h"
#include "tensor/create.h"

namespace eps::metrics {
namespace {

constexpr const char* kOp = "mode_coverage";

struct Nearest {
    std::size_t mode = 0;
    double squared = std::numeric_limits<double>::infinity();
};

Nearest nearest_mode(const double* x, const std::vector<double>& modes, std::size_t dim) {
    Nearest best;
    for (std::size_t k = 0; k * dim < modes.size(); ++k) {
        double squared = 0;
        for (std::size_t d = 0; d < dim; ++d)
            squared += (x[d] - modes[k * dim + d]) * (x[d] - modes[k * dim + d]);
        if (squared < best.squared) best = {k, squared};
    }
    return best;
}

void check_samples(const Tensor& samples, const Tensor& modes, const char* op, std::int64_t least) {
    models::check_points(modes, op);
    check(samples.defined() && is_floating(samples.dtype()) && samples.rank() == 2 &&
              samples.size(1) == modes.size(1) && samples.size(0) >= least,
          op, "samples do not fit the modes; got ", describe(samples), " and ", describe(modes),
          "; expected [n, ", modes.size(1), "], n >= ", least);
}

}  // namespace

Tensor nearest_mode(const Tensor& samples, const Tensor& modes) {
    check_samples(samples, modes, "nearest_mode", 0);
    const std::vector<double> x = samples.to_vector(), centres = modes.to_vector();
    const std::size_t dim = static_cast<std::size_t>(modes.size(1));
    Tensor nearest = empty({samples.size(0)}, {.dtype = i64});
    for (std::size_t i = 0; i * dim < x.size(); ++i)
        nearest.data<std::int64_t>()[i] =
            static_cast<std::int64_t>(nearest_mode(x.data() + i * dim, centres, dim).mode);
    return nearest;
}

ModeCoverage mode_coverage(const Tensor& samples, const Tensor& modes, double sigma) {
    check_samples(samples, modes, kOp, 1);
    check(sigma > 0, kOp, "sigma must be positive; got ", sigma);
    const std::vector<double> x = samples.to_vector(), centres = modes.to_vector();
    const std::size_t dim = static_cast<std::size_t>(modes.size(1)), n = x.size() / dim;
    std::vector<std::int64_t> counts(centres.size() / dim);
    std::int64_t good = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const Nearest nearest = nearest_mode(&x[i * dim], centres, dim);
        if (!(nearest.squared <= 9 * sigma * sigma)) continue;
        ++counts[nearest.mode];
        ++good;
    }
    const auto c = static_cast<double>(good), of = static_cast<double>(counts.size());
    ModeCoverage result;
    result.of = std::ssize(counts);
    result.modes = result.of - std::count(counts.begin(), counts.end(), 0);
    result.high_quality = share_of(c, static_cast<double>(n));
    if (good == 0) {
        result.reverse_kl.value = std::log(of);
        return result;
    }
    double kl = 0, squares = 0;
    for (const std::int64_t count : counts) {
        if (count == 0) continue;
        const double p = static_cast<double>(count) / c, surprise = std::log(of * p);
        kl += p * surprise;
        squares += p * surprise * surprise;
    }
    result.reverse_kl = {kl, std::sqrt(std::max(0.0, squares - kl * kl) / c)};
    return result;
}

}  // namespace eps::metrics
