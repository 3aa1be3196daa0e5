// Derivatives of the determinant where the matrix is singular, or nearly so: det is a polynomial,
// so all of them exist, and Leibniz's sum over permutations says what they are.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

// sum over permutations p of sign(p) prod_i a_{i, p(i)}
Tensor leibniz(const Tensor& a) {
    const std::int64_t n = a.size(-1);
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    Tensor total = zeros({a.size(0)}, a.options());
    do {
        double sign = 1;
        Tensor product = ones({a.size(0)}, a.options());
        for (std::int64_t i = 0; i < n; ++i) {
            const std::int64_t column = order[static_cast<std::size_t>(i)];
            product = product * select(select(a, 1, i), 1, column);
            for (std::int64_t j = 0; j < i; ++j)
                if (order[static_cast<std::size_t>(j)] > column) sign = -sign;
        }
        total = total + product * sign;
    } while (std::next_permutation(order.begin(), order.end()));
    return total;
}

// The first `orders` derivatives of f, each along the same direction: gradients of
// <gradient, direction>.
std::vector<Tensor> derivatives(Tensor (*f)(const Tensor&), const Tensor& a, int orders) {
    const Tensor x = leaf(a);
    const Tensor direction =
        cos(reshape(arange(0, static_cast<double>(a.numel()), 1, a.options()), a.shape()));
    std::vector<Tensor> all;
    Tensor value = sum(f(x) * arange(1, static_cast<double>(a.size(0)) + 1, 1, a.options()));
    for (int order = 0; order < orders; ++order) {
        all.push_back(grad(value, {x}, {.create_graph = true, .allow_unused = true})[0]);
        value = sum(all.back() * direction);
    }
    return all;
}

void check_derivatives(const Tensor& a, double tolerance) {
    const int orders = static_cast<int>(std::min<std::int64_t>(a.size(-1), 3));
    const auto got = derivatives(det, a, orders), wanted = derivatives(leibniz, a, orders);
    for (std::size_t i = 0; i < got.size(); ++i) {
        INFO("derivative ", i + 1);
        const double scale = std::max(1.0, max(abs(wanted[i])).item());
        CHECK(max(abs(got[i] - wanted[i])).item() <= tolerance * scale);
    }
}

// [1, n, n] of a rank.
Tensor of_rank(std::int64_t n, std::int64_t rank, std::uint64_t seed) {
    const Tensor left = to(uniform({1, n, rank}, -1, 1, seed), f64);
    const Tensor right = to(uniform({1, rank, n}, -1, 1, seed + 1), f64);
    return matmul(left, right);
}

}  // namespace

TEST_CASE("det: three derivatives are right for every rank") {
    for (std::int64_t n = 1; n <= 5; ++n)
        for (std::int64_t rank = 0; rank <= n; ++rank) {
            CAPTURE(n);
            CAPTURE(rank);
            const Tensor a = of_rank(n, rank, 3);
            check_derivatives(a, 1e-10);
            check_derivatives(to(a, f32), 2e-3);
        }
}

TEST_CASE("det: three derivatives are right however near the matrix is to a singular one") {
    for (double gap : {1e-300, 1e-20, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3})
        for (std::int64_t rank = 0; rank < 4; ++rank) {
            CAPTURE(gap);
            CAPTURE(rank);
            check_derivatives(of_rank(4, rank, 5) + gap * of_rank(4, 4, 9), 1e-10);
        }
    // its last pivot is what rounding leaves
    const Tensor a = tensor({.6366012725270791, .07439200564959277, 1, .11685808505264672},
                            {1, 2, 2}, {.dtype = f64});
    check_derivatives(a, 1e-13);
    const Tensor x = leaf(a);
    const Tensor first = grad(sum(det(x)), {x}, {.create_graph = true})[0];
    CHECK(grad(select(reshape(first, {4}), 0, 0), {x})[0].to_vector()[3] ==
          doctest::Approx(1).epsilon(1e-14));
}

TEST_CASE("det: a batch of regular and singular matrices, of zeros, and of repeated rows") {
    std::vector<Tensor> batch;
    for (std::int64_t rank = 0; rank <= 4; ++rank) batch.push_back(of_rank(4, rank, 7));
    Tensor all = zeros({5, 4, 4}, {.dtype = f64});
    for (std::size_t i = 0; i < batch.size(); ++i)
        narrow(all, 0, static_cast<std::int64_t>(i), 1).copy_(batch[i]);
    check_derivatives(all, 1e-10);
    check_derivatives(transpose(all), 1e-10);
    const Tensor units = tensor({0, 1, 0, 0, 1, 0, 3, 5, 1}, {1, 3, 3}, {.dtype = f64});
    check_derivatives(units, 1e-12);
    const Tensor graded = diag(tensor({1, 1e-4, 1e-8, 1e-12}, {4}, {.dtype = f64}));
    check_derivatives(unsqueeze(graded, 0), 1e-12);
    const Tensor zero = leaf(zeros({1, 40, 40}, {.dtype = f64}));
    CHECK(max(abs(grad(sum(det(zero)), {zero})[0])).item() == 0);
}

TEST_CASE("det: a matrix that is not finite has no finite derivative, and nothing throws") {
    Tensor a = eye(3, {.dtype = f64});
    a.data<double>()[0] = NAN;
    const Tensor x = leaf(a);
    CHECK(std::isnan(max(grad(det(x), {x})[0]).item()));
}

TEST_CASE("logdet: the logarithm of the determinant, or NaN where that is negative") {
    const Tensor a = leaf(tensor({2, 1, 1, 3, 0, 1, 1, 0, 1, 2, 2, 4}, {3, 2, 2}, {.dtype = f64}));
    const Tensor y = logdet(a);
    CHECK(y.to_vector()[0] == doctest::Approx(std::log(5.0)).epsilon(1e-15));
    CHECK(std::isnan(y.to_vector()[1]));
    CHECK(y.to_vector()[2] == -INFINITY);
    const Tensor slope = select(grad(select(y, 0, 0), {a})[0], 0, 0);
    const double inverse[] = {.6, -.2, -.2, .4};
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(slope.to_vector()[i] == doctest::Approx(inverse[i]).epsilon(1e-14));
}
