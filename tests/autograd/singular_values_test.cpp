// LU of rectangular matrices, singular values and the norms made of them: against their
// definitions, where numbers are small, equal or 0, and at both ends of the range.
#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

const Shape all_shapes[] = {{3, 1}, {1, 3}, {5, 3},    {3, 5},    {2, 2, 7, 4}, {2, 4, 7},
                            {4, 4}, {0, 3}, {2, 3, 0}, {0, 2, 3}, {60, 25},     {20, 70}};

double largest(const Tensor& x) { return x.numel() == 0 ? 0 : max(abs(x)).item(); }
double rounding(DType dtype) { return dtype == f32 ? 0x1p-24 : 0x1p-53; }

Tensor identity_like(const Tensor& x) { return expand(eye(x.size(-1), x.options()), x.shape()); }

// f(matrices) for both dtypes, every shape and layout.
template <class F> void for_rectangles(const F& f) {
    for (DType dtype : {f32, f64})
        for (const Shape& shape : all_shapes)
            for (Layout layout : all_layouts) {
                INFO(std::string(name_of(dtype)), " ", shape.to_string(), ", ",
                     std::string(name_of(layout)));
                f(laid_out(to(uniform(shape, -1, 1, 7), dtype), layout));
            }
}

}  // namespace

TEST_CASE("lu: the factors of rectangular matrices multiply to them, and have their shapes") {
    for_rectangles([](const Tensor& x) {
        const std::int64_t m = x.size(-2), n = x.size(-1), k = std::min(m, n);
        const Lu f = lu(x);
        CHECK(f.p.size(-1) == m);
        CHECK(f.l.size(-1) == k);
        CHECK(f.u.size(-2) == k);
        CHECK(largest(matmul(f.p, matmul(f.l, f.u)) - x) <= 100 * rounding(x.dtype()));
        CHECK(same_bits(f.l, tril(f.l)));
        CHECK(same_bits(f.u, triu(f.u)));
        CHECK(largest(matmul(f.p, transpose(f.p)) - identity_like(f.p)) == 0);
        CHECK(largest(f.l) <= 1);  // thanks to pivoting over all rows
    });
}

TEST_CASE("svd: the factors multiply to the matrix, with orthonormal vectors and s descending") {
    for_rectangles([](const Tensor& x) {
        const Svd f = svd(x);
        const double least = 200 * rounding(x.dtype());
        CHECK(largest(matmul(f.u * unsqueeze(f.s, -2), f.vt) - x) <= least);
        const Tensor left = matmul(transpose(f.u), f.u), right = matmul(f.vt, transpose(f.vt));
        CHECK(largest(left - identity_like(left)) <= least);
        CHECK(largest(right - identity_like(right)) <= least);
        const std::vector<double> s = svdvals(x).to_vector();
        const auto k = static_cast<std::size_t>(f.s.size(-1));
        for (std::size_t i = 0; i < s.size(); ++i) {
            CHECK(s[i] >= 0);
            if (i % k != 0) CHECK(s[i] <= s[i - 1]);
        }
    });
}

// mpmath 1.3, 60 digits: svd_r of the matrix with these columns.
TEST_CASE("svdvals: small singular values of scaled columns have all digits") {
    const Tensor x = tensor({1.0, 2.0, -1.0, 3.0, -1.0, 2.0, 1.0, 1.0, 1.0, 2.0, 0.0, -3.0}, {4, 3},
                            {.dtype = f64}) *
                     tensor({1.0, 0x1p-30, 0x1p-60}, {3}, {.dtype = f64});
    const double expected[] = {3.8729833462074168852, 2.2812650937430356615e-9,
                               3.18689052072777738e-18};
    for (const Tensor& matrix : {x, transpose(x)})
        for (const DType dtype : {f32, f64}) {
            const std::vector<double> s = svdvals(to(matrix, dtype)).to_vector();
            for (std::size_t i = 0; i < 3; ++i)
                CHECK(std::abs(s[i] / expected[i] - 1) <= 16 * rounding(dtype));
        }
}

TEST_CASE("svd: columns that only an exchange brings together become orthogonal, too") {
    for (const double h : {1e-4, -1e-6}) {
        const Tensor x =
            tensor({2.0, 0.0, 0.0, 0.0, 2.0, h, 0.0, 0.0, 2.0}, {3, 3}, {.dtype = f64});
        const Svd f = svd(x);
        CHECK(largest(matmul(f.u * unsqueeze(f.s, -2), f.vt) - x) <= 1e-14);
    }
}

TEST_CASE("svdvals: numbers whose squares overflow or vanish") {
    for (const double scale : {1e-300, 1e-160, 1e160, 1e300})
        CHECK(svdvals(tensor({0.0, 4.0, 3.0, 0.0}, {2, 2}, {.dtype = f64}) * scale).to_vector() ==
              std::vector<double>{4 * scale, 3 * scale});
    CHECK(svdvals(tensor({0.0, 4e30, 3e30, 0.0}, {2, 2})).to_vector()[0] ==
          doctest::Approx(4e30).epsilon(1e-6));
}

TEST_CASE("svd: matrices that are not of full rank have orthonormal vectors all the same") {
    for (const Tensor& x : {zeros({4, 3}, {.dtype = f64}), ones({4, 3}, {.dtype = f64}),
                            tensor({0.0, 1.0, 0.0, 0.0, 0.0, 2.0}, {2, 3}, {.dtype = f64})}) {
        const Svd f = svd(x);
        CHECK(largest(matmul(f.u * unsqueeze(f.s, -2), f.vt) - x) <= 1e-14);
        const Tensor left = matmul(transpose(f.u), f.u);
        CHECK(largest(left - identity_like(left)) <= 1e-14);
    }
}

TEST_CASE("matrix_norm: at a matrix of low rank, the nuclear norm has a subgradient") {
    for (const Tensor& x : {zeros({4, 3}, {.dtype = f64}), ones({3, 4}, {.dtype = f64})}) {
        const Tensor at = leaf(x);
        const Tensor length = matrix_norm(at, MatrixNorm::nuclear);
        const Tensor g = grad(length, {at})[0];
        CHECK(matrix_norm(g, 2).item() == doctest::Approx(1).epsilon(1e-13));
        CHECK(sum(g * x).item() == doctest::Approx(length.item()).epsilon(1e-13));
        // a subgradient: |y| >= |x| + <g, y - x>
        const Tensor y = uniform(x.shape(), -1, 1, 3);
        CHECK(matrix_norm(y, MatrixNorm::nuclear).item() >=
              length.item() + sum(g * (y - x)).item());
    }
}

TEST_CASE("matrix_norm: the norms of a matrix that can be computed by hand") {
    const Tensor x = tensor({3.0, 0.0, 0.0, -4.0}, {1, 2, 2}, {.dtype = f64});
    CHECK(matrix_norm(x).to_vector() == std::vector<double>{5});
    CHECK(matrix_norm(x, MatrixNorm::nuclear).to_vector() == std::vector<double>{7});
    for (const double p : {1.0, 2.0, double{INFINITY}}) {
        CHECK(matrix_norm(x, p).to_vector() == std::vector<double>{4});
        CHECK(matrix_norm(x, -p).to_vector() == std::vector<double>{3});
        CHECK(matrix_norm(x, p, true).shape() == Shape{1, 1, 1});
    }
    const Tensor wide = tensor({1.0, -2.0, 3.0, -4.0, 5.0, -6.0}, {2, 3});
    CHECK(matrix_norm(wide, 1).item() == 9);
    CHECK(matrix_norm(wide, -1).item() == 5);
    CHECK(matrix_norm(wide, INFINITY).item() == 15);
    CHECK(matrix_norm(wide, -INFINITY).item() == 6);
    CHECK(matrix_norm(zeros({2, 0, 3}), MatrixNorm::nuclear).to_vector() ==
          std::vector<double>{0, 0});
}

TEST_CASE("lu, svd: bits do not depend on the number of threads") {
    for (const DType dtype : {f32, f64}) {
        const Tensor x = to(uniform({40, 30, 12}, -1, 1, 13), dtype);
        same_on_any_threads([&] { return svd(x).u; });
        same_on_any_threads([&] { return svdvals(transpose(x)); });
        same_on_any_threads([&] { return lu(x).l; });
        same_on_any_threads([&] { return lu(transpose(x)).u; });
    }
}
