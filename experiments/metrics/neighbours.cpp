#include "experiments/metrics/neighbours.h"

#include <algorithm>

#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::metrics {
namespace {

constexpr std::int64_t kGrain = 8;  // rows per thread, at least

// The k smallest values of a line, except the one at index `skip`, by insertion: one comparison
// rejects most values.
template <class T>
void keep_smallest(const T* line, std::int64_t count, std::int64_t skip, std::int64_t k,
                   double* squared, std::int64_t* indices) {
    std::int64_t kept = 0;
    for (std::int64_t j = 0; j < count; ++j) {
        const double value = line[j];
        if (j == skip || (kept == k && !(value < squared[k - 1]))) continue;
        std::int64_t at = kept < k ? kept++ : k - 1;
        for (; at > 0 && squared[at - 1] > value; --at) {
            squared[at] = squared[at - 1];
            indices[at] = indices[at - 1];
        }
        squared[at] = value;
        indices[at] = j;
    }
}

Neighbours nearest_rows(const Tensor& x, const Tensor& y, std::int64_t k, bool skip_own_row) {
    Neighbours result{empty({x.size(0), k}, {.dtype = f64}), empty({x.size(0), k}, {.dtype = i64})};
    double* const squared = result.squared.data<double>();
    std::int64_t* const indices = result.indices.data<std::int64_t>();
    models::for_distances(x, y, [&](std::int64_t first, const Tensor& block) {
        const std::int64_t m = block.size(1);
        visit_real(block.dtype(), [&]<class T>() {
            const T* const distances = block.data<T>();
            parallel_for(block.size(0), kGrain, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i)
                    keep_smallest(distances + i * m, m, skip_own_row ? first + i : -1, k,
                                  squared + (first + i) * k, indices + (first + i) * k);
            });
        });
    });
    return result;
}

}  // namespace

Neighbours nearest(const Tensor& x, const Tensor& y, std::int64_t k) {
    models::check_points(x, y, "nearest");
    check(k >= 1 && k <= y.size(0), "nearest", "bad k; got ", k, " of ", y.size(0),
          " points; expected 1 to ", y.size(0));
    return nearest_rows(x, y, k, false);
}

Neighbours nearest_others(const Tensor& x, std::int64_t k) {
    models::check_points(x, "nearest_others", 2);
    check(k >= 1 && k < x.size(0), "nearest_others", "bad k; got ", k, "; expected 1 to ",
          x.size(0) - 1);
    return nearest_rows(x, x, k, true);
}

}  // namespace eps::metrics
