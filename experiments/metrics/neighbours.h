#pragma once
// The nearest neighbours of points in another set, or in their own.
#include <cstdint>

#include "models/distributions/pairwise_distances.h"

namespace eps::metrics {

struct Neighbours {
    Tensor squared;  // f64 [n, k]: squared distances, ascending
    Tensor indices;  // i64 [n, k]: rows of y; ties are in the order of rows
};
/// The k rows of y nearest to each row of x. Throws if y has fewer.
Neighbours nearest(const Tensor& x, const Tensor& y, std::int64_t k);
/// The k rows of x nearest to each row of x, excluding the row itself. Throws if x has fewer.
Neighbours nearest_others(const Tensor& x, std::int64_t k);

}  // namespace eps::metrics
