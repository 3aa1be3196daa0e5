// Bad calls: pointwise ops, reductions, products, norms and attention.
#include <limits>

#include "tests/autograd/bad_calls.h"
#include "varepsilon.h"

namespace eps::test {
namespace {

constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();

void broaden(Tensor x, const Tensor& y) { x += y; }
void halve(Tensor x) { x /= 2.0; }

}  // namespace

void add_bad_calls_math(std::vector<BadCall>& calls) {
    static const Tensor a = zeros({4, 3});
    static const Tensor b = zeros({5, 2});
    static const Tensor v = zeros({3});
    static const Tensor scalar = zeros({});
    static const Tensor none;
    static const Tensor empty_row = zeros({2, 0});
    static const Tensor whole = zeros({3}, {.dtype = i64});
    static const Tensor half = zeros({3}, {.dtype = bf16});
    static const Tensor real = zeros({4, 3}, {.dtype = f64});
    const std::vector<BadCall> table = {
        // Pointwise.
        EPS_THROWS("add", a + b, "do not broadcast", "[4, 3]", "[5, 2]"),
        EPS_THROWS("add", a + none, "undefined"),
        EPS_THROWS("add_scalar", whole + 0.5, "fractional", "0.5", "i64 [3]"),
        EPS_THROWS("mul_scalar", whole * 1.5, "fractional", "1.5"),
        EPS_THROWS("mul_scalar", mul_scalar(whole, {0.5}), "fractional", "0.5", "i64 [3]"),
        EPS_THROWS("clamp", clamp(whole, {.lo = 0.5}), "fractional", "0.5"),
        EPS_THROWS("add_scalar", none + 1.0, "undefined"),
        EPS_THROWS("add_scalar", whole + 1e30, "beyond the range", "1e+30", "i64 [3]"),
        EPS_THROWS("mul_scalar", zeros({2}, {.dtype = u8}) * 300.0, "beyond the range", "300",
                   "u8 [2]", "to(x, i64)"),
        EPS_THROWS("mul", half * half, "bf16 [3]", "storage type"),
        EPS_THROWS("mul", v * zeros({3}, {.dtype = f16}), "f16 is a storage type"),
        EPS_THROWS("exp", exp(half), "bf16"),
        EPS_THROWS("eq", eq(v, half), "bf16"),
        EPS_THROWS("gt", static_cast<void>(none > 0.0), "undefined"),
        EPS_THROWS("where", where(a, b, v), "do not broadcast", "[4, 3]", "[5, 2]"),
        EPS_THROWS("gelu", gelu(none), "undefined"),
        EPS_THROWS("softshrink", softshrink(v, {.lambda = -1}), "lambda must not be negative"),
        EPS_THROWS("softshrink", softshrink(v, {.lambda = nan_}), "lambda must not be negative"),
        EPS_THROWS("celu", celu(v, {.alpha = 0}), "alpha must not be 0"),
        EPS_THROWS("huber", huber(v, v, {.delta = 0}), "delta must be positive"),
        EPS_THROWS("operator+=", broaden(v, a), "change its shape or dtype", "f32 [3]",
                   "f32 [4, 3]"),
        EPS_THROWS("operator/=", halve(whole), "change its shape or dtype", "i64 [3]", "f32 [3]"),
        EPS_THROWS("add", broaden(v, none), "undefined"),
        // Reductions.
        EPS_THROWS("sum", sum(a, {2}), "dim 2", "rank 2"),
        EPS_THROWS("sum", sum(a, {0, -2}), "twice"),
        EPS_THROWS("sum", sum(half), "bf16"),
        EPS_THROWS("sum_to", sum_to(a, {2, 3}), "[2, 3]", "[4, 3]"),
        EPS_THROWS("mean", mean(none), "undefined"),
        EPS_THROWS("max", max(empty_row, {1}), "empty reduction", "[2, 0]"),
        EPS_THROWS("min", min(empty_row), "empty reduction", "[2, 0]"),
        EPS_THROWS("prod", prod(half), "bf16"),
        EPS_THROWS("logsumexp", logsumexp(a, {3}), "dim 3"),
        EPS_THROWS("var", var(a, {3}), "dim 3"),
        EPS_THROWS("stddev", stddev(none), "undefined"),
        EPS_THROWS("norm", norm(a, nan_), "NaN"),
        EPS_THROWS("norm", norm(zeros({0}), INFINITY), "no elements", "[0]"),
        EPS_THROWS("normalize", normalize(a, 2, 0, 0), "positive", "0"),
        EPS_THROWS("normalize", normalize(a, 2, 4), "dim 4"),
        EPS_THROWS("cdist", cdist(a, zeros({3, 5})), "[.., n, d]", "[3, 5]"),
        EPS_THROWS("cdist", cdist(zeros({3}), a), "[.., n, d]", "[3]"),
        EPS_THROWS("local_response_norm", local_response_norm(a, 0), "at least one", "0"),
        EPS_THROWS("local_response_norm", local_response_norm(zeros({3}), 2), "[B, C, ..]"),
        EPS_THROWS("softmax", softmax(a, 0, i64), "f32 or f64", "i64"),
        EPS_THROWS("log_softmax", log_softmax(a, 0, boolean), "f32 or f64", "bool"),
        EPS_THROWS("norm", norm(a, 2, {4}), "dim 4"),
        EPS_THROWS("argmax", argmax(empty_row, 1), "dim 1 of [2, 0] is empty"),
        EPS_THROWS("argmin", argmin(a, 2), "dim 2"),
        EPS_THROWS("any", any(a, {2}), "dim 2"),
        EPS_THROWS("all", all(none), "undefined"),
        // Products.
        EPS_THROWS("matmul", matmul(a, b), "a is [4, 3]", "b is [5, 2]"),
        EPS_THROWS("matmul", matmul(a, zeros({4, 2})), "did you mean matmul(transpose(a), b)"),
        EPS_THROWS("matmul", matmul(a, zeros({2, 3})), "did you mean matmul(a, transpose(b))"),
        EPS_THROWS("matmul", matmul(v, zeros({4})), "[3]", "[4]"),
        EPS_THROWS("matmul", matmul(zeros({2, 1, 3}), zeros({5, 3, 1})), "do not broadcast", "[2]",
                   "[5]"),
        EPS_THROWS("matmul", matmul(a, transpose(real)), "f32", "f64"),
        EPS_THROWS("matmul", matmul(scalar, a), "rank at least 1", "[]"),
        EPS_THROWS("matmul", matmul(whole, whole), "i64"),
        EPS_THROWS("linear", linear(a, b, none), "[4, 3]", "[5, 2]"),
        EPS_THROWS("linear", linear(a, zeros({2, 3}), v), "bias", "f32 [3]", "[2]"),
        EPS_THROWS("linear", linear(a, v, none), "[out, in]", "[3]"),
        EPS_THROWS("linear", linear(scalar, a, none), "[]", "[4, 3]"),
        // Einsum.
        EPS_THROWS("einsum", einsum("ij,jk", {a}), "got 1", "expected 2", "ij,jk"),
        EPS_THROWS("einsum", einsum("ijk", {a}), "operand 0", "[4, 3]", "expected 3"),
        EPS_THROWS("einsum", einsum("ij...k", {a}), "operand 0", "at least 3"),
        EPS_THROWS("einsum", einsum("i%", {a}), "'%' at position 1", "i%"),
        EPS_THROWS("einsum", einsum("ij->i->j", {a}), "'-' at position 5"),
        EPS_THROWS("einsum", einsum("ij->i,j", {a}), "',' at position 5"),
        EPS_THROWS("einsum", einsum("......", {a}), "second \"...\"", "position 3"),
        EPS_THROWS("einsum", einsum("ij,jk->ik", {a, b}), "'j' differ", "got 5 in operand 1",
                   "expected 3"),
        EPS_THROWS("einsum", einsum("ii->i", {a}), "'i'", "twice", "[4, 3]"),
        EPS_THROWS("einsum", einsum("ij->ik", {a}), "'k'", "no operand"),
        EPS_THROWS("einsum", einsum("ij->ii", {a}), "'i'", "twice in the output"),
        EPS_THROWS("einsum", einsum("...j->j", {a}), "leaves out", "...j->j"),
        EPS_THROWS("einsum", einsum("ij,ij", {a, real}), "dtypes differ", "f64 [4, 3]"),
        EPS_THROWS("einsum", einsum("ij", {none}), "undefined"),
        EPS_THROWS("einsum", einsum("", std::span<const Tensor>()), "got 0", "expected 1"),
        // Normalisation and attention.
        EPS_THROWS("group_norm", group_norm(zeros({2, 6, 4}), 4), "do not divide", "[2, 6, 4]"),
        EPS_THROWS("batch_norm", batch_norm(zeros({1, 3}), {}, {}), "more than one value"),
        EPS_THROWS("batch_norm", batch_norm(zeros({4, 3}), {}, {}, {}, {}, {.training = false}),
                   "running statistics"),
        EPS_THROWS("layer_norm", layer_norm(a, {4}), "[4, 3]", "[4]"),
        EPS_THROWS("softmax", softmax(a, 2), "dim 2"),
        EPS_THROWS(
            "scaled_dot_product_attention",
            scaled_dot_product_attention(zeros({1, 2, 3}), zeros({1, 2, 4}), zeros({1, 2, 3})),
            "do not fit"),
        EPS_THROWS("scaled_dot_product_attention", scaled_dot_product_attention(a, a, a),
                   "rank 3 or 4"),
    };
    calls.insert(calls.end(), table.begin(), table.end());
}

}  // namespace eps::test
