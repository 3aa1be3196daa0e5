#include "experiments/metrics/frechet.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/metrics/neighbours.h"

namespace eps::metrics {
namespace {

constexpr const char* kOp = "frechet_distance";

Tensor square_root(const Tensor& a) {
    const Eigh e = eigh(a);
    const Tensor roots = sqrt(relu(e.eigenvalues));  // rounding may leave one slightly below 0
    return matmul(e.eigenvectors * roots, transpose(e.eigenvectors));
}

}  // namespace

double frechet_distance(const Tensor& mean1, const Tensor& covariance1, const Tensor& mean2,
                        const Tensor& covariance2) {
    for (const Tensor* m : {&mean1, &mean2})
        check(m->defined() && m->rank() == 1 && m->shape() == mean1.shape(), kOp,
              "needs two means [D]; got ", describe(mean1), " and ", describe(mean2));
    for (const Tensor* s : {&covariance1, &covariance2})
        check(s->defined() && s->shape() == Shape{mean1.size(0), mean1.size(0)}, kOp,
              "a covariance does not fit its mean; got ", describe(*s), "; expected [",
              mean1.size(0), ", ", mean1.size(0), "]");
    NoGrad guard;
    const Tensor s1 = to(covariance1, f64), s2 = to(covariance2, f64);
    const Tensor root = square_root(s1);
    // The eigenvalues of S1^1/2 S2 S1^1/2; eigh reads the lower triangle.
    const Tensor spectrum = eigh(matmul(matmul(root, s2), root)).eigenvalues;
    const double means = sum(square(to(mean1, f64) - to(mean2, f64))).item();
    return std::max(0.0,
                    means + (trace(s1) + trace(s2)).item() - 2 * sum(sqrt(relu(spectrum))).item());
}

double frechet_distance(const Tensor& x, const Tensor& y) {
    models::check_points(x, y, kOp, 2);
    NoGrad guard;
    const auto covariance = [](const Tensor& points, const Tensor& centre) {
        const Tensor centred = points - centre;
        return matmul(transpose(centred), centred) / static_cast<double>(points.size(0) - 1);
    };
    const Tensor a = to(x, f64), b = to(y, f64), m1 = mean(a, {0}), m2 = mean(b, {0});
    return frechet_distance(m1, covariance(a, m1), m2, covariance(b, m2));
}

}  // namespace eps::metrics
