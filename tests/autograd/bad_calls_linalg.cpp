// Bad calls: linear algebra.
#include <cmath>
#include <limits>

#include "tests/autograd/bad_calls.h"
#include "varepsilon.h"

namespace eps::test {
namespace {

constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void add_bad_calls_linalg(std::vector<BadCall>& calls) {
    static const Tensor a = zeros({4, 3});
    static const Tensor v = zeros({3});
    static const Tensor scalar = zeros({});
    static const Tensor none;
    static const Tensor real = zeros({4, 3}, {.dtype = f64});
    const std::vector<BadCall> table = {
        EPS_THROWS("diag_embed", diag_embed(scalar), "rank 0"),
        EPS_THROWS("diag_embed", diag_embed(v, INT64_MIN), "overflows"),
        EPS_THROWS("diag_embed", diag_embed(zeros({1, 1, 1, 1, 1, 1, 1, 1})), "too many dimensions",
                   "8"),
        EPS_THROWS("diag", diag(zeros({2, 2, 2})), "vector or a matrix", "[2, 2, 2]"),
        EPS_THROWS("trace", trace(v), "[3]"),
        EPS_THROWS("trace", trace(none), "undefined"),
        EPS_THROWS("cholesky", cholesky(a), "not square", "[4, 3]"),
        EPS_THROWS("cholesky", cholesky(none), "undefined"),
        EPS_THROWS("cholesky", cholesky(zeros({2, 2}, {.dtype = i64})), "f32 or f64", "i64 [2, 2]"),
        EPS_THROWS("cholesky", cholesky(tensor({4, 2, 2, 1}, {2, 2})),
                   "the matrix is not positive definite", "minor of order 2 of 2"),
        EPS_THROWS(
            "cholesky",
            cholesky(tensor({1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, -1, 0, 0, 1}, {2, 2, 2, 2})),
            "matrix [1, 1] of the batch", "order 1 of 2"),
        EPS_THROWS("lu", lu(v), "[.., m, n]", "f32 [3]"),
        EPS_THROWS("lu", lu(none), "undefined"),
        EPS_THROWS("svd", svd(v), "[.., m, n]", "f32 [3]"),
        EPS_THROWS("svd", svd(none), "undefined"),
        EPS_THROWS("svd", svd(zeros({2, 2}, {.dtype = f16})), "f32 or f64", "f16 [2, 2]"),
        EPS_THROWS("svd", svd(full({1, 2, 3}, nan_)), "matrix [0] of the batch is not finite",
                   "f32 [1, 3, 2]"),
        EPS_THROWS("svdvals", svdvals(v), "[.., m, n]", "f32 [3]"),
        EPS_THROWS("matrix_norm", matrix_norm(v), "[.., m, n]", "f32 [3]"),
        EPS_THROWS("matrix_norm", matrix_norm(none, 1), "undefined"),
        EPS_THROWS("matrix_norm", matrix_norm(zeros({2, 2}, {.dtype = i64})), "f32 or f64"),
        EPS_THROWS("matrix_norm", matrix_norm(a, 3), "no meaning", "got 3", "infinity"),
        EPS_THROWS("matrix_norm", matrix_norm(a, nan_), "no meaning"),
        EPS_THROWS("matrix_norm", matrix_norm(zeros({0, 2}), INFINITY), "without elements",
                   "[0, 2]"),
        EPS_THROWS("matrix_norm", matrix_norm(zeros({2, 0}), -2), "without elements", "[2, 0]"),
        EPS_THROWS("qr", qr(v), "f32 [3]"),
        EPS_THROWS("qr", qr(zeros({2, 2}, {.dtype = bf16})), "bf16"),
        EPS_THROWS("eigh", eigh(a), "not square", "[4, 3]"),
        EPS_THROWS("eigh", eigh(full({1, 2, 2}, nan_)), "matrix [0] of the batch is not finite"),
        EPS_THROWS("solve_triangular", solve_triangular(a, a), "not square"),
        EPS_THROWS("solve_triangular", solve_triangular(eye(3), a), "a [3, 3]", "b [4, 3]",
                   "expected b [.., 3, k]"),
        EPS_THROWS("solve_triangular", solve_triangular(eye(4), a, {.left = false}), "b [4, 3]",
                   "expected b [.., k, 4]"),
        EPS_THROWS("solve_triangular", solve_triangular(eye(3), v), "[.., m, n]", "f32 [3]"),
        EPS_THROWS("solve_triangular", solve_triangular(eye(4), real), "dtypes differ", "f32",
                   "f64"),
        EPS_THROWS("solve_triangular", solve_triangular(zeros({2, 3, 3}), zeros({5, 3, 1})),
                   "do not broadcast", "[2]", "[5]"),
        EPS_THROWS("solve", solve(eye(3), a), "a [3, 3]", "b [4, 3]"),
        EPS_THROWS("solve", solve(eye(4), v), "do not fit", "[4, 4]"),
        EPS_THROWS("solve", solve(eye(4), none), "undefined"),
        EPS_THROWS("solve", solve(eye(4), scalar), "f32 []"),
        EPS_THROWS("solve", solve(tensor({1, 2, 2, 4}, {2, 2}), a), "do not fit"),
        EPS_THROWS("solve", solve(tensor({1, 2, 2, 4}, {2, 2}), ones({2})),
                   "the matrix is singular", "pivot 2 of 2"),
        EPS_THROWS("inverse", inverse(tensor({1, 0, 0, 1, 0, 0, 0, 0}, {2, 2, 2})),
                   "matrix [1] of the batch is singular", "pivot 1 of 2"),
        EPS_THROWS("inverse", inverse(a), "not square"),
        EPS_THROWS("det", det(a), "not square"),
        EPS_THROWS("slogdet", slogdet(v), "f32 [3]"),
        EPS_THROWS("logdet", logdet(a), "not square"),
        EPS_THROWS("logdet_triangular", logdet_triangular(a), "not square"),
    };
    calls.insert(calls.end(), table.begin(), table.end());
}

}  // namespace eps::test
