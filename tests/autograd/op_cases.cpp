#include "tests/autograd/op_cases.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

void add_views(std::vector<OpCase>& cases) {
    const Tensor block = any({2, 3, 4}), row = any({5}), empty_block = any({2, 0, 3}),
                 scalar = any({});
    const std::vector<OpCase> views = {
        {"reshape", "joins and cuts", EPS_ONE(reshape(x, {4, 6})), {block}},
        {"reshape", "infers an extent", EPS_ONE(reshape(x, {-1, 3})), {block}},
        {"reshape",
         "after a permutation",
         EPS_ONE(reshape(permute(x, {2, 0, 1}), {8, 3})),
         {block}},
        {"reshape",
         "of an empty slice",
         EPS_ONE(reshape(slice(slice(x, 2, 0, INT64_MAX, 2), 1, 1, 1), {5, 0})),
         {block}},
        {"reshape", "rank 0 to rank 3", EPS_ONE(reshape(x, {1, 1, 1})), {scalar}},
        {"flatten", "the last two", EPS_ONE(flatten(x, 1, 2)), {block}},
        {"flatten", "all, empty", EPS_ONE(flatten(x)), {empty_block}},
        {"permute", "cycle", EPS_ONE(permute(x, {1, 2, 0})), {block}},
        {"permute", "rank 0", EPS_ONE(permute(x, {}) * x), {scalar}},
        {"transpose", "the last two", EPS_ONE(transpose(x)), {block}},
        {"transpose", "named", EPS_ONE(transpose(x, 0, -1)), {block}},
        {"expand", "new and old dimensions", EPS_ONE(expand(x, {2, 3, 4})), {any({3, 1})}},
        {"expand", "rank 0", EPS_ONE(expand(x, {2, 2})), {scalar}},
        {"expand", "to nothing", EPS_ONE(expand(x, {0, 3})), {any({1, 3})}},
        {"squeeze", "one", EPS_ONE(squeeze(x, 1)), {any({2, 1, 3})}},
        {"squeeze", "all", EPS_ONE(squeeze(x)), {any({1, 2, 1})}},
        {"unsqueeze", "inside", EPS_ONE(unsqueeze(x, 1)), {block}},
        {"unsqueeze", "rank 0", EPS_ONE(unsqueeze(x, -1)), {scalar}},
        {"slice", "steps", EPS_ONE(slice(x, 2, 1, INT64_MAX, 2)), {block}},
        {"slice", "negative bounds", EPS_ONE(slice(x, 0, -4, -1)), {row}},
        {"slice", "a step past the end", EPS_ONE(slice(x, 0, 1, INT64_MAX, INT64_MAX)), {row}},
        {"slice", "nothing", EPS_ONE(slice(x, 0, 4, 2)), {row}},
        {"narrow", "inside", EPS_ONE(narrow(x, 1, 1, 2)), {block}},
        {"select", "drops the dimension", EPS_ONE(select(x, 1, -2)), {block}},
        {"embed", "with a step", EPS_ONE(embed(x, {2, 9, 4}, 1, 2, 3)), {block}},
        {"pad", "three sides", EPS_ONE(pad(x, {0, 1, 0}, {2, 0, 1}, 5)), {block}},
        {"pad", "rank 0", EPS_ONE(pad(x, {}, {}) * 2.0), {scalar}},
        {"clone", "of a transpose", EPS_ONE(clone(transpose(x))), {block}},
        {"contiguous", "of a transpose", EPS_ONE(contiguous(transpose(x))), {block}},
        {"concat",
         "three along dim 1",
         EPS_THREE(concat({x, y, z}, 1)),
         {any({2, 1, 3}), any({2, 2, 3}, 2), empty_block}},
        {"concat",
         "one tensor twice",
         EPS_TWO(concat({x, y, x}, -1)),
         {any({2, 2}), any({2, 1}, 2)}},
        {"stack", "in the middle", EPS_TWO(stack({x, y, x * y}, 1)), {any({2, 3}), any({2, 3}, 2)}},
        {"stack", "rank 0", EPS_TWO(stack({x, y})), {scalar, any({}, 2)}},
        {"split", "one part unused", EPS_ONE(split(x, 2)[0] * split(x, 2)[2]), {row}},
        {"split",
         "by sizes",
         EPS_ONE(concat({split(x, {1, 3}, 2)[1], split(x, {1, 3}, 2)[0]}, 2)),
         {block}},
        // f32 has 24 bits: a long step and a loose tolerance. The product makes the second
        // derivative something.
        {"to",
         "through f32",
         EPS_ONE(to(to(x, f32), f64) * x),
         {any({2, 3})},
         {.step = 0.05, .absolute = 1e-4, .relative = 1e-4},
         false},
    };
    cases.insert(cases.end(), views.begin(), views.end());
    if (kernels::cuda::device_count() > 0)
        cases.push_back(
            {"transfer", "there and back", EPS_ONE(to(square(to(x, cuda)), cpu)), {block}});
}

void add_reductions(std::vector<OpCase>& cases) {
    const Tensor block = any({2, 3, 4}), scalar = any({}),
                 ties = fixed({1, 3, 3, -1, 2, 3}, {2, 3}),
                 zeros_in = fixed({2, 0, 3, 0, 0, 1, 4, 5, 6}, {3, 3});
    const std::vector<OpCase> reductions = {
        {"sum", "all", EPS_ONE(square(sum(x))), {block}},
        {"sum", "outer dims, kept", EPS_ONE(sum(x * x, {0, 2}, true)), {block}},
        {"sum", "rank 0", EPS_ONE(sum(x)), {scalar}},
        {"sum", "of nothing", EPS_ONE(sum(x, {1})), {any({2, 0, 3})}},
        {"sum_to", "broadcast back", EPS_ONE(square(sum_to(x, {3, 1}))), {block}},
        {"mean", "one dim", EPS_ONE(square(mean(x, {-1}))), {block}},
        {"mean", "rank 0", EPS_ONE(mean(x)), {scalar}},
        {"max", "one dim", EPS_ONE(square(max(x, {1}))), {block}},
        {"max", "all, kept", EPS_ONE(max(x, {}, true) * x), {block}},
        {"max", "rank 0", EPS_ONE(max(x)), {scalar}},
        {"min", "two dims", EPS_ONE(square(min(x, {0, 2}))), {block}},
        {"prod", "one dim", EPS_ONE(prod(x, {1})), {block}},
        {"prod", "all", EPS_ONE(prod(x)), {uniform({7}, 0.5, 1.5)}},
        {"prod", "zeros", EPS_ONE(prod(x, {1})), {zeros_in}},
        {"prod", "of nothing", EPS_ONE(prod(x, {0}) * sum(x)), {any({0, 2})}},
        {"prod", "rank 0", EPS_ONE(prod(x)), {scalar}},
        {"logsumexp", "one dim", EPS_ONE(logsumexp(x, {2})), {block}},
        {"logsumexp",
         "large",
         EPS_ONE(logsumexp(x * 400.0, {0}, true)),
         {any({3, 2})},
         {.absolute = 1e-4, .relative = 1e-4},
         false},
        {"logsumexp", "ties", EPS_ONE(logsumexp(x, {1})), {ties}},
        {"var", "all", EPS_ONE(var(x)), {block}},
        {"var", "one dim, of the population", EPS_ONE(var(x, {1}, true, 0)), {block}},
        {"stddev", "one dim", EPS_ONE(stddev(x, {0})), {any({4, 2})}},
        {"norm", "2", EPS_ONE(norm(x, 2, {1})), {block}},
        {"norm", "1", EPS_ONE(norm(x, 1)), {block}},
        {"norm", "infinity", EPS_ONE(norm(x, INFINITY, {2}, true)), {block}},
        {"norm", "3", EPS_ONE(norm(x, 3, {0, 1})), {block}},
        {"cumsum", "inner", EPS_ONE(square(cumsum(x, 2))), {block}},
        {"cumsum", "outer, reversed", EPS_ONE(cumsum(x, 0, true) * x), {block}},
        {"cumsum", "empty", EPS_ONE(cumsum(x, 1)), {any({2, 0})}},
    };
    cases.insert(cases.end(), reductions.begin(), reductions.end());
}

void add_products(std::vector<OpCase>& cases) {
    const std::vector<OpCase> products = {
        {"matmul", "matrices", EPS_TWO(matmul(x, y)), {any({3, 4}), any({4, 2}, 2)}},
        {"matmul", "a matrix with itself", EPS_ONE(matmul(x, transpose(x))), {any({3, 2})}},
        {"matmul", "batches", EPS_TWO(matmul(x, y)), {any({2, 3, 2}), any({2, 2, 3}, 2)}},
        {"matmul",
         "batches that broadcast",
         EPS_TWO(matmul(x, y)),
         {any({2, 1, 2, 3}), any({3, 3, 2}, 2)}},
        {"matmul", "a batch and a matrix", EPS_TWO(matmul(x, y)), {any({2, 2, 3}), any({3, 2}, 2)}},
        {"matmul", "a matrix and a batch", EPS_TWO(matmul(x, y)), {any({2, 3}), any({2, 3, 2}, 2)}},
        {"matmul", "vectors", EPS_TWO(matmul(x, y)), {any({4}), any({4}, 2)}},
        {"matmul", "vector and matrix", EPS_TWO(matmul(x, y)), {any({3}), any({3, 2}, 2)}},
        {"matmul", "batch and vector", EPS_TWO(matmul(x, y)), {any({2, 2, 3}), any({3}, 2)}},
        {"matmul", "vector and batch", EPS_TWO(matmul(x, y)), {any({3}), any({2, 3, 2}, 2)}},
        {"matmul", "inner dimension 0", EPS_TWO(matmul(x, y)), {any({2, 0}), any({0, 3}, 2)}},
        {"matmul", "no rows", EPS_TWO(matmul(x, y)), {any({0, 2}), any({2, 3}, 2)}},
        {"linear",
         "with bias",
         EPS_THREE(linear(x, y, z)),
         {any({3, 2}), any({4, 2}, 2), any({4}, 3)}},
        {"linear", "without bias", EPS_TWO(linear(x, y, {})), {any({2, 2, 2}), any({3, 2}, 2)}},
        {"linear",
         "rank 3",
         EPS_THREE(linear(x, y, z)),
         {any({2, 2, 3}), any({2, 3}, 2), any({2}, 3)}},
        {"linear", "a vector", EPS_THREE(linear(x, y, z)), {any({3}), any({2, 3}, 2), any({2}, 3)}},
        {"linear",
         "no features",
         EPS_THREE(linear(x, y, z)),
         {any({2, 2, 0}), any({3, 0}, 2), any({3}, 3)}},
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
    add_fused(cases);
    add_linalg(cases);
    return cases;
}

}  // namespace eps::test
