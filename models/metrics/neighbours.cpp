#include "models/metrics/neighbours.h"

#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "tensor/create.h"
#include "tensor/parallel.h"

namespace eps::metrics {
namespace {

constexpr std::int64_t kBlock = std::int64_t{1} << 21;  // distances at a time
constexpr std::int64_t kGrain = 8;                      // rows a thread takes at least

// products [rows, m] of x's rows and y's become squared distances, in place.
template <class T>
void distances_from_products(T* products, const T* x_norms, std::int64_t rows, const T* y_norms,
                             std::int64_t m) {
    parallel_for(rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            T* const line = products + i * m;
            for (std::int64_t j = 0; j < m; ++j)
                line[j] = std::max(T(0), (x_norms[i] + y_norms[j]) - 2 * line[j]);
        }
    });
}

// The k smallest of a line, but for place `skip`, by insertion: most values are turned away by one
// comparison.
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
    for_distances(x, y, [&](std::int64_t first, const Tensor& block) {
        const std::int64_t m = block.size(1);
        const auto search = [&]<class T>(const T* distances) {
            parallel_for(block.size(0), kGrain, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i)
                    keep_smallest(distances + i * m, m, skip_own_row ? first + i : -1, k,
                                  squared + (first + i) * k, indices + (first + i) * k);
            });
        };
        block.dtype() == f64 ? search(block.data<double>()) : search(block.data<float>());
    });
    return result;
}

}  // namespace

void check_points(const Tensor& x, const char* op, std::int64_t least) {
    check(x.defined() && is_real(x.dtype()) && x.rank() == 2 && x.size(1) >= 1, op,
          "needs a point a row; got ", describe(x), "; expected f32 or f64 [n, D]");
    check(x.size(0) >= least, op, "too few points; got ", x.size(0), "; expected ", least,
          " at least");
    NoGrad guard;
    // NaN wins in both
    check(std::isfinite(max(x).item()) && std::isfinite(min(x).item()), op,
          "a point is not finite; got ", describe(x));
}

void check_points(const Tensor& x, const Tensor& y, const char* op, std::int64_t least) {
    check_points(x, op, least);
    check_points(y, op, least);
    check(x.size(1) == y.size(1), op, "points of different dimension; got ", x.shape(), " and ",
          y.shape());
}

void for_distances(const Tensor& x, const Tensor& y,
                   const std::function<void(std::int64_t, const Tensor&)>& visit) {
    check_points(x, y, "for_distances");
    NoGrad guard;
    const DType dtype = x.dtype() == f64 || y.dtype() == f64 ? f64 : f32;
    const Tensor from = contiguous(to(x, dtype)), onto = contiguous(to(y, dtype));
    const Tensor x_norms = sum(square(from), {1}), y_norms = sum(square(onto), {1});
    const std::int64_t n = from.size(0), m = onto.size(0),
                       block = std::max<std::int64_t>(1, kBlock / m);
    for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t rows = std::min(block, n - first);
        // [rows, m]
        const Tensor products = contiguous(matmul(narrow(from, 0, first, rows), transpose(onto)));
        const auto finish = [&]<class T>(T* values) {
            distances_from_products(values, x_norms.data<T>() + first, rows, y_norms.data<T>(), m);
        };
        dtype == f64 ? finish(products.data<double>()) : finish(products.data<float>());
        visit(first, products);
    }
}

Neighbours nearest(const Tensor& x, const Tensor& y, std::int64_t k) {
    check_points(x, y, "nearest");
    check(k >= 1 && k <= y.size(0), "nearest", "bad k; got ", k, " of ", y.size(0),
          " points; expected 1 to ", y.size(0));
    return nearest_rows(x, y, k, false);
}

Neighbours nearest_others(const Tensor& x, std::int64_t k) {
    check_points(x, "nearest_others", 2);
    check(k >= 1 && k < x.size(0), "nearest_others", "bad k; got ", k, "; expected 1 to ",
          x.size(0) - 1);
    return nearest_rows(x, x, k, true);
}

}  // namespace eps::metrics
