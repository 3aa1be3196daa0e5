// Bad calls: picking by index, mask and search.
#include "tests/autograd/bad_calls.h"
#include "varepsilon.h"

namespace eps::test {
void add_bad_calls_indexing(std::vector<BadCall>& calls) {
    static const Tensor a = zeros({4, 3});
    static const Tensor b = zeros({5, 2});
    static const Tensor v = zeros({3});
    static const Tensor scalar = zeros({});
    static const Tensor none;
    static const Tensor whole = zeros({3}, {.dtype = i64});
    static const Tensor half = zeros({3}, {.dtype = bf16});
    static const Tensor real = zeros({4, 3}, {.dtype = f64});
    static const Tensor index = zeros({4, 3}, {.dtype = i64});
    const std::vector<BadCall> table = {
        EPS_THROWS("gather", gather(a, 0, full({4, 3}, 4, {.dtype = i64})), "out of range", "got 4",
                   "0 to 3"),
        EPS_THROWS("gather", gather(a, 1, full({4, 3}, -1, {.dtype = i64})), "got -1"),
        EPS_THROWS("gather", gather(a, 0, a), "must be i64", "f32 [4, 3]"),
        EPS_THROWS("gather", gather(a, 0, whole), "rank", "[3]", "[4, 3]"),
        EPS_THROWS("gather", gather(a, 0, zeros({4, 5}, {.dtype = i64})), "too large", "[4, 5]"),
        EPS_THROWS("scatter_add", scatter_add(a, 0, index, v), "f32 [3]", "f32 [4, 3]"),
        EPS_THROWS("scatter_add", scatter_add(a, 0, full({4, 3}, 9, {.dtype = i64}), a), "got 9"),
        EPS_THROWS("scatter_add", scatter_add(a, 0, index, real), "f64 [4, 3]"),
        EPS_THROWS("index_select", index_select(a, 0, index), "rank 1", "i64 [4, 3]"),
        EPS_THROWS("index_select", index_select(a, 2, whole), "dim 2"),
        EPS_THROWS("index_add", index_add(a, 0, whole, b), "f32 [5, 2]"),
        EPS_THROWS("cumsum", cumsum(a, 2), "dim 2"),
        EPS_THROWS("sort", sort(half), "bf16"),
        EPS_THROWS("argsort", argsort(a, -3), "dim -3"),
        EPS_THROWS("topk", topk(a, 4), "got 4", "0 to 3", "[4, 3]"),
        EPS_THROWS("topk", topk(a, 1, 2), "dim 2"),
        EPS_THROWS("one_hot", one_hot(a, 3), "must be i64", "f32"),
        EPS_THROWS("one_hot", one_hot(whole, 0), "at least one class"),
        EPS_THROWS("one_hot", one_hot(full({2}, 3, {.dtype = i64}), 3), "got 3", "0 to 2"),
        EPS_THROWS("index_select", index_select(a, 0, full({2}, 4, {.dtype = i64})), "got 4",
                   "0 to 3"),
        EPS_THROWS("index_add", index_add(a, 1, full({1}, -1, {.dtype = i64}), a), "got -1"),
        EPS_THROWS("scatter", scatter(a, 0, index, v), "f32 [3]", "f32 [4, 3]"),
        EPS_THROWS("scatter", scatter(a, 0, full({4, 3}, 4, {.dtype = i64}), a), "got 4", "0 to 3"),
        EPS_THROWS("index_copy", index_copy(a, 0, whole, b), "f32 [5, 2]", "f32 [3, 3]"),
        EPS_THROWS("index_copy", index_copy(a, 0, full({1}, -1, {.dtype = i64}), a), "got -1"),
        EPS_THROWS("embedding", embedding(a, v), "must be i64", "f32 [3]"),
        EPS_THROWS("embedding", embedding(v, whole), "[count, dim]", "[3]"),
        EPS_THROWS("embedding", embedding(a, whole, 4), "padding_idx", "got 4"),
        EPS_THROWS("embedding", embedding(a, full({2}, 4, {.dtype = i64})), "got 4", "0 to 3"),
        EPS_THROWS("cumprod", cumprod(a, 2), "dim 2"),
        EPS_THROWS("cumprod", cumprod(half, 0), "bf16"),
        EPS_THROWS("scatter_reduce", scatter_reduce(a, 0, index, real, Combine::prod), "f64 [4, 3]",
                   "f32 [4, 3]"),
        EPS_THROWS("scatter_reduce",
                   scatter_reduce(a, 0, full({4, 3}, 9, {.dtype = i64}), a, Combine::amax), "got 9",
                   "0 to 3"),
        EPS_THROWS("scatter_reduce", scatter_reduce(a > 0.0, 0, index, a > 0.0, Combine::amax),
                   "bool [4, 3]"),
        EPS_THROWS("index_put", index_put(a, {whole, whole, whole}, v), "got 3", "[4, 3]"),
        EPS_THROWS("index_put", index_put(a, {v}, v), "must be i64", "f32 [3]"),
        EPS_THROWS("index_put", index_put(a, {full({2}, 4, {.dtype = i64})}, v), "got 4", "0 to 3"),
        EPS_THROWS("index_put", index_put(a, {full({2}, -1, {.dtype = i64})}, v), "got -1"),
        EPS_THROWS("index_put", index_put(a, {whole}, b), "do not broadcast", "[5, 2]", "[3, 3]"),
        EPS_THROWS("index_put", index_put(a, {whole}, real), "dtypes differ", "f64"),
        EPS_THROWS("gather_nd", gather_nd(a, v), "must be i64", "f32 [3]"),
        EPS_THROWS("gather_nd", gather_nd(a, whole), "[3]", "1 to 2", "[4, 3]"),
        EPS_THROWS("gather_nd", gather_nd(a, index, 3), "batch_dims", "got 3"),
        EPS_THROWS("gather_nd", gather_nd(a, full({1, 2}, 3, {.dtype = i64})), "got 3", "0 to 2"),
        EPS_THROWS("scatter_nd", scatter_nd(a, full({2, 1}, 0, {.dtype = i64}), v), "f32 [3]",
                   "f32 [2, 3]"),
        EPS_THROWS("masked_fill", masked_fill(a, index, 0), "must be bool", "i64 [4, 3]"),
        EPS_THROWS("masked_fill", masked_fill(whole, whole > 0.0, 1e30), "beyond the range",
                   "1e+30"),
        EPS_THROWS("masked_select", masked_select(a, zeros({5}, {.dtype = boolean})),
                   "do not broadcast", "[4, 3]", "[5]"),
        EPS_THROWS("masked_select", masked_select(none, none), "undefined"),
        EPS_THROWS("nonzero", nonzero(none), "undefined"),
        EPS_THROWS("unique", unique(none), "undefined"),
        EPS_THROWS("searchsorted", searchsorted(a, v), "[4, 3]", "[3]"),
        EPS_THROWS("searchsorted", searchsorted(v, real), "dtypes differ", "f64"),
        EPS_THROWS("searchsorted", searchsorted(scalar, v), "[]", "[3]"),
        EPS_THROWS("bucketize", bucketize(v, a), "one line", "[4, 3]"),
    };
    calls.insert(calls.end(), table.begin(), table.end());
}

}  // namespace eps::test
