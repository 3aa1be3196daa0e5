#include "experiments/metrics/prdc.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/ops/elementwise/cast.h"
#include "experiments/metrics/neighbours.h"
#include "models/distributions/estimate.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::metrics {
namespace {

struct Counts {
    std::vector<double> held;  // [M]: balls of data that hold the sample
    // [N]: does its ball hold a sample; is it in a ball of samples
    std::vector<std::uint8_t> covered, recalled;
};

// Squared radii, of the k-th neighbours.
std::vector<double> squared_radii(const Tensor& points, std::int64_t k) {
    const std::vector<double> squared = nearest_others(points, k).squared.to_vector();
    std::vector<double> radii(static_cast<std::size_t>(points.size(0)));
    for (std::size_t i = 0; i < radii.size(); ++i)
        radii[i] = squared[(i + 1) * static_cast<std::size_t>(k) - 1];
    return radii;
}

Counts count_in_balls(const Tensor& data, const Tensor& samples, std::int64_t k) {
    const std::vector<double> data_radii = squared_radii(data, k),
                              sample_radii = squared_radii(samples, k);
    Counts counts{std::vector<double>(sample_radii.size()),
                  std::vector<std::uint8_t>(data_radii.size()),
                  std::vector<std::uint8_t>(data_radii.size())};
    models::for_distances(data, samples, [&](std::int64_t first, const Tensor& block) {
        const std::int64_t rows = block.size(0), m = block.size(1);
        const double* const squared = block.data<double>();
        const double* const radii = data_radii.data() + first;
        parallel_for(rows, 8, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                bool covered = false, recalled = false;
                for (std::int64_t j = 0; j < m; ++j) {
                    covered |= squared[i * m + j] < radii[i];
                    recalled |= squared[i * m + j] < sample_radii[static_cast<std::size_t>(j)];
                }
                counts.covered[static_cast<std::size_t>(first + i)] = covered;
                counts.recalled[static_cast<std::size_t>(first + i)] = recalled;
            }
        });
        parallel_for(m, 64, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = 0; i < rows; ++i)
                for (std::int64_t j = begin; j < end; ++j)
                    counts.held[static_cast<std::size_t>(j)] += squared[i * m + j] < radii[i];
        });
    });
    return counts;
}

template <class Values> double share(const Values& values) {
    const auto hits = std::count_if(values.begin(), values.end(), [](auto v) { return v > 0; });
    return static_cast<double>(hits) / static_cast<double>(values.size());
}

double binomial_error(double p, std::size_t n) {
    return std::sqrt(p * (1 - p) / static_cast<double>(n));
}

}  // namespace

Prdc prdc(const Tensor& data, const Tensor& samples, std::int64_t k) {
    check(k >= 1, "prdc", "k must be positive; got ", k);
    models::check_points(data, samples, "prdc", k + 1);
    const Counts counts = count_in_balls(to(data, f64), to(samples, f64), k);
    models::Estimate held;
    held.add(tensor(counts.held, {}, {.dtype = f64}));
    Prdc result{.precision = share(counts.held),
                .recall = share(counts.recalled),
                .density = held.mean() / static_cast<double>(k),
                .coverage = share(counts.covered)};
    result.precision_se = binomial_error(result.precision, counts.held.size());
    result.recall_se = binomial_error(result.recall, counts.recalled.size());
    result.density_se = held.standard_error() / static_cast<double>(k);
    result.coverage_se = binomial_error(result.coverage, counts.covered.size());
    return result;
}

}  // namespace eps::metrics
