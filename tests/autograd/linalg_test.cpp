// Linear algebra against PyTorch and NumPy, against its definitions, and on singular matrices.
#include <cmath>
#include <limits>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/support.h"
#include "tests/golden/linalg_golden.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Tensor golden_input(const std::vector<double>& values, const Shape& shape) {
    return tensor(values, shape, {.dtype = f64});
}

void check_close(const Tensor& got, const std::vector<double>& wanted) {
    const std::vector<double> values = got.to_vector();
    REQUIRE(values.size() == wanted.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        CHECK(values[i] == doctest::Approx(wanted[i]).epsilon(1e-10));
}

// f, and the gradient of sum(sin(f)) in each input.
void check_golden(const TensorFunction& f, const std::vector<Tensor>& inputs,
                  const std::vector<double>& wanted,
                  const std::vector<std::vector<double>>& gradients) {
    std::vector<Tensor> leaves;
    for (const Tensor& x : inputs) leaves.push_back(leaf(x));
    const Tensor y = f(leaves);
    check_close(y, wanted);
    const std::vector<Tensor> got = grad(sum(sin(y)), leaves);
    for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], gradients[i]);
}

// |a - b| against the size of both and the rounding of n additions.
void check_equal(const Tensor& a, const Tensor& b, double size) {
    REQUIRE(a.shape() == b.shape());
    if (a.numel() == 0) return;
    const double rounding = a.dtype() == f32 ? 0x1p-24 : 0x1p-53;
    const double n = static_cast<double>(std::max(a.size(-1), a.size(-2)));
    CHECK(max(abs(a - b)).item() <= 8 * (n + 4) * rounding * size);
}

Tensor unit_matrix(const Tensor& x) { return expand(eye(x.size(-1), x.options()), x.shape()); }

struct Sizes {
    Shape batch;
    std::int64_t n;
};
const Sizes all_sizes[] = {{{}, 1},   {{}, 2},   {{3}, 3}, {{2, 2}, 7},
                           {{5}, 40}, {{}, 130}, {{}, 0},  {{0}, 3}};

Tensor random_matrices(const Sizes& sizes, std::int64_t rows, DType dtype, std::uint64_t seed) {
    Shape shape = sizes.batch;
    shape.push_back(rows);
    shape.push_back(sizes.n);
    return to(uniform(shape, -1, 1, seed), dtype);
}

// f(matrices [batch, n, n]) for both dtypes, every size and layout.
template <class F> void for_matrices(const F& f) {
    for (DType dtype : {f32, f64})
        for (const Sizes& sizes : all_sizes)
            for (Layout layout : all_layouts) {
                INFO(std::string(name_of(dtype)), " ", sizes.batch.to_string(), " x ", sizes.n,
                     ", ", std::string(name_of(layout)));
                f(laid_out(random_matrices(sizes, sizes.n, dtype, 7), layout));
            }
}

}  // namespace

TEST_CASE("linalg: values and gradients are those of PyTorch and NumPy") {
    using In = const std::vector<Tensor>&;
    const Tensor a = golden_input(golden::a, {2, 4, 4});
    const Tensor b = golden_input(golden::b, {2, 4, 3});
    const Tensor tall = golden_input(golden::tall, {2, 5, 3});
    const Tensor positive = golden_input(golden::positive, {2, 4, 4});
    const Tensor lower = golden_input(golden::lower, {2, 4, 4});
    const Tensor wide = golden_input(golden::wide, {3, 5});
    check_golden([](In in) { return cholesky(in[0]); }, {positive}, golden::cholesky,
                 {golden::cholesky_grad0});
    check_golden([](In in) { return solve_triangular(in[0], in[1]); }, {lower, b},
                 golden::solve_triangular,
                 {golden::solve_triangular_grad0, golden::solve_triangular_grad1});
    check_golden(
        [](In in) {
            return solve_triangular(transpose(in[0]), transpose(in[1]),
                                    {.upper = true, .left = false, .unit = true});
        },
        {lower, b}, golden::solve_triangular_right_unit,
        {golden::solve_triangular_right_unit_grad0, golden::solve_triangular_right_unit_grad1});
    check_golden([](In in) { return solve(in[0], in[1]); }, {a, b}, golden::solve,
                 {golden::solve_grad0, golden::solve_grad1});
    check_golden([](In in) { return inverse(in[0]); }, {a}, golden::inverse,
                 {golden::inverse_grad0});
    check_golden([](In in) { return det(in[0]); }, {a}, golden::det, {golden::det_grad0});
    check_golden([](In in) { return slogdet(in[0]).logabsdet; }, {a}, golden::logabsdet,
                 {golden::logabsdet_grad0});
    check_golden([](In in) { return lu(in[0]).l; }, {a}, golden::lu_l, {golden::lu_l_grad0});
    check_golden([](In in) { return lu(in[0]).u; }, {a}, golden::lu_u, {golden::lu_u_grad0});
    check_golden([](In in) { return qr(in[0]).q; }, {tall}, golden::qr_q, {golden::qr_q_grad0});
    check_golden([](In in) { return qr(in[0]).r; }, {tall}, golden::qr_r, {golden::qr_r_grad0});
    check_golden([](In in) { return qr(in[0]).r; }, {wide}, golden::qr_wide_r,
                 {golden::qr_wide_r_grad0});
    check_golden([](In in) { return eigh(in[0]).eigenvalues; }, {positive}, golden::eigenvalues,
                 {golden::eigenvalues_grad0});
    check_golden([](In in) { return square(eigh(in[0]).eigenvectors); }, {positive},
                 golden::eigenvectors_squared, {golden::eigenvectors_squared_grad0});
    check_close(lu(a).p, golden::lu_p);
    check_close(slogdet(a).sign, golden::numpy_sign);
    check_close(slogdet(a).logabsdet, golden::numpy_logabsdet);
    check_close(inverse(a), golden::numpy_inverse);
}

TEST_CASE("linalg: factors multiply to the matrix") {
    for_matrices([](const Tensor& x) {
        const double n = static_cast<double>(x.size(-1));
        const Tensor positive = matmul(x, transpose(x)) + eye(x.size(-1), x.options());
        const Tensor l = cholesky(positive);
        check_equal(matmul(l, transpose(l)), positive, n);
        CHECK(same_bits(l, tril(l)));
        const Lu f = lu(x);
        check_equal(matmul(f.p, matmul(f.l, f.u)), x, n);
        CHECK(same_bits(f.l, tril(f.l)));
        CHECK(same_bits(f.u, triu(f.u)));
        check_equal(matmul(f.p, transpose(f.p)), unit_matrix(x), 0);
        CHECK(all(le(abs(f.l), ones_like(f.l))).item() == 1);  // thanks to pivoting
        const Tensor symmetric = (x + transpose(x)) * 0.5;
        const Eigh e = eigh(symmetric);
        check_equal(
            matmul(e.eigenvectors * unsqueeze(e.eigenvalues, -2), transpose(e.eigenvectors)),
            symmetric, 1 + std::sqrt(n));
        check_equal(matmul(transpose(e.eigenvectors), e.eigenvectors), unit_matrix(x), 1);
        if (n > 1)
            CHECK(all(le(narrow(e.eigenvalues, -1, 0, x.size(-1) - 1),
                         narrow(e.eigenvalues, -1, 1, x.size(-1) - 1)))
                      .item() == 1);
    });
    for (DType dtype : {f32, f64})
        for (const Sizes& sizes : all_sizes)
            for (std::int64_t rows :
                 {std::int64_t{0}, sizes.n / 2, sizes.n, sizes.n + 1, 2 * sizes.n}) {
                const Tensor x = random_matrices(sizes, rows, dtype, 11);
                const Qr f = qr(x);
                INFO(x.shape().to_string());
                check_equal(matmul(f.q, f.r), x, std::sqrt(static_cast<double>(rows)) + 1);
                const Tensor products = matmul(transpose(f.q), f.q);
                check_equal(products, unit_matrix(products), 1);
            }
}

TEST_CASE("linalg: solutions satisfy their equations") {
    for_matrices([](const Tensor& x) {
        const std::int64_t n = x.size(-1);
        Shape sides = x.shape();
        sides[x.rank() - 1] = 5;
        const Tensor a = x + 2.0 * eye(n, x.options()), b = to(uniform(sides, -1, 1, 3), x.dtype());
        const double size = static_cast<double>(n) + 2;
        const Tensor solution = solve(a, b), inverted = inverse(a);
        const double grown = n == 0 || a.numel() == 0
                                 ? 1
                                 : max(abs(solution)).item() + max(abs(inverted)).item() + 1;
        check_equal(matmul(a, solution), b, size * grown);
        check_equal(matmul(a, inverted), unit_matrix(a), size * grown);
        // Triangles whose inverses stay small; the triangle that is not read is NaN.
        const Tensor regular =
            x * (1.0 / std::max(1.0, static_cast<double>(n))) + eye(n, x.options());
        for (bool upper : {false, true})
            for (bool unit : {false, true}) {
                const Tensor read =
                    upper ? triu(regular, unit ? 1 : 0) : tril(regular, unit ? -1 : 0);
                const Tensor whole = unit ? read + eye(n, x.options()) : read;
                const Tensor poisoned = read + (upper ? tril(full_like(x, NAN), unit ? 0 : -1)
                                                      : triu(full_like(x, NAN), unit ? 0 : 1));
                check_equal(
                    matmul(whole, solve_triangular(poisoned, b, {.upper = upper, .unit = unit})), b,
                    40);
                const Tensor right = transpose(b);
                check_equal(matmul(solve_triangular(poisoned, right,
                                                    {.upper = upper, .left = false, .unit = unit}),
                                   whole),
                            right, 40);
            }
    });
}

TEST_CASE("linalg: determinants agree with closed forms") {
    // The determinant of a Vandermonde matrix is the product of all differences.
    const Tensor v = tensor({1, 2, 4, 7, 11}, {}, {.dtype = f64});
    std::vector<Tensor> powers;
    double product = 1;
    Tensor matrix = ones({5, 5}, {.dtype = f64});
    for (int i = 0; i < 5; ++i)
        for (int j = 0; j < 5; ++j) {
            matrix.data<double>()[5 * i + j] = std::pow(v.data<double>()[i], j);
            if (j < i) product *= v.data<double>()[i] - v.data<double>()[j];
        }
    CHECK(det(matrix).item() == doctest::Approx(product).epsilon(1e-12));
    CHECK(trace(matrix).item() == 1 + 2 + 16 + 343 + 14641);
    for (DType dtype : {f32, f64}) {
        const Tensor swapped = tensor({0, 1, 1, 0, 2, 0, 0, 3}, {2, 2, 2}, {.dtype = dtype});
        CHECK(det(swapped).to_vector() == std::vector<double>{-1, 6});
        CHECK(slogdet(swapped).sign.to_vector() == std::vector<double>{-1, 1});
        // Its determinant is far beyond the range of both dtypes.
        const Tensor huge = eye(300, {.dtype = dtype}) * -1e6;
        CHECK(std::isinf(det(huge).item()));
        CHECK(slogdet(huge).sign.item() == 1);
        CHECK(slogdet(huge).logabsdet.item() == doctest::Approx(300 * std::log(1e6)).epsilon(1e-6));
        CHECK(logdet_triangular(huge).item() == doctest::Approx(300 * std::log(1e6)).epsilon(1e-6));
    }
    const Tensor none = zeros({2, 0, 0});
    CHECK(det(none).to_vector() == std::vector<double>{1, 1});
    CHECK(slogdet(none).sign.to_vector() == std::vector<double>{1, 1});
    CHECK(slogdet(none).logabsdet.to_vector() == std::vector<double>{0, 0});
}

TEST_CASE("linalg: a rotation can be stored as Glow does it, W = P L (U + diag(s))") {
    const Tensor w = qr(uniform({12, 12}, -1, 1, 5)).q;
    const Lu f = lu(w);
    const Tensor s = diagonal(f.u), u = triu(f.u, 1);
    check_equal(matmul(f.p, matmul(f.l, u + diag(s))), w, 4);
    CHECK(std::abs(sum(log(abs(s))).item()) < 1e-13);  // a rotation preserves volume
    CHECK(std::abs(det(w).item()) == doctest::Approx(1).epsilon(1e-13));
}

TEST_CASE("linalg: singular, indefinite and non-finite matrices give zeros, NaN or errors") {
    const Tensor singular = tensor({1, 2, 2, 4, 0, 0, 0, 0, 3, 1, 1, 2}, {3, 2, 2});
    CHECK(slogdet(singular).sign.to_vector() == std::vector<double>{0, 0, 1});
    CHECK(slogdet(singular).logabsdet.to_vector()[1] == -inf);
    CHECK(slogdet(singular).logabsdet.to_vector()[0] == -inf);
    CHECK(det(singular).to_vector()[1] == 0);
    const Lu f = lu(singular);
    CHECK(matmul(f.p, matmul(f.l, f.u)).to_vector() == singular.to_vector());
    const Tensor x = leaf(to(narrow(singular, 0, 0, 2), f64));
    check_close(grad(sum(det(x)), {x})[0], {4, -2, -2, 1, 0, 0, 0, 0});
    for (double d : grad(sum(slogdet(x).logabsdet), {x})[0].to_vector())
        CHECK_FALSE(std::isfinite(d));
    for (double bad : {std::nan(""), inf}) {
        Tensor broken = eye(3);
        broken.data<float>()[4] = static_cast<float>(bad);
        CHECK(std::isnan(det(broken).item()));
        CHECK(std::isnan(max(solve(broken, ones({3, 1}))).item()));
        CHECK(std::isnan(max(lu(broken).u).item()));
        CHECK_FALSE(std::isfinite(max(qr(broken).r).item()));
        CHECK(contains(error_of([&] { eigh(broken); }).sentence, "not finite"));
    }
    const Tensor undefined = full({2, 2}, NAN);
    CHECK(contains(error_of([&] { cholesky(undefined); }).sentence, "minor of order 1 of 2"));
    Tensor half = eye(3);  // only the lower triangle is read
    half.data<float>()[1] = half.data<float>()[5] = NAN;
    CHECK(same_bits(cholesky(half), eye(3)));
    CHECK(eigh(half).eigenvalues.to_vector() == std::vector<double>{1, 1, 1});
}

TEST_CASE("linalg: equal eigenvalues have the documented gradient") {
    const Tensor x = leaf(eye(3, {.dtype = f64}));
    check_close(grad(sum(square(eigh(x).eigenvalues)), {x})[0], {2, 0, 0, 0, 2, 0, 0, 0, 2});
    const Tensor v = eigh(x).eigenvectors;
    check_close(grad(sum(square(matmul(v, transpose(v)))), {x})[0], std::vector<double>(9, 0));
}

TEST_CASE("linalg: bits do not depend on the number of threads") {
    for (DType dtype : {f32, f64})
        for (const auto& [batch, n] :
             {std::pair<std::int64_t, std::int64_t>{50, 9}, {9, 70}, {2, 260}}) {
            const Tensor x = to(uniform({batch, n, n}, -1, 1, 13), dtype);
            const Tensor positive = matmul(x, transpose(x)) + eye(n, x.options());
            same_on_any_threads([&] { return cholesky(positive); });
            same_on_any_threads([&] { return lu(x).u; });
            same_on_any_threads([&] { return qr(x).q; });
            same_on_any_threads([&] { return eigh(positive).eigenvectors; });
            same_on_any_threads([&] { return solve(x, positive); });
        }
}
