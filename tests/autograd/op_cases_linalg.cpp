// Gradient cases of linear algebra. The functions make their matrices regular themselves, so that
// small changes of an input keep them regular.
#include <algorithm>
#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

Tensor small(const Shape& shape, std::uint64_t seed) { return uniform(shape, -1, 1, seed); }
Tensor identity(const Tensor& x) { return eye(x.size(-1), x.options()); }

// Symmetric, with eigenvalues above n.
Tensor positive(const Tensor& x) {
    return matmul(x, transpose(x)) + identity(x) * static_cast<double>(x.size(-1));
}
// Dominated by a cyclic permutation: elimination must exchange rows, and always the same ones.
Tensor pivoting(const Tensor& x) {
    const std::int64_t n = x.size(-1);
    if (n == 0) return x;
    const Tensor one = identity(x);
    return x + concat({narrow(one, 0, n - 1, 1), narrow(one, 0, 0, n - 1)}) *
                   (2.0 * static_cast<double>(n));
}
// Dominated by the diagonal, so that both triangles are regular.
Tensor dominant(const Tensor& x) {
    return x + identity(x) * (1.0 + static_cast<double>(x.size(-1)));
}
// Symmetric, with eigenvalues at least 1 apart.
Tensor separated(const Tensor& x) {
    return x + transpose(x) +
           diag_embed(arange(0, static_cast<double>(x.size(-1)), 1, x.options()) *
                      (4.0 * static_cast<double>(x.size(-1))));
}

// Singular values that lie apart: 3, 6, .., and what small elements of x move them by.
Tensor spread_values(const Tensor& x) {
    const Tensor wide = zeros(x.shape(), x.options());
    const Tensor values =
        arange(1, 1.0 + static_cast<double>(std::min(x.size(-2), x.size(-1))), 1, x.options());
    if (wide.numel() > 0) diagonal(wide, 0, -2, -1).copy_(values);
    return x * 0.3 + wide * 3.0;
}

using MatrixFunction = Tensor (*)(const Tensor&);
// f of one matrix, of one element, of a batch, of empty matrices and of an empty batch.
void add_square(std::vector<OpCase>& cases, const char* op, MatrixFunction f) {
    const auto of = [f](Inputs in) { return f(in[0]); };
    cases.push_back({op, "3x3", of, {small({3, 3}, 1)}});
    cases.push_back({op, "1x1", of, {small({1, 1}, 2)}});
    cases.push_back({op, "a batch", of, {small({2, 2, 2, 2}, 3)}});
    cases.push_back({op, "0x0", of, {small({2, 0, 0}, 4)}});
    cases.push_back({op, "an empty batch", of, {small({0, 3, 3}, 5)}});
}

// f of a tall and a wide matrix, of batches, a row and a column, and without rows or columns.
template <class F> void add_rectangular(std::vector<OpCase>& cases, const char* op, const F& f) {
    const auto of = [f](Inputs in) { return f(in[0]); };
    cases.push_back({op, "tall", of, {small({4, 2}, 31)}});
    cases.push_back({op, "wide", of, {small({2, 4}, 32)}});
    cases.push_back({op, "tall, a batch", of, {small({2, 2, 3, 2}, 33)}});
    cases.push_back({op, "wide, a batch", of, {small({2, 2, 3}, 34)}});
    cases.push_back({op, "a row", of, {small({1, 3}, 35)}});
    cases.push_back({op, "a column", of, {small({3, 1}, 36)}});
    cases.push_back({op, "no columns", of, {small({2, 3, 0}, 37)}});
    cases.push_back({op, "no rows", of, {small({0, 3}, 38)}});
}

void add_diagonals(std::vector<OpCase>& cases) {
    cases.push_back(EPS_CASE("diag_embed", "a batch", square(diag_embed(x)), small({2, 3}, 5)));
    cases.push_back(EPS_CASE("diag_embed", "below", square(diag_embed(x, -2)), small({3}, 6)));
    cases.push_back(EPS_CASE("diag_embed", "nothing", diag_embed(x, 1), small({2, 0}, 7)));
    cases.push_back(EPS_CASE("diag", "there and back", diag(diag(x, 1), 1) * 2.0, small({3}, 8)));
    cases.push_back(EPS_CASE("trace", "a batch", square(trace(x)), small({2, 3, 2}, 9)));
}

void add_factorisations(std::vector<OpCase>& cases) {
    add_square(cases, "cholesky", [](const Tensor& x) { return cholesky(positive(x)); });
    add_square(cases, "lu", [](const Tensor& x) {
        const Lu f = lu(pivoting(x));
        return concat({f.l, f.u, f.p}, -1);
    });
    const auto both = [](Inputs in) {
        const Qr f = qr(in[0]);
        return concat({reshape(f.q, {-1}), reshape(f.r, {-1})});
    };
    // Columns that are not orthogonal, but far from dependent.
    const auto columns = [](const Shape& shape, std::uint64_t seed) {
        const Tensor x = small(shape, seed);
        diagonal(x, 0, -2, -1).copy_(diagonal(x, 0, -2, -1) + 2.0);
        return x;
    };
    cases.push_back({"qr", "tall", both, {columns({5, 3}, 11)}});
    cases.push_back({"qr", "square", both, {columns({3, 3}, 12)}});
    cases.push_back({"qr", "wide", both, {columns({2, 4}, 13)}});
    cases.push_back({"qr", "1x1", both, {columns({1, 1}, 14)}});
    cases.push_back({"qr", "a column", both, {columns({3, 1}, 15)}});
    cases.push_back({"qr", "a batch", both, {columns({2, 2, 3, 2}, 16)}});
    cases.push_back(EPS_CASE("qr", "no columns", qr(x).q, small({2, 3, 0}, 17)));
    cases.push_back(EPS_CASE("qr", "no rows", qr(x).r, small({0, 3}, 18)));
    add_rectangular(cases, "lu", [](const Tensor& x) {
        const Lu f = lu(spread_values(x));
        return concat({matmul(f.p, f.l), transpose(f.u)}, -2);
    });
    add_square(cases, "eigh", [](const Tensor& x) { return eigh(separated(x)).eigenvalues; });
    add_square(cases, "eigh",
               [](const Tensor& x) { return square(eigh(separated(x)).eigenvectors); });
    add_square(cases, "eigh", [](const Tensor& x) {  // the matrix function sin
        const Eigh e = eigh(separated(x));
        return matmul(e.eigenvectors * unsqueeze(sin(e.eigenvalues), -2),
                      transpose(e.eigenvectors));
    });
}

void add_singular_values(std::vector<OpCase>& cases) {
    // u_i v_i^T and squares have no sign that is arbitrary
    const auto vectors = [](const Tensor& x) {
        const Svd f = svd(spread_values(x));
        return matmul(f.u * unsqueeze(sin(f.s), -2), f.vt) + 0.5 * matmul(square(f.u), f.vt * f.vt);
    };
    add_square(cases, "svd", vectors);
    add_rectangular(cases, "svd", vectors);
    add_rectangular(cases, "svdvals", [](const Tensor& x) { return svdvals(spread_values(x)); });
    // All singular values are equal, which the nuclear norm and its derivatives do not mind.
    cases.push_back({"svd",
                     "a nuclear norm at equal values",
                     [](Inputs in) { return matrix_norm(in[0], MatrixNorm::nuclear); },
                     {eye(3, {.dtype = f64}) * 2.0}});
    for (const MatrixNorm kind : {MatrixNorm::frobenius, MatrixNorm::nuclear})
        add_rectangular(cases, "matrix_norm", [kind](const Tensor& x) {
            return square(matrix_norm(spread_values(x), kind, true));
        });
    for (const double p : {1.0, -1.0, 2.0, -2.0, double{INFINITY}, -double{INFINITY}})
        for (const Shape& shape : {Shape{2, 3, 2}, Shape{2, 4}})
            cases.push_back({"matrix_norm",
                             "an order",
                             [p](Inputs in) { return square(matrix_norm(in[0], p)); },
                             {small(shape, 21)}});
}

void add_solving(std::vector<OpCase>& cases) {
    const auto triangular = [](TriangularOptions o) {
        return [o](Inputs in) { return solve_triangular(dominant(in[0]), in[1], o); };
    };
    const char* const op = "solve_triangular";
    cases.push_back({op, "lower", triangular({}), {small({3, 3}, 1), small({3, 2}, 2)}});
    cases.push_back(
        {op, "upper", triangular({.upper = true}), {small({3, 3}, 3), small({3, 2}, 4)}});
    cases.push_back({op,
                     "from the right",
                     triangular({.left = false}),
                     {small({2, 3, 3}, 5), small({2, 2, 3}, 6)}});
    cases.push_back({op,
                     "upper, from the right, unit",
                     triangular({.upper = true, .left = false, .unit = true}),
                     {small({3, 3}, 7), small({1, 3}, 8)}});
    cases.push_back({op,
                     "batches that broadcast",
                     triangular({.unit = true}),
                     {small({2, 1, 2, 2}, 9), small({3, 2, 2}, 10)}});
    cases.push_back({op, "1x1", triangular({}), {small({1, 1}, 11), small({1, 1}, 12)}});
    cases.push_back({op, "0x0", triangular({}), {small({0, 0}, 13), small({0, 2}, 14)}});
    cases.push_back(
        {op, "no right side", triangular({.upper = true}), {small({2, 2}, 15), small({2, 0}, 16)}});

    const auto regular = [](Inputs in) { return solve(pivoting(in[0]), in[1]); };
    cases.push_back({"solve", "3x3", regular, {small({3, 3}, 1), small({3, 2}, 2)}});
    cases.push_back({"solve", "1x1", regular, {small({1, 1}, 3), small({1, 2}, 4)}});
    cases.push_back({"solve", "a vector", regular, {small({3, 3}, 5), small({3}, 6)}});
    cases.push_back({"solve",
                     "one matrix, a batch of right sides",
                     regular,
                     {small({2, 2}, 7), small({3, 2, 2}, 8)}});
    cases.push_back({"solve",
                     "batches that broadcast",
                     regular,
                     {small({2, 1, 2, 2}, 9), small({2, 2, 1}, 10)}});
    cases.push_back({"solve", "0x0", regular, {small({2, 0, 0}, 11), small({2, 0, 3}, 12)}});
    add_square(cases, "inverse", [](const Tensor& x) { return inverse(pivoting(x)); });
    add_square(cases, "det", [](const Tensor& x) { return det(pivoting(x)) * 0.01; });
    add_square(cases, "slogdet", [](const Tensor& x) { return slogdet(pivoting(x)).logabsdet; });
    const auto determinant = [](Inputs in) { return det(in[0]); };
    cases.push_back({"det",
                     "rank 2",
                     determinant,
                     {tensor({1, 2, 3, 2, 4, 6, 1, 0, 1}, {3, 3}, {.dtype = f64})}});
    cases.push_back({"det", "rank 1", determinant, {ones({3, 3}, {.dtype = f64})}});
    add_square(cases, "logdet", [](const Tensor& x) { return logdet(positive(x)); });
    add_square(cases, "logdet_triangular",
               [](const Tensor& x) { return logdet_triangular(dominant(x)); });
}

}  // namespace

void add_linalg(std::vector<OpCase>& cases) {
    add_diagonals(cases);
    add_factorisations(cases);
    add_singular_values(cases);
    add_solving(cases);
}

}  // namespace eps::test
