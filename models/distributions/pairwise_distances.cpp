#include "models/distributions/pairwise_distances.h"

#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::models {
namespace {

constexpr std::int64_t kBlock = std::int64_t{1} << 21;  // distances at a time
constexpr std::int64_t kGrain = 8;                      // rows a thread takes at least

// Turns products x_i . y_j [rows, m] into squared distances, in place.
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

}  // namespace

void check_points(const Tensor& x, const char* op, std::int64_t least) {
    check(x.defined() && is_real(x.dtype()) && x.rank() == 2 && x.size(1) >= 1, op,
          "needs one point in each row; got ", describe(x), "; expected f32 or f64 [n, D]");
    check(x.size(0) >= least, op, "too few points; got ", x.size(0), "; expected ", least,
          " at least");
    NoGrad guard;
    // max and min propagate NaN.
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
    const Tensor from = contiguous(to(x, dtype));
    const Tensor onto = contiguous(to(y, dtype));
    const Tensor x_norms = sum(square(from), {1}), y_norms = sum(square(onto), {1});
    const std::int64_t n = from.size(0), m = onto.size(0);
    const std::int64_t block = std::max<std::int64_t>(1, kBlock / m);
    for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t rows = std::min(block, n - first);
        const Tensor products =
            contiguous(matmul(narrow(from, 0, first, rows), transpose(onto)));  // [rows, m]
        const auto finish = [&]<class T>(T* values) {
            distances_from_products(values, x_norms.data<T>() + first, rows, y_norms.data<T>(), m);
        };
        dtype == f64 ? finish(products.data<double>()) : finish(products.data<float>());
        visit(first, products);
    }
}

}  // namespace eps::models
