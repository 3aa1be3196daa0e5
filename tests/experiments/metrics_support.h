#pragma once
// Points, distances and repeated trials for the tests of metrics.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/distributions/estimate.h"
#include "tensor/create.h"
#include "tests/golden/metrics_golden.h"

namespace eps::test {

inline constexpr Options kF64{.dtype = f64};

inline Tensor golden_x() { return tensor(golden::metrics::x, {30, 3}, kF64); }
inline Tensor golden_y() { return tensor(golden::metrics::y, {24, 3}, kF64); }

/// The largest |a_i - b_i|.
inline double distance(const Tensor& a, const std::vector<double>& b) {
    const std::vector<double> values = a.to_vector();
    REQUIRE(values.size() == b.size());
    double most = 0;
    for (std::size_t i = 0; i < b.size(); ++i) most = std::max(most, std::abs(values[i] - b[i]));
    return most;
}

/// A mean over independent trials, with its standard error.
struct Trials {
    models::Estimate estimate;
    void add(double value) { estimate.add(tensor({value}, {}, kF64)); }
    bool agrees_with(double expected) const {
        INFO("mean ", estimate.mean(), " +- ", estimate.standard_error(), ", expected ", expected);
        return std::abs(estimate.mean() - expected) <= 4 * estimate.standard_error();
    }
};

}  // namespace eps::test
