#include "experiments/metrics/prdc.h"

#include <algorithm>
#include <vector>

#include "autograd/ops/elementwise/cast.h"
#include "experiments/metrics/neighbours.h"
#include "models/distributions/estimate.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::metrics {
namespace {

struct Counts {
    std::vector<double> held;            // [M]: how many balls of data hold the sample
    std::vector<std::uint8_t> covered;   // [N]: whether the point's ball holds a sample
    std::vector<std::uint8_t> recalled;  // [N]: whether the point lies in a ball of samples
};

// The squared distance of each point to its k-th neighbour.
std::vector<double> squared_radii(const Tensor& points, std::int64_t k) {
    const std::vector<double> squared = nearest_others(points, k).squared.to_vector();
    std::vector<double> radii(static_cast<std::size_t>(points.size(0)));
    for (std::size_t i = 0; i < radii.size(); ++i)
        radii[i] = squared[(i + 1) * static_cast<std::size_t>(k) - 1];
    return radii;
}

Counts count_in_balls(const Tensor& data, const Tensor& samples, std::int64_t k) {
    const std::vector<double> data_radii = squared_radii(data, k);
    const std::vector<double> sample_radii = squared_radii(samples, k);
    Counts counts{.held = std::vector<double>(sample_radii.size()),
                  .covered = std::vector<std::uint8_t>(data_radii.size()),
                  .recalled = std::vector<std::uint8_t>(data_radii.size())};
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

template <class Values> Measured share_of_positive(const Values& values) {
    const auto hits = std::count_if(values.begin(), values.end(), [](auto v) { return v > 0; });
    return share_of(static_cast<double>(hits), static_cast<double>(values.size()));
}

}  // namespace

Prdc prdc(const Tensor& data, const Tensor& samples, std::int64_t k) {
    check(k >= 1, "prdc", "k must be positive; got ", k);
    models::check_points(data, samples, "prdc", k + 1);
    const Counts counts = count_in_balls(to(data, f64), to(samples, f64), k);
    models::Estimate held;
    held.add(tensor(counts.held, {}, {.dtype = f64}));
    const auto balls = static_cast<double>(k);
    return {.precision = share_of_positive(counts.held),
            .recall = share_of_positive(counts.recalled),
            .density = {held.mean() / balls, held.standard_error() / balls},
            .coverage = share_of_positive(counts.covered)};
}

}  // namespace eps::metrics
