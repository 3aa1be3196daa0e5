#include "tests/autograd/op_cases.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

void add_views(std::vector<OpCase>& cases) {
    const Tensor block = any({2, 3, 4});
    const Tensor row = any({5});
    const Tensor empty_block = any({2, 0, 3});
    const Tensor scalar = any({});
    const std::vector<OpCase> views = {
        EPS_CASE("reshape", "joins and cuts", reshape(x, {4, 6}), block),
        EPS_CASE("reshape", "infers an extent", reshape(x, {-1, 3}), block),
        EPS_CASE("reshape", "after a permutation", reshape(permute(x, {2, 0, 1}), {8, 3}), block),
        EPS_CASE("reshape", "of an empty slice",
                 reshape(slice(slice(x, 2, 0, INT64_MAX, 2), 1, 1, 1), {5, 0}), block),
        EPS_CASE("reshape", "rank 0 to rank 3", reshape(x, {1, 1, 1}), scalar),
        EPS_CASE("flatten", "the last two", flatten(x, 1, 2), block),
        EPS_CASE("flatten", "all, empty", flatten(x), empty_block),
        EPS_CASE("permute", "cycle", permute(x, {1, 2, 0}), block),
        EPS_CASE("permute", "rank 0", permute(x, {}) * x, scalar),
        EPS_CASE("transpose", "the last two", transpose(x), block),
        EPS_CASE("transpose", "named", transpose(x, 0, -1), block),
        EPS_CASE("expand", "new and old dimensions", expand(x, {2, 3, 4}), any({3, 1})),
        EPS_CASE("expand", "rank 0", expand(x, {2, 2}), scalar),
        EPS_CASE("expand", "to nothing", expand(x, {0, 3}), any({1, 3})),
        EPS_CASE("squeeze", "one", squeeze(x, 1), any({2, 1, 3})),
        EPS_CASE("squeeze", "all", squeeze(x), any({1, 2, 1})),
        EPS_CASE("unsqueeze", "inside", unsqueeze(x, 1), block),
        EPS_CASE("unsqueeze", "rank 0", unsqueeze(x, -1), scalar),
        EPS_CASE("slice", "steps", slice(x, 2, 1, INT64_MAX, 2), block),
        EPS_CASE("slice", "negative bounds", slice(x, 0, -4, -1), row),
        EPS_CASE("slice", "a step past the end", slice(x, 0, 1, INT64_MAX, INT64_MAX), row),
        EPS_CASE("slice", "nothing", slice(x, 0, 4, 2), row),
        EPS_CASE("narrow", "inside", narrow(x, 1, 1, 2), block),
        EPS_CASE("select", "drops the dimension", select(x, 1, -2), block),
        EPS_CASE("slice_backward", "with a step", slice_backward(x, {2, 9, 4}, 1, 2, 3), block),
        EPS_CASE("pad", "three sides", pad(x, {0, 1, 0}, {2, 0, 1}, 5), block),
        EPS_CASE("pad", "rank 0", pad(x, {}, {}) * 2.0, scalar),
        EPS_CASE("contiguous", "of a transpose", contiguous(transpose(x)), block),
        EPS_CASE("clone", "of a transpose", clone(transpose(x)), block),
        EPS_CASE("concat", "three along dim 1", concat({x, y, z}, 1), any({2, 1, 3}),
                 any({2, 2, 3}, 2), empty_block),
        EPS_CASE("concat", "one tensor twice", concat({x, y, x}, -1), any({2, 2}), any({2, 1}, 2)),
        EPS_CASE("stack", "in the middle", stack({x, y, x * y}, 1), any({2, 3}), any({2, 3}, 2)),
        EPS_CASE("stack", "rank 0", stack({x, y}), scalar, any({}, 2)),
        EPS_CASE("split", "one part unused", split(x, 2)[0] * split(x, 2)[2], row),
        EPS_CASE("split", "by sizes", concat({split(x, {1, 3}, 2)[1], split(x, {1, 3}, 2)[0]}, 2),
                 block),
        // f32 has 24 bits, so this takes a long step and a loose tolerance. The factor x keeps the
        // second derivative from being zero.
        {"to",
         "through f32",
         EPS_FUNCTION(to(to(x, f32), f64) * x),
         {any({2, 3})},
         {.step = 0.05, .absolute = 1e-4, .relative = 1e-4},
         /*second_order=*/false},
    };
    cases.insert(cases.end(), views.begin(), views.end());
    if (kernels::cuda::device_count() > 0)
        cases.push_back(
            EPS_CASE("transfer", "there and back", to(square(to(x, cuda)), cpu), block));
}

void add_reductions(std::vector<OpCase>& cases) {
    const Tensor block = any({2, 3, 4});
    const Tensor scalar = any({});
    const Tensor ties = fixed({1, 3, 3, -1, 2, 3}, {2, 3});
    const Tensor zeros_in = fixed({2, 0, 3, 0, 0, 1, 4, 5, 6}, {3, 3});
    const std::vector<OpCase> reductions = {
        EPS_CASE("sum", "all", square(sum(x)), block),
        EPS_CASE("sum", "outer dims, kept", sum(x * x, {0, 2}, true), block),
        EPS_CASE("sum", "rank 0", sum(x), scalar),
        EPS_CASE("sum", "of nothing", sum(x, {1}), any({2, 0, 3})),
        EPS_CASE("sum_to", "broadcast back", square(sum_to(x, {3, 1})), block),
        EPS_CASE("mean", "one dim", square(mean(x, {-1})), block),
        EPS_CASE("mean", "rank 0", mean(x), scalar),
        EPS_CASE("max", "one dim", square(max(x, {1})), block),
        EPS_CASE("max", "all, kept", max(x, {}, true) * x, block),
        EPS_CASE("max", "rank 0", max(x), scalar),
        EPS_CASE("min", "two dims", square(min(x, {0, 2})), block),
        EPS_CASE("prod", "one dim", prod(x, {1}), block),
        EPS_CASE("prod", "all", prod(x), uniform({7}, 0.5, 1.5)),
        EPS_CASE("prod", "zeros", prod(x, {1}), zeros_in),
        EPS_CASE("prod", "of nothing", prod(x, {0}) * sum(x), any({0, 2})),
        EPS_CASE("prod", "rank 0", prod(x), scalar),
        EPS_CASE("logsumexp", "one dim", logsumexp(x, {2}), block),
        {"logsumexp",
         "large",
         EPS_FUNCTION(logsumexp(x * 400.0, {0}, true)),
         {any({3, 2})},
         {.absolute = 1e-4, .relative = 1e-4},
         /*second_order=*/false},
        EPS_CASE("logsumexp", "ties", logsumexp(x, {1}), ties),
        EPS_CASE("var", "all", var(x), block),
        EPS_CASE("var", "one dim, of the population", var(x, {1}, true, 0), block),
        EPS_CASE("stddev", "one dim", stddev(x, {0}), any({4, 2})),
        EPS_CASE("norm", "2", norm(x, 2, {1}), block),
        EPS_CASE("norm", "1", norm(x, 1), block),
        EPS_CASE("norm", "infinity", norm(x, INFINITY, {2}, true), block),
        EPS_CASE("norm", "3", norm(x, 3, {0, 1}), block),
        EPS_CASE("norm", "1/2", norm(x, 0.5, {1}), block),
        EPS_CASE("norm", "-2", norm(x, -2, {2}), block),
        EPS_CASE("norm", "-infinity", norm(x, -INFINITY, {1}), block),
        EPS_CASE("normalize", "2", normalize(x, 2, 2), block),
        EPS_CASE("normalize", "1", normalize(x, 1, 0), block),
        EPS_CASE("cdist", "2", cdist(x, y), any({2, 3, 4}), any({2, 4}, 7)),
        EPS_CASE("cdist", "1", cdist(x, y, 1), any({3, 2}, 5), any({2, 2}, 6)),
        EPS_CASE("cumsum", "inner", square(cumsum(x, 2)), block),
        EPS_CASE("cumsum", "outer, reversed", cumsum(x, 0, true) * x, block),
        EPS_CASE("cumsum", "empty", cumsum(x, 1), any({2, 0})),
    };
    cases.insert(cases.end(), reductions.begin(), reductions.end());
}

void add_products(std::vector<OpCase>& cases) {
    const std::vector<OpCase> products = {
        EPS_CASE("matmul", "matrices", matmul(x, y), any({3, 4}), any({4, 2}, 2)),
        EPS_CASE("matmul", "a matrix with itself", matmul(x, transpose(x)), any({3, 2})),
        EPS_CASE("matmul", "batches", matmul(x, y), any({2, 3, 2}), any({2, 2, 3}, 2)),
        EPS_CASE("matmul", "batches that broadcast", matmul(x, y), any({2, 1, 2, 3}),
                 any({3, 3, 2}, 2)),
        EPS_CASE("matmul", "a batch and a matrix", matmul(x, y), any({2, 2, 3}), any({3, 2}, 2)),
        EPS_CASE("matmul", "a matrix and a batch", matmul(x, y), any({2, 3}), any({2, 3, 2}, 2)),
        EPS_CASE("matmul", "vectors", matmul(x, y), any({4}), any({4}, 2)),
        EPS_CASE("matmul", "vector and matrix", matmul(x, y), any({3}), any({3, 2}, 2)),
        EPS_CASE("matmul", "batch and vector", matmul(x, y), any({2, 2, 3}), any({3}, 2)),
        EPS_CASE("matmul", "vector and batch", matmul(x, y), any({3}), any({2, 3, 2}, 2)),
        EPS_CASE("matmul", "inner dimension 0", matmul(x, y), any({2, 0}), any({0, 3}, 2)),
        EPS_CASE("matmul", "no rows", matmul(x, y), any({0, 2}), any({2, 3}, 2)),
        EPS_CASE("linear", "with bias", linear(x, y, z), any({3, 2}), any({4, 2}, 2), any({4}, 3)),
        EPS_CASE("linear", "without bias", linear(x, y, {}), any({2, 2, 2}), any({3, 2}, 2)),
        EPS_CASE("linear", "rank 3", linear(x, y, z), any({2, 2, 3}), any({2, 3}, 2), any({2}, 3)),
        EPS_CASE("linear", "a vector", linear(x, y, z), any({3}), any({2, 3}, 2), any({2}, 3)),
        EPS_CASE("linear", "no features", linear(x, y, z), any({2, 2, 0}), any({3, 0}, 2),
                 any({3}, 3)),
    };
    cases.insert(cases.end(), products.begin(), products.end());
}

}  // namespace

std::vector<OpCase> op_cases() {
    std::vector<OpCase> cases;
    add_views(cases);
    add_reductions(cases);
    add_products(cases);
    add_indexing(cases);
    add_convolutions(cases);
    add_spatial(cases);
    add_volumes(cases);
    add_sampling(cases);
    add_composed(cases);
    add_fused(cases);
    add_linalg(cases);
    return cases;
}

}  // namespace eps::test
