// Every public function called wrongly: each refuses with one sentence that names it and shows what
// it got. Nothing crashes, and nothing answers.
#include <cmath>
#include <limits>

#include "autograd/gradcheck.h"
#include "tensor/contract/kernels.h"
#include "tests/autograd/bad_calls.h"
#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t huge = std::int64_t{1} << 62;

}  // namespace

std::vector<BadCall> eps::test::bad_calls() {
    static const Tensor a = zeros({4, 3}), b = zeros({5, 2}), v = zeros({3}), scalar = zeros({}),
                        none, empty_row = zeros({2, 0});
    static const Tensor whole = zeros({3}, {.dtype = i64}), half = zeros({3}, {.dtype = bf16}),
                        real = zeros({4, 3}, {.dtype = f64});
    static const Tensor index = zeros({4, 3}, {.dtype = i64}), w = zeros({4, 3}).requires_grad_(),
                        computed = w * 2.0;
    static const TensorFunction same = [](const std::vector<Tensor>& in) { return in[0]; };
    return {
        // Making tensors.
        {"empty",
         [] {
             zeros({2, -3});
         },
         {"negative extent", "[2, -3]"}},
        {"empty", [] { rand({-1}); }, {"negative extent", "[-1]"}},
        {"empty", [] { zeros({huge}); }, {"overflows", "[4611686018427387904]"}},
        {"shape",
         [] {
             zeros({huge, huge});
         },
         {"overflows"}},
        {"shape",
         [] {
             zeros({1, 1, 1, 1, 1, 1, 1, 1, 1});
         },
         {"too many dimensions", "9", "8"}},
        {"cpu allocator", [] { zeros({huge / 1024}); }, {"larger than any machine's memory"}},
        {"tensor",
         [] {
             tensor({1, 2, 3}, {2, 2});
         },
         {"3 values", "expected 4", "[2, 2]"}},
        {"tensor",
         [] {
             tensor({1, 256}, {2}, {.dtype = u8});
         },
         {"beyond the range", "256", "u8"}},
        {"full", [] { full({2}, -1, {.dtype = u8}); }, {"beyond the range", "-1", "u8"}},
        {"fill_",
         [] { zeros({2}, {.dtype = i64}).fill_(1e300); },
         {"beyond the range", "1e+300", "i64"}},
        {"Tensor", [] { none.shape(); }, {"undefined"}},
        {"Tensor", [] { none.dtype(); }, {"undefined"}},
        {"from_span", [] { from_span(std::span<const float>(), {2}); }, {"0 values", "expected 2"}},
        {"arange", [] { arange(0, 1, nan_); }, {"bad step", "nan"}},
        {"arange", [] { arange(0, 1, 0); }, {"bad step", "step 0"}},
        {"arange", [] { arange(0, 1e300); }, {"bad step", "1e+300"}},
        {"linspace", [] { linspace(0, 1, -2); }, {"negative count", "-2"}},
        {"empty", [] { eye(-1); }, {"negative extent"}},
        {"full_like", [] { zeros_like(none); }, {"undefined"}},
        // Random numbers.
        {"rand", [] { rand({2}, Options{.dtype = i64}); }, {"f32 or f64", "i64"}},
        {"randn", [] { randn({2}, Options{.dtype = bf16}); }, {"bf16"}},
        {"randint", [] { randint(5, 5, {2}); }, {"low 5", "high 5"}},
        {"randint", [] { randint(0, huge, {2}); }, {"2^53"}},
        {"bernoulli", [] { bernoulli(1.5, {2}); }, {"not a probability", "1.5"}},
        {"bernoulli", [] { bernoulli(nan_, {2}); }, {"not a probability", "nan"}},
        {"bernoulli", [] { bernoulli(whole); }, {"i64 [3]"}},
        {"bernoulli", [] { bernoulli(none); }, {"undefined"}},
        {"randperm", [] { randperm(-1); }, {"negative length"}},
        // The tensor itself.
        {"item", [] { a.item(); }, {"one element", "f32 [4, 3]"}},
        {"item", [] { none.item(); }, {"undefined"}},
        {"to_vector", [] { none.to_vector(); }, {"undefined"}},
        {"data", [] { a.data<double>(); }, {"f64", "f32 [4, 3]"}},
        {"data", [] { none.data<float>(); }, {"undefined"}},
        {"size", [] { a.size(2); }, {"dim 2", "rank 2"}},
        {"copy_", [] { Tensor(v).copy_(a); }, {"broadcast", "[4, 3]", "[3]"}},
        {"copy_", [] { Tensor(v).copy_(none); }, {"undefined"}},
        {"copy_", [] { Tensor(w).copy_(a); }, {"requires a gradient", "NoGrad"}},
        {"fill_", [] { Tensor(computed).fill_(1); }, {"requires a gradient", "NoGrad"}},
        {"requires_grad_", [] { Tensor(whole).requires_grad_(); }, {"f32 and f64", "i64 [3]"}},
        {"requires_grad_", [] { Tensor(half).requires_grad_(); }, {"bf16"}},
        {"requires_grad_",
         [] { Tensor(computed).requires_grad_(); },
         {"computed from others", "detach"}},
        {"requires_grad_", [] { Tensor().requires_grad_(); }, {"undefined"}},
        {"set_grad", [] { a.set_grad(a); }, {"not a leaf"}},
        {"set_grad", [] { w.set_grad(v); }, {"f32 [3]", "f32 [4, 3]"}},
        {"set_grad", [] { none.set_grad(v); }, {"undefined"}},
        {"detach", [] { detach(none); }, {"undefined"}},
        {"to", [] { to(none, f64); }, {"undefined"}},
        // Pointwise.
        {"add", [] { a + b; }, {"do not broadcast", "[4, 3]", "[5, 2]"}},
        {"add", [] { a + none; }, {"undefined"}},
        {"add_scalar", [] { whole + 0.5; }, {"fractional", "0.5", "i64 [3]"}},
        {"mul_scalar", [] { whole * 1.5; }, {"fractional", "1.5"}},
        {"mul_scalar", [] { mul_scalar(whole, {0.5}); }, {"fractional", "0.5", "i64 [3]"}},
        {"clamp", [] { clamp(whole, {.lo = 0.5}); }, {"fractional", "0.5"}},
        {"add_scalar", [] { none + 1.0; }, {"undefined"}},
        {"add_scalar", [] { whole + 1e30; }, {"beyond the range", "1e+30", "i64 [3]"}},
        {"mul_scalar",
         [] { zeros({2}, {.dtype = u8}) * 300.0; },
         {"beyond the range", "300", "u8 [2]", "to(x, i64)"}},
        {"mul", [] { half* half; }, {"bf16 [3]", "storage type"}},
        {"mul", [] { v* zeros({3}, {.dtype = f16}); }, {"f16 is a storage type"}},
        {"exp", [] { exp(half); }, {"bf16"}},
        {"eq", [] { eq(v, half); }, {"bf16"}},
        {"gt", [] { none > 0.0; }, {"undefined"}},
        {"where", [] { where(a, b, v); }, {"do not broadcast", "[4, 3]", "[5, 2]"}},
        {"gelu", [] { gelu(none); }, {"undefined"}},
        // Views.
        {"reshape",
         [] {
             reshape(a, {5, 3});
         },
         {"[4, 3] (12)", "[5, 3] (15)"}},
        {"reshape",
         [] {
             reshape(a, {-1, -1});
         },
         {"only one extent", "[-1, -1]"}},
        {"reshape",
         [] {
             reshape(a, {5, -1});
         },
         {"cannot be inferred", "[5, -1]"}},
        {"reshape",
         [] {
             reshape(a, {-2, -6});
         },
         {"negative extent"}},
        {"reshape",
         [] {
             reshape(empty_row, {0, -1});
         },
         {"cannot be inferred"}},
        {"shape",
         [] {
             reshape(a, {huge, 4, -1});
         },
         {"overflows", "[4611686018427387904, 4, 1]"}},
        {"flatten", [] { flatten(a, 1, 0); }, {"behind"}},
        {"flatten", [] { flatten(a, 0, 2); }, {"dim 2", "rank 2"}},
        {"permute", [] { permute(a, {0}); }, {"every dimension", "[0]", "[4, 3]"}},
        {"permute",
         [] {
             permute(a, {1, -1});
         },
         {"twice", "[1, -1]"}},
        {"permute",
         [] {
             permute(a, {0, 5});
         },
         {"dim 5", "rank 2"}},
        {"transpose", [] { transpose(v); }, {"dim -2", "rank 1"}},
        {"expand",
         [] {
             expand(a, {4, 4});
         },
         {"[4, 3]", "[4, 4]"}},
        {"expand", [] { expand(a, {3}); }, {"[4, 3]", "[3]"}},
        {"expand",
         [] {
             expand(scalar, {2, -1});
         },
         {"[2, -1]"}},
        {"squeeze", [] { squeeze(a, 0); }, {"extent 4", "[4, 3]"}},
        {"unsqueeze", [] { unsqueeze(a, 4); }, {"dim 4"}},
        {"shape",
         [] {
             unsqueeze(zeros({1, 1, 1, 1, 1, 1, 1, 1}), 0);
         },
         {"too many dimensions", "8"}},
        {"slice", [] { slice(a, 0, 0, 4, 0); }, {"step", "got 0"}},
        {"slice", [] { slice(scalar, 0, 0); }, {"dim 0", "rank 0"}},
        {"narrow", [] { narrow(a, 0, 3, 2); }, {"start 3", "length 2", "[4, 3]"}},
        {"narrow", [] { narrow(a, 0, 1, -1); }, {"length -1"}},
        {"narrow", [] { narrow(a, 0, 0, huge); }, {"outside"}},
        {"select", [] { select(a, 1, 3); }, {"index 3", "extent 3"}},
        {"select", [] { select(a, 1, -4); }, {"index -4"}},
        {"pad",
         [] {
             pad(a, {1}, {1, 1});
         },
         {"[1]", "[4, 3]"}},
        {"pad",
         [] {
             pad(a, {0, -1}, {0, 0});
         },
         {"negative width"}},
        {"pad", [] { pad(v, {INT64_MAX}, {INT64_MAX}); }, {"overflow"}},
        {"embed",
         [] {
             embed(a, {4, 5}, 1, 3, 2);
         },
         {"does not fit", "[4, 3]", "[4, 5]"}},
        {"diagonal", [] { diagonal(v); }, {"two dimensions", "[3]"}},
        {"diagonal", [] { diagonal(a, 0, 1, -1); }, {"different", "1 and -1", "[4, 3]"}},
        {"diagonal", [] { diagonal(a, 4); }, {"outside", "got 4", "-4 to 3", "[4, 3]"}},
        {"diagonal", [] { diagonal(none); }, {"undefined"}},
        {"embed_diagonal",
         [] {
             embed_diagonal(v, {4, 5});
         },
         {"does not fit", "[3]", "expected [4]", "[4, 5]"}},
        {"contiguous", [] { contiguous(none); }, {"undefined"}},
        {"clone", [] { clone(none); }, {"undefined"}},
        // Joining.
        {"concat",
         [] {
             concat({a, b});
         },
         {"tensor 1", "[5, 2]", "[4, 3]"}},
        {"concat",
         [] {
             concat({a, v});
         },
         {"[3]", "[4, 3]"}},
        {"concat", [] { concat(std::span<const Tensor>()); }, {"nothing to join"}},
        {"concat",
         [] {
             concat({scalar, scalar});
         },
         {"rank 0"}},
        {"concat",
         [] {
             concat({a, none});
         },
         {"undefined"}},
        {"stack",
         [] {
             stack({a, v});
         },
         {"[3]", "[4, 3]"}},
        {"stack", [] { stack({none}); }, {"undefined"}},
        {"split", [] { split(a, 0); }, {"at least 1"}},
        {"split",
         [] {
             split(a, {1, 2});
         },
         {"do not add up", "1 are left over of 4"}},
        {"split",
         [] {
             split(a, {5, -1});
         },
         {"got 5 with 4 left", "dim 0"}},
        {"split", [] { split(a, 2, 7); }, {"dim 7", "rank 2"}},
        // Reductions.
        {"sum", [] { sum(a, {2}); }, {"dim 2", "rank 2"}},
        {"sum",
         [] {
             sum(a, {0, -2});
         },
         {"twice"}},
        {"sum", [] { sum(half); }, {"bf16"}},
        {"sum_to",
         [] {
             sum_to(a, {2, 3});
         },
         {"[2, 3]", "[4, 3]"}},
        {"mean", [] { mean(none); }, {"undefined"}},
        {"max", [] { max(empty_row, {1}); }, {"empty reduction", "[2, 0]"}},
        {"min", [] { min(empty_row); }, {"empty reduction", "[2, 0]"}},
        {"prod", [] { prod(half); }, {"bf16"}},
        {"logsumexp", [] { logsumexp(a, {3}); }, {"dim 3"}},
        {"var", [] { var(a, {3}); }, {"dim 3"}},
        {"stddev", [] { stddev(none); }, {"undefined"}},
        {"norm", [] { norm(a, 0.5); }, {"at least 1", "0.5"}},
        {"norm", [] { norm(a, nan_); }, {"nan"}},
        {"norm", [] { norm(a, 2, {4}); }, {"dim 4"}},
        {"argmax", [] { argmax(empty_row, 1); }, {"dim 1 of [2, 0] is empty"}},
        {"argmin", [] { argmin(a, 2); }, {"dim 2"}},
        {"any", [] { any(a, {2}); }, {"dim 2"}},
        {"all", [] { all(none); }, {"undefined"}},
        // Products.
        {"matmul", [] { matmul(a, b); }, {"a is [4, 3]", "b is [5, 2]"}},
        {"matmul",
         [] {
             matmul(a, zeros({4, 2}));
         },
         {"did you mean matmul(transpose(a), b)"}},
        {"matmul",
         [] {
             matmul(a, zeros({2, 3}));
         },
         {"did you mean matmul(a, transpose(b))"}},
        {"matmul", [] { matmul(v, zeros({4})); }, {"[3]", "[4]"}},
        {"matmul",
         [] {
             matmul(zeros({2, 1, 3}), zeros({5, 3, 1}));
         },
         {"do not broadcast", "[2]", "[5]"}},
        {"matmul", [] { matmul(a, transpose(real)); }, {"f32", "f64"}},
        {"matmul", [] { matmul(scalar, a); }, {"rank at least 1", "[]"}},
        {"matmul", [] { matmul(whole, whole); }, {"i64"}},
        {"linear", [] { linear(a, b, none); }, {"[4, 3]", "[5, 2]"}},
        {"linear",
         [] {
             linear(a, zeros({2, 3}), v);
         },
         {"bias", "f32 [3]", "[2]"}},
        {"linear", [] { linear(a, v, none); }, {"[out, in]", "[3]"}},
        {"linear", [] { linear(scalar, a, none); }, {"[]", "[4, 3]"}},
        // Indexing.
        {"gather",
         [] {
             gather(a, 0, full({4, 3}, 4, {.dtype = i64}));
         },
         {"out of range", "got 4", "0 to 3"}},
        {"gather",
         [] {
             gather(a, 1, full({4, 3}, -1, {.dtype = i64}));
         },
         {"got -1"}},
        {"gather", [] { gather(a, 0, a); }, {"must be i64", "f32 [4, 3]"}},
        {"gather", [] { gather(a, 0, whole); }, {"rank", "[3]", "[4, 3]"}},
        {"gather",
         [] {
             gather(a, 0, zeros({4, 5}, {.dtype = i64}));
         },
         {"too large", "[4, 5]"}},
        {"scatter_add", [] { scatter_add(a, 0, index, v); }, {"f32 [3]", "f32 [4, 3]"}},
        {"scatter_add",
         [] {
             scatter_add(a, 0, full({4, 3}, 9, {.dtype = i64}), a);
         },
         {"got 9"}},
        {"scatter_add", [] { scatter_add(a, 0, index, real); }, {"f64 [4, 3]"}},
        {"index_select", [] { index_select(a, 0, index); }, {"rank 1", "i64 [4, 3]"}},
        {"index_select", [] { index_select(a, 2, whole); }, {"dim 2"}},
        {"index_add", [] { index_add(a, 0, whole, b); }, {"f32 [5, 2]"}},
        {"cumsum", [] { cumsum(a, 2); }, {"dim 2"}},
        {"sort", [] { sort(half); }, {"bf16"}},
        {"argsort", [] { argsort(a, -3); }, {"dim -3"}},
        {"topk", [] { topk(a, 4); }, {"got 4", "0 to 3", "[4, 3]"}},
        {"topk", [] { topk(a, 1, 2); }, {"dim 2"}},
        {"one_hot", [] { one_hot(a, 3); }, {"must be i64", "f32"}},
        {"one_hot", [] { one_hot(whole, 0); }, {"at least one class"}},
        {"one_hot", [] { one_hot(full({2}, 3, {.dtype = i64}), 3); }, {"got 3", "0 to 2"}},
        {"index_select",
         [] { index_select(a, 0, full({2}, 4, {.dtype = i64})); },
         {"got 4", "0 to 3"}},
        {"index_add", [] { index_add(a, 1, full({1}, -1, {.dtype = i64}), a); }, {"got -1"}},
        {"scatter", [] { scatter(a, 0, index, v); }, {"f32 [3]", "f32 [4, 3]"}},
        {"scatter",
         [] {
             scatter(a, 0, full({4, 3}, 4, {.dtype = i64}), a);
         },
         {"got 4", "0 to 3"}},
        {"index_copy", [] { index_copy(a, 0, whole, b); }, {"f32 [5, 2]", "f32 [3, 3]"}},
        {"index_copy", [] { index_copy(a, 0, full({1}, -1, {.dtype = i64}), a); }, {"got -1"}},
        {"embedding", [] { embedding(a, v); }, {"must be i64", "f32 [3]"}},
        {"embedding", [] { embedding(v, whole); }, {"[count, dim]", "[3]"}},
        {"embedding", [] { embedding(a, whole, 4); }, {"padding_idx", "got 4"}},
        {"embedding", [] { embedding(a, full({2}, 4, {.dtype = i64})); }, {"got 4", "0 to 3"}},
        {"cumprod", [] { cumprod(a, 2); }, {"dim 2"}},
        {"cumprod", [] { cumprod(half, 0); }, {"bf16"}},
        {"scatter_reduce",
         [] { scatter_reduce(a, 0, index, real, Combine::prod); },
         {"f64 [4, 3]", "f32 [4, 3]"}},
        {"scatter_reduce",
         [] {
             scatter_reduce(a, 0, full({4, 3}, 9, {.dtype = i64}), a, Combine::amax);
         },
         {"got 9", "0 to 3"}},
        {"scatter_reduce",
         [] { scatter_reduce(a > 0.0, 0, index, a > 0.0, Combine::amax); },
         {"bool [4, 3]"}},
        {"index_put",
         [] {
             index_put(a, {whole, whole, whole}, v);
         },
         {"got 3", "[4, 3]"}},
        {"index_put", [] { index_put(a, {v}, v); }, {"must be i64", "f32 [3]"}},
        {"index_put", [] { index_put(a, {full({2}, 4, {.dtype = i64})}, v); }, {"got 4", "0 to 3"}},
        {"index_put", [] { index_put(a, {full({2}, -1, {.dtype = i64})}, v); }, {"got -1"}},
        {"index_put", [] { index_put(a, {whole}, b); }, {"do not broadcast", "[5, 2]", "[3, 3]"}},
        {"index_put", [] { index_put(a, {whole}, real); }, {"dtypes differ", "f64"}},
        {"gather_nd", [] { gather_nd(a, v); }, {"must be i64", "f32 [3]"}},
        {"gather_nd", [] { gather_nd(a, whole); }, {"[3]", "1 to 2", "[4, 3]"}},
        {"gather_nd", [] { gather_nd(a, index, 3); }, {"batch_dims", "got 3"}},
        {"gather_nd",
         [] {
             gather_nd(a, full({1, 2}, 3, {.dtype = i64}));
         },
         {"got 3", "0 to 2"}},
        {"scatter_nd",
         [] {
             scatter_nd(a, full({2, 1}, 0, {.dtype = i64}), v);
         },
         {"f32 [3]", "f32 [2, 3]"}},
        {"masked_fill", [] { masked_fill(a, index, 0); }, {"must be bool", "i64 [4, 3]"}},
        {"masked_fill",
         [] { masked_fill(whole, whole > 0.0, 1e30); },
         {"beyond the range", "1e+30"}},
        {"masked_select",
         [] { masked_select(a, zeros({5}, {.dtype = boolean})); },
         {"do not broadcast", "[4, 3]", "[5]"}},
        {"masked_select", [] { masked_select(none, none); }, {"undefined"}},
        {"nonzero", [] { nonzero(none); }, {"undefined"}},
        {"unique", [] { unique(none); }, {"undefined"}},
        {"tile",
         [] {
             tile(a, {2, -1});
         },
         {"negative", "[2, -1]"}},
        {"repeat_interleave", [] { repeat_interleave(a, -1); }, {"negative", "-1"}},
        {"repeat_interleave", [] { repeat_interleave(a, whole); }, {"i64 [3]", "i64 [4]"}},
        {"repeat_interleave",
         [] { repeat_interleave(v, full({3}, -2, {.dtype = i64})); },
         {"negative", "-2"}},
        {"meshgrid",
         [] {
             meshgrid({v, a});
         },
         {"rank 1", "f32 [4, 3]"}},
        {"searchsorted", [] { searchsorted(a, v); }, {"[4, 3]", "[3]"}},
        {"searchsorted", [] { searchsorted(v, real); }, {"dtypes differ", "f64"}},
        {"searchsorted", [] { searchsorted(scalar, v); }, {"[]", "[3]"}},
        {"bucketize", [] { bucketize(v, a); }, {"one line", "[4, 3]"}},
        {"einsum", [] { einsum("ij,jk", {a}); }, {"got 1", "expected 2", "ij,jk"}},
        {"einsum", [] { einsum("ijk", {a}); }, {"operand 0", "[4, 3]", "expected 3"}},
        {"einsum", [] { einsum("ij...k", {a}); }, {"operand 0", "at least 3"}},
        {"einsum", [] { einsum("i%", {a}); }, {"'%' at position 1", "i%"}},
        {"einsum", [] { einsum("ij->i->j", {a}); }, {"'-' at position 5"}},
        {"einsum", [] { einsum("ij->i,j", {a}); }, {"',' at position 5"}},
        {"einsum", [] { einsum("......", {a}); }, {"second \"...\"", "position 3"}},
        {"einsum",
         [] {
             einsum("ij,jk->ik", {a, b});
         },
         {"'j' differ", "got 5 in operand 1", "expected 3"}},
        {"einsum", [] { einsum("ii->i", {a}); }, {"'i'", "twice", "[4, 3]"}},
        {"einsum", [] { einsum("ij->ik", {a}); }, {"'k'", "no operand"}},
        {"einsum", [] { einsum("ij->ii", {a}); }, {"'i'", "twice in the output"}},
        {"einsum", [] { einsum("...j->j", {a}); }, {"leaves out", "...j->j"}},
        {"einsum",
         [] {
             einsum("ij,ij", {a, real});
         },
         {"dtypes differ", "f64 [4, 3]"}},
        {"einsum", [] { einsum("ij", {none}); }, {"undefined"}},
        {"einsum", [] { einsum("", std::span<const Tensor>()); }, {"got 0", "expected 1"}},
        {"conv2d", [] { conv2d(a, a); }, {"rank 4", "[4, 3]"}},
        {"conv2d",
         [] {
             conv2d(zeros({1, 3, 8, 8}), zeros({4, 2, 3, 3}));
         },
         {"channels differ", "[1, 3, 8, 8]", "[4, 2, 3, 3]"}},
        {"conv2d",
         [] {
             conv2d(zeros({1, 2, 2, 2}), zeros({4, 2, 3, 3}));
         },
         {"larger than the padded image"}},
        {"conv2d",
         [] {
             conv2d(zeros({1, 2, 8, 8}), zeros({4, 2, 3, 3}), zeros({3}));
         },
         {"bias", "f32 [3]", "f32 [4]"}},
        {"conv2d",
         [] {
             conv2d(zeros({1, 2, 8, 8}), zeros({4, 2, 3, 3}), {}, {.stride = {0, 1}});
         },
         {"stride"}},
        {"conv2d",
         [] {
             conv2d(zeros({1, 2, 8, 8}, {.dtype = f64}), zeros({4, 2, 3, 3}));
         },
         {"dtypes differ", "f64", "f32"}},
        {"conv_transpose2d",
         [] {
             conv_transpose2d(zeros({1, 2, 4, 4}), zeros({3, 2, 3, 3}));
         },
         {"channels differ", "[3, 2, 3, 3]"}},
        {"conv_transpose2d",
         [] {
             conv_transpose2d(zeros({1, 2, 4, 4}), zeros({2, 2, 3, 3}), {},
                              {.output_padding = {1, 1}});
         },
         {"output_padding"}},
        {"conv1d",
         [] {
             conv1d(zeros({2, 8}), zeros({4, 2, 3}));
         },
         {"rank 3", "unsqueeze(x, 0)"}},
        {"group_norm",
         [] {
             group_norm(zeros({2, 6, 4}), 4);
         },
         {"do not divide", "[2, 6, 4]"}},
        {"batch_norm",
         [] {
             batch_norm(zeros({1, 3}), {}, {});
         },
         {"more than one value"}},
        {"batch_norm",
         [] {
             batch_norm(zeros({4, 3}), {}, {}, {}, {}, {.training = false});
         },
         {"running statistics"}},
        {"layer_norm", [] { layer_norm(a, {4}); }, {"[4, 3]", "[4]"}},
        {"softmax", [] { softmax(a, 2); }, {"dim 2"}},
        {"scaled_dot_product_attention",
         [] {
             scaled_dot_product_attention(zeros({1, 2, 3}), zeros({1, 2, 4}), zeros({1, 2, 3}));
         },
         {"do not fit"}},
        {"scaled_dot_product_attention",
         [] { scaled_dot_product_attention(a, a, a); },
         {"rank 3 or 4"}},
        {"upsample_nearest", [] { upsample_nearest(a, 2); }, {"[B, C, H, W]"}},
        // Linear algebra.
        {"diag_embed", [] { diag_embed(scalar); }, {"rank 0"}},
        {"diag_embed", [] { diag_embed(v, INT64_MIN); }, {"overflows"}},
        {"shape",
         [] {
             diag_embed(zeros({1, 1, 1, 1, 1, 1, 1, 1}));
         },
         {"too many dimensions", "8"}},
        {"diag",
         [] {
             diag(zeros({2, 2, 2}));
         },
         {"vector or a matrix", "[2, 2, 2]"}},
        {"trace", [] { trace(v); }, {"[3]"}},
        {"trace", [] { trace(none); }, {"undefined"}},
        {"cholesky", [] { cholesky(a); }, {"not square", "[4, 3]"}},
        {"cholesky", [] { cholesky(none); }, {"undefined"}},
        {"cholesky",
         [] {
             cholesky(zeros({2, 2}, {.dtype = i64}));
         },
         {"f32 or f64", "i64 [2, 2]"}},
        {"cholesky",
         [] {
             cholesky(tensor({4, 2, 2, 1}, {2, 2}));
         },
         {"the matrix is not positive definite", "minor of order 2 of 2"}},
        {"cholesky",
         [] {
             cholesky(tensor({1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, -1, 0, 0, 1}, {2, 2, 2, 2}));
         },
         {"matrix [1, 1] of the batch", "order 1 of 2"}},
        {"lu", [] { lu(v); }, {"[.., m, n]", "f32 [3]"}},
        {"lu", [] { lu(a); }, {"not square"}},
        {"qr", [] { qr(v); }, {"f32 [3]"}},
        {"qr",
         [] {
             qr(zeros({2, 2}, {.dtype = bf16}));
         },
         {"bf16"}},
        {"eigh", [] { eigh(a); }, {"not square", "[4, 3]"}},
        {"eigh",
         [] {
             eigh(full({1, 2, 2}, nan_));
         },
         {"matrix [0] of the batch is not finite"}},
        {"solve_triangular", [] { solve_triangular(a, a); }, {"not square"}},
        {"solve_triangular",
         [] { solve_triangular(eye(3), a); },
         {"a [3, 3]", "b [4, 3]", "expected b [.., 3, k]"}},
        {"solve_triangular",
         [] { solve_triangular(eye(4), a, {.left = false}); },
         {"b [4, 3]", "expected b [.., k, 4]"}},
        {"solve_triangular", [] { solve_triangular(eye(3), v); }, {"[.., m, n]", "f32 [3]"}},
        {"solve_triangular",
         [] { solve_triangular(eye(4), real); },
         {"dtypes differ", "f32", "f64"}},
        {"solve_triangular",
         [] {
             solve_triangular(zeros({2, 3, 3}), zeros({5, 3, 1}));
         },
         {"do not broadcast", "[2]", "[5]"}},
        {"solve", [] { solve(eye(3), a); }, {"a [3, 3]", "b [4, 3]"}},
        {"solve", [] { solve(eye(4), v); }, {"do not fit", "[4, 4]"}},
        {"solve", [] { solve(eye(4), none); }, {"undefined"}},
        {"solve", [] { solve(eye(4), scalar); }, {"f32 []"}},
        {"solve",
         [] {
             solve(tensor({1, 2, 2, 4}, {2, 2}), a);
         },
         {"do not fit"}},
        {"solve",
         [] {
             solve(tensor({1, 2, 2, 4}, {2, 2}), ones({2}));
         },
         {"the matrix is singular", "pivot 2 of 2"}},
        {"inverse",
         [] {
             inverse(tensor({1, 0, 0, 1, 0, 0, 0, 0}, {2, 2, 2}));
         },
         {"matrix [1] of the batch is singular", "pivot 1 of 2"}},
        {"inverse", [] { inverse(a); }, {"not square"}},
        {"det", [] { det(a); }, {"not square"}},
        {"slogdet", [] { slogdet(v); }, {"f32 [3]"}},
        {"logdet_triangular", [] { logdet_triangular(a); }, {"not square"}},
        // Pooling, resizing, windows, rearrangements.
        {"max_pool2d",
         [] {
             max_pool2d(a, {2, 2});
         },
         {"[B, C, H, W]", "f32 [4, 3]"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({2, 4, 4}), {2, 2});
         },
         {"unsqueeze(x, 0)"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({1, 2, 4, 4}), {5, 2});
         },
         {"larger than the padded image", "extent 4", "window 5"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({1, 2, 4, 4}), {2, 2}, {.padding = {0, 2}});
         },
         {"less than the window", "got 2"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({1, 2, 4, 4}), {0, 2});
         },
         {"kernel 0"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({1, 2, 4, 4}), {2, 2}, {.stride = {-1, 1}});
         },
         {"stride -1"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({1, 2, 4, 4}), {huge, 2});
         },
         {"make no sense"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({1, 2, 1, 4}), {2, 2}, {.padding = {2, 0}, .dilation = {3, 1}});
         },
         {"between the pixels"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({1, 2, 0, 4}), {1, 1});
         },
         {"extent 0"}},
        {"max_pool2d",
         [] {
             max_pool2d(zeros({1, 2, 4, 4}, {.dtype = bf16}), {2, 2});
         },
         {"bf16"}},
        {"max_pool2d_with_indices",
         [] {
             max_pool2d_with_indices(none, {2, 2});
         },
         {"undefined"}},
        {"max_pool1d", [] { max_pool1d(a, 2); }, {"[B, C, L]"}},
        {"avg_pool2d",
         [] {
             avg_pool2d(zeros({1, 2, 4, 4}, {.dtype = i64}), {2, 2});
         },
         {"i64 [1, 2, 4, 4]", "to(x, f32)"}},
        {"avg_pool2d",
         [] {
             avg_pool2d(zeros({1, 2, 4, 4}), {2, 6});
         },
         {"larger", "window 6"}},
        {"avg_pool1d",
         [] {
             avg_pool1d(zeros({1, 2, 4}), 2, {.dilation = 0});
         },
         {"dilation 0"}},
        {"average_matrix",
         [] { average_matrix(4, 2, {.after = 2}); },
         {"less than the window", "0 and 2"}},
        {"adaptive_avg_pool2d",
         [] {
             adaptive_avg_pool2d(zeros({1, 2, 4, 4}), {0, 1});
         },
         {"not positive", "to 0"}},
        {"adaptive_avg_pool1d",
         [] {
             adaptive_avg_pool1d(zeros({1, 2, 0}), 1);
         },
         {"not positive", "[1, 2, 0]"}},
        {"adaptive_max_pool2d",
         [] {
             adaptive_max_pool2d(a, {1, 1});
         },
         {"[B, C, H, W]"}},
        {"adaptive_max_pool1d",
         [] {
             adaptive_max_pool1d(zeros({1, 2, 4}), -1);
         },
         {"to -1"}},
        {"resample",
         [] { resample(a, 0, CsrMatrix(3)); },
         {"another extent", "got 3", "expected 4"}},
        {"resample",
         [] {
             CsrMatrix t(4);
             t.add(4);
             t.end_row();
             resample(a, 0, t);
         },
         {"out of range", "got 4", "0 to 3"}},
        {"resample",
         [] {
             CsrMatrix t(4);
             t.add(0);
             resample(a, 0, t);
         },
         {"not whole", "1 sources"}},
        {"resample",
         [] {
             CsrMatrix t(3);
             t.add(0, 0.5);
             t.end_row();
             resample(whole, 0, t);
         },
         {"weighted sums", "i64 [3]"}},
        {"resample", [] { resample(scalar, 0, CsrMatrix(1)); }, {"dim 0", "rank 0"}},
        {"resize_matrix", [] { resize_matrix(0, 3); }, {"0 to 3"}},
        {"resize_matrix", [] { resize_matrix(2, 3, {.scale = nan_}); }, {"scale", "nan"}},
        {"resize_matrix", [] { resize_matrix(2, 3, {.crop_start = nan_}); }, {"crop", "nan"}},
        {"interpolate", [] { interpolate(a, {.size = {3}}); }, {"[B, C, H, W]", "[4, 3]"}},
        {"interpolate",
         [] {
             interpolate(zeros({1, 2, 4, 4}), {});
         },
         {"either a size or a scale_factor", "got 0 and 0"}},
        {"interpolate",
         [] {
             interpolate(zeros({1, 2, 4, 4}), {.size = {2, 2}, .scale_factor = {2}});
         },
         {"got 2 and 1"}},
        {"interpolate",
         [] {
             interpolate(zeros({1, 2, 4, 4}), {.scale_factor = {-1}});
         },
         {"positive", "-1"}},
        {"interpolate",
         [] {
             interpolate(zeros({1, 2, 4, 4}), {.scale_factor = {0.1}});
         },
         {"4 resized to 0"}},
        {"interpolate",
         [] {
             interpolate(zeros({1, 2, 4, 4}), {.size = {2, 2}, .align_corners = true});
         },
         {"for linear and cubic"}},
        {"interpolate",
         [] {
             interpolate(zeros({1, 2, 4}, {.dtype = u8}),
                         {.size = {3}, .mode = Interpolation::linear});
         },
         {"u8 [1, 2, 4]"}},
        {"interpolate",
         [] {
             interpolate(zeros({1, 2, 4}), {.size = {huge}});
         },
         {"beyond 2^31", "[1, 2, 4]"}},
        {"interpolate",
         [] {
             interpolate(zeros({1, 2, 4}), {.scale_factor = {1e9}});
         },
         {"beyond 2^31", "resized to 4"}},
        {"adaptive_avg_pool2d",
         [] {
             adaptive_avg_pool2d(zeros({1, 2, 4, 4}), {2, huge});
         },
         {"beyond 2^31"}},
        {"resize_matrix", [] { resize_matrix(2, huge); }, {"beyond 2^31"}},
        {"unfold",
         [] {
             unfold(zeros({1, 2, 4, 4}), {2, 2}, {.padding = {huge >> 32, 0}});
         },
         {"too many windows"}},
        {"unfold",
         [] {
             unfold(a, {2, 2});
         },
         {"[B, C, H, W]"}},
        {"unfold",
         [] {
             unfold(zeros({1, 2, 4, 4}), {2, 5});
         },
         {"larger than the padded image", "kernel 5"}},
        {"unfold",
         [] {
             unfold(zeros({1, 2, 4, 4}), {2, 2}, {.stride = {1, 0}});
         },
         {"stride 0"}},
        {"fold",
         [] {
             fold(zeros({1, 7, 4}), {3, 4}, {2, 3});
         },
         {"does not fit", "[1, 7, 4]", "[B, C 6, 4]"}},
        {"fold",
         [] {
             fold(zeros({1, 6, 4}), {3, 4}, {2, 3}, {.padding = {-1, 0}});
         },
         {"padding -1"}},
        {"flip", [] { flip(a, {2}); }, {"dim 2", "rank 2"}},
        {"flip", [] { flip(none, {0}); }, {"undefined"}},
        {"roll",
         [] {
             roll(a, {1, 2}, {0});
         },
         {"one shift for each dim"}},
        {"pad",
         [] {
             pad(a, {4, 0}, {0, 0}, PadMode::reflect);
         },
         {"not enough to repeat", "[4, 0]", "[4, 3]"}},
        {"pad",
         [] {
             pad(a, {0, 0}, {0, 4}, PadMode::circular);
         },
         {"not enough to repeat"}},
        {"pad",
         [] {
             pad(empty_row, {0, 1}, {0, 0}, PadMode::replicate);
         },
         {"not enough to repeat"}},
        {"pad",
         [] {
             pad(a, {-1, 0}, {0, 0}, PadMode::replicate);
         },
         {"negative width"}},
        {"pad",
         [] {
             pad(a, {huge, 0}, {0, 0}, PadMode::replicate);
         },
         {"overflows"}},
        {"pad", [] { pad(a, {1}, {1}, PadMode::reflect); }, {"one width a dimension"}},
        {"pixel_shuffle",
         [] {
             pixel_shuffle(zeros({1, 6, 2, 2}), 2);
         },
         {"no multiple", "[1, 6, 2, 2]"}},
        {"pixel_shuffle",
         [] {
             pixel_shuffle(zeros({1, 4, 2, 2}), 0);
         },
         {"factor 0"}},
        {"pixel_unshuffle",
         [] {
             pixel_unshuffle(zeros({1, 4, 3, 2}), 2);
         },
         {"does not divide", "[1, 4, 3, 2]"}},
        {"tril", [] { tril(v); }, {"matrices", "[3]"}},
        {"triu", [] { triu(none); }, {"undefined"}},
        // Derivatives.
        {"backward", [] { backward(a); }, {"requires a gradient", "requires_grad_"}},
        {"backward", [] { backward(none); }, {"requires a gradient"}},
        {"backward", [] { backward(computed); }, {"several elements", "f32 [4, 3]", "sum()"}},
        {"backward", [] { backward(computed, {.gradient = v}); }, {"f32 [3]", "f32 [4, 3]"}},
        {"backward", [] { backward(computed, {.gradient = real}); }, {"f64 [4, 3]"}},
        {"grad", [] { grad(sum(computed), {a}); }, {"input 0", "does not require a gradient"}},
        {"grad", [] { grad(sum(computed), {none}); }, {"input 0"}},
        {"grad", [] { grad(a, {w}); }, {"requires a gradient"}},
        {"register_hook", [] { register_hook(w, {}); }, {"empty"}},
        {"register_hook", [] { register_hook(a, {}); }, {"does not require a gradient"}},
        {"gradcheck",
         [] { gradgradcheck([](const std::vector<Tensor>&) { return Tensor(); }, {real}); },
         {"returned an undefined tensor"}},
        {"gradcheck", [] { gradcheck(same, {none}); }, {"undefined"}},
        {"gradcheck", [] { gradcheck(same, {w}); }, {"f32 [4, 3]", "f64"}},
    };
}

TEST_CASE("bad calls: each is one sentence that names the op and what it got") {
    const std::vector<BadCall> calls = bad_calls();
    CHECK(calls.size() >= 150);
    std::size_t number = 0;
    for (const BadCall& bad : calls) {
        const std::string place = std::string(bad.op) + " (call " + std::to_string(number++) + ")";
        CAPTURE(place);
        Refusal refusal;
        CHECK_NOTHROW(refusal = refusal_of(bad.call));  // nothing but an eps::Error
        CHECK(refusal.op == bad.op);
        CHECK(refusal.sentence.rfind(std::string(bad.op) + ": ", 0) == 0);
        CHECK(refusal.sentence.find('\n') == std::string::npos);
        for (const char* part : bad.says)
            CHECK_MESSAGE(contains(refusal.sentence, part), std::string(part),
                          " is not in: ", refusal.sentence);
    }
}

TEST_CASE("bad calls: other devices") {
    const Tensor a = ones({2});
    if (kernels::cuda::device_count() > 0) {
        const Tensor b = to(a, cuda);
        for (const auto& call :
             std::vector<std::function<void()>>{[=] { a + b; }, [=] { matmul(a, b); },
                                                [=] {
                                                    concat({a, b});
                                                }})
            CHECK(contains(refusal_of(call).sentence, "different devices"));
        CHECK(contains(refusal_of([=] { b.data<float>(); }).sentence, "lives on cuda:0"));
        return;
    }
    for (const auto& call : std::vector<std::function<void()>>{[] { zeros({2}, {.device = cuda}); },
                                                               [=] { to(a, cuda); }})
        CHECK_FALSE(refusal_of(call).sentence.empty());
}
