#pragma once
// The nearest points of another set, or of the same one.
#include <cstdint>

#include "models/distributions/pairwise_distances.h"

namespace eps::metrics {

struct Neighbours {
    Tensor squared;  // f64 [n, k]: distances, squared, ascending
    Tensor indices;  // i64 [n, k]: rows of y; of equal distances the earlier row comes first
};
/// The k rows of y nearest to each row of x. Throws if y has fewer.
Neighbours nearest(const Tensor& x, const Tensor& y, std::int64_t k);
/// The k rows of x nearest to each row of x, itself left out.
Neighbours nearest_others(const Tensor& x, std::int64_t k);

}  // namespace eps::metrics
