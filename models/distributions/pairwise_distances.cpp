#include "models/distributions/pairwise_distances.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

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

/// Points [n, dim] and their squared norms [n].
template <class T> struct Points {
    const T* coordinates;
    const T* norms;
    std::int64_t count, dim;
    Points(const Tensor& x, const Tensor& squared_norms)
        : coordinates(x.data<T>()),
          norms(squared_norms.data<T>()),
          count(x.size(0)),
          dim(x.size(1)) {}
    const T* operator[](std::int64_t i) const { return coordinates + i * dim; }
};

template <class T> T squared_difference(const T* x, const T* y, std::int64_t dim) {
    double sum = 0;
    for (std::int64_t d = 0; d < dim; ++d) {
        const double difference = static_cast<double>(x[d]) - static_cast<double>(y[d]);
        sum += difference * difference;
    }
    return static_cast<T>(sum);
}

// Turns the products x_i . y_j of a row into squared distances, in place. Those that lose a third
// of their digits to cancellation are computed from the differences.
template <class T> void distances_from_products(T* line, const T* x, T x_norm, const Points<T>& y) {
    constexpr T kLeast = std::is_same_v<T, float> ? T(0x1p-7) : T(0x1p-16);
    bool cancelled = false;
    for (std::int64_t j = 0; j < y.count; ++j) {
        const T norms = x_norm + y.norms[j];
        line[j] = norms - 2 * line[j];
        cancelled |= !(line[j] > kLeast * norms);
    }
    if (!cancelled) return;
    for (std::int64_t j = 0; j < y.count; ++j)
        if (!(line[j] > kLeast * (x_norm + y.norms[j])))
            line[j] = squared_difference(x, y[j], y.dim);
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
        visit_real(dtype, [&]<class T>() {
            const Points<T> all_x(from, x_norms), all_y(onto, y_norms);
            T* const values = products.data<T>();
            parallel_for(rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i)
                    distances_from_products(values + i * m, all_x[first + i],
                                            all_x.norms[first + i], all_y);
            });
        });
        visit(first, products);
    }
}

}  // namespace eps::models
