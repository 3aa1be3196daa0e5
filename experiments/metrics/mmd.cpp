#include "experiments/metrics/mmd.h"

#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/metrics/neighbours.h"
#include "tensor/create.h"

namespace eps::metrics {
namespace {

constexpr const char* kOp = "mmd";

Tensor kernel(const Tensor& squared, const std::vector<double>& bandwidths) {
    Tensor total;
    for (const double s : bandwidths) {
        const Tensor term = exp(squared * (-1 / (2 * s * s)));
        total = total.defined() ? total + term : term;
    }
    return total / static_cast<double>(bandwidths.size());
}

// Columns of 0 and 1 over the n + m points: first x itself, then `permutations` random sets of n.
Tensor memberships(std::int64_t n, std::int64_t m, std::int64_t permutations,
                   Generator& generator) {
    const std::int64_t columns = 1 + permutations;
    Tensor members = zeros({n + m, columns}, {.dtype = f64});
    double* const values = members.data<double>();
    for (std::int64_t i = 0; i < n; ++i) values[i * columns] = 1;
    for (std::int64_t c = 1; c < columns; ++c) {
        const Tensor order = randperm(n + m, generator);
        for (std::int64_t i = 0; i < n; ++i)
            values[order.data<std::int64_t>()[i] * columns + c] = 1;
    }
    return members;
}

double variance(const Tensor& values) { return var(values).item(); }

}  // namespace

Mmd mmd(const Tensor& x, const Tensor& y, const MmdOptions& options, Generator& generator) {
    models::check_points(x, y, kOp, 2);
    check(!options.bandwidths.empty() &&
              *std::min_element(options.bandwidths.begin(), options.bandwidths.end()) > 0,
          kOp,
          "needs positive bandwidths; hint: multiples of median_distance(data), which is 0 if "
          "most points are equal");
    check(options.permutations >= 0, kOp, "negative number of permutations; got ",
          options.permutations);
    NoGrad guard;
    const std::int64_t n = x.size(0), m = y.size(0);
    const auto count_x = static_cast<double>(n), count_y = static_cast<double>(m);
    const Tensor points = concat({to(x, f64), to(y, f64)});  // [n + m, D]
    const Tensor members =
        memberships(n, m, options.permutations, generator);  // [n + m, 1 + permutations]
    // One pass over the kernel matrix K, which is never stored. With a column a of 0 and 1, sums
    // over pairs are a^T K a (within), a^T K 1 (across) and 1^T K 1.
    Tensor within = zeros({members.size(1)}, {.dtype = f64}), across = within;
    std::vector<Tensor> to_x, to_all;  // K a for the given labels, and K 1
    models::for_distances(points, points, [&](std::int64_t first, const Tensor& squared) {
        const Tensor k = kernel(squared, options.bandwidths);
        const Tensor sums = matmul(k, members), row_sums = sum(k, {1}, true);
        const Tensor mine = narrow(members, 0, first, k.size(0));
        within = within + sum(mine * sums, {0});
        across = across + sum(mine * row_sums, {0});
        to_x.push_back(select(sums, 1, 0));
        to_all.push_back(squeeze(row_sums, 1));
    });
    const Tensor x_sums = concat(to_x), y_sums = concat(to_all) - x_sums;  // [n + m]
    const double all = sum(x_sums + y_sums).item();
    const Tensor between = across - within;        // pairs of x and y
    const Tensor others = all - across - between;  // pairs of y and y
    // The diagonal, k(a, a) = 1, is not part of the unbiased estimate.
    const std::vector<double> values =
        ((within - count_x) / (count_x * (count_x - 1)) +
         (others - count_y) / (count_y * (count_y - 1)) - between * (2 / (count_x * count_y)))
            .to_vector();
    Mmd result;
    result.squared.value = values[0];
    // The estimate is the mean over x, minus the mean over y, of the witness function
    // E k(., x) - E k(., y).
    const Tensor at_x =
        (narrow(x_sums, 0, 0, n) - 1) / (count_x - 1) - narrow(y_sums, 0, 0, n) / count_y;
    const Tensor at_y =
        narrow(x_sums, 0, n, m) / count_x - (narrow(y_sums, 0, n, m) - 1) / (count_y - 1);
    result.squared.se = 2 * std::sqrt(variance(at_x) / count_x + variance(at_y) / count_y);
    const auto reached =
        std::count_if(values.begin(), values.end(), [&](double v) { return v >= values[0]; });
    result.p = static_cast<double>(reached) / static_cast<double>(values.size());
    return result;
}

double median_distance(const Tensor& x) {
    models::check_points(x, "median_distance", 2);
    const Tensor rows = narrow(to(x, f64), 0, 0, std::min<std::int64_t>(x.size(0), 1000));
    std::vector<double> squared;
    models::for_distances(rows, rows, [&](std::int64_t first, const Tensor& block) {
        const double* const values = block.data<double>();
        for (std::int64_t i = 0; i < block.size(0); ++i)
            for (std::int64_t j = first + i + 1; j < block.size(1); ++j)
                squared.push_back(values[i * block.size(1) + j]);
    });
    const auto middle = squared.begin() + static_cast<std::ptrdiff_t>(squared.size() / 2);
    std::nth_element(squared.begin(), middle, squared.end());
    return std::sqrt(*middle);
}

}  // namespace eps::metrics
