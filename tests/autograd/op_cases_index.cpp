// Gradient cases of what picks, places and sorts by index, and of diagonals.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/einsum.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/indexing/index_nd.h"
#include "autograd/ops/indexing/masked.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/repeat.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

void add_picking(std::vector<OpCase>& cases) {
    const std::vector<OpCase> indexing = {
        {"gather",
         "dim 1, some twice",
         EPS_ONE(square(gather(x, 1, index({0, 2, 2, 1, 1, 1, 0, 3}, {2, 4})))),
         {any({2, 4})}},
        {"gather",
         "a smaller index",
         EPS_ONE(gather(x, 0, index({1, 2, 2}, {3, 1}))),
         {any({3, 2})}},
        {"gather", "nothing", EPS_ONE(gather(x, 0, index({}, {0, 2}))), {any({3, 2})}},
        {"scatter_add",
         "some twice",
         EPS_TWO(square(scatter_add(x, 1, index({0, 0, 2, 1, 1, 1}, {2, 3}), y))),
         {any({2, 3}), any({2, 3}, 2)}},
        {"scatter_add",
         "a smaller index",
         EPS_TWO(square(scatter_add(x, 0, index({2, 2}, {2, 1}), y))),
         {any({3, 2}), any({2, 1}, 2)}},
        {"index_select",
         "rows, some twice",
         EPS_ONE(square(index_select(x, 0, index({2, 0, 2}, {3})))),
         {any({3, 2})}},
        {"index_select",
         "columns",
         EPS_ONE(index_select(x, -1, index({1, 1}, {2}))),
         {any({2, 3})}},
        {"index_add",
         "rows, some twice",
         EPS_TWO(square(index_add(x, 0, index({1, 1, 0}, {3}), y))),
         {any({2, 2}), any({3, 2}, 2)}},
        {"index_add",
         "columns",
         EPS_TWO(square(index_add(x, 1, index({2}, {1}), y))),
         {any({2, 3}), any({2, 1}, 2)}},
        {"sort", "ascending", EPS_ONE(square(sort(x, 1).values) * x), {any({2, 4})}},
        {"sort", "descending, outer", EPS_ONE(square(sort(x, 0, true).values) * x), {any({4, 2})}},
        {"topk", "largest", EPS_ONE(square(topk(x, 2, 1).values)), {any({2, 4})}},
        {"topk", "smallest", EPS_ONE(topk(x, 3, 0, false).values), {any({4, 2})}},
        {"topk", "none", EPS_ONE(topk(x, 0, 0).values), {any({4, 2})}},
    };
    cases.insert(cases.end(), indexing.begin(), indexing.end());
}

void add_diagonals(std::vector<OpCase>& cases) {
    const std::vector<OpCase> diagonals = {
        {"diagonal", "of a square", EPS_ONE(square(diagonal(x))), {any({3, 3})}},
        {"diagonal",
         "above, in the middle",
         EPS_ONE(square(diagonal(x, 1, 1, -1))),
         {any({2, 3, 4})}},
        {"diagonal",
         "below, dims turned round",
         EPS_ONE(diagonal(x, -1, 2, 0) * 3.0),
         {any({4, 2, 3})}},
        {"diagonal", "past the corner", EPS_ONE(diagonal(x, 3)), {any({2, 3})}},
        {"diagonal", "of nothing", EPS_ONE(diagonal(x)), {any({2, 0})}},
        {"embed_diagonal", "of a square", EPS_ONE(square(embed_diagonal(x, {3, 3}))), {any({3})}},
        {"embed_diagonal",
         "below, around others",
         EPS_ONE(embed_diagonal(x, {3, 2, 4}, -1, 0, 2) * 2.0),
         {any({2, 2})}},
    };
    cases.insert(cases.end(), diagonals.begin(), diagonals.end());
}

void add_placing(std::vector<OpCase>& cases) {
    const std::vector<OpCase> placing = {
        {"scatter",
         "some twice",
         EPS_TWO(square(scatter(x, 1, index({0, 0, 2, 1, 1, 1}, {2, 3}), y))),
         {any({2, 3}), any({2, 3}, 2)}},
        {"scatter",
         "a smaller index",
         EPS_TWO(square(scatter(x, 0, index({2, 2}, {2, 1}), y))),
         {any({3, 2}), any({2, 1}, 2)}},
        {"scatter",
         "nothing",
         EPS_TWO(square(scatter(x, 0, index({}, {0, 2}), y))),
         {any({3, 2}), any({0, 2}, 2)}},
        {"index_copy",
         "rows, some twice",
         EPS_TWO(square(index_copy(x, 0, index({1, 1, 0}, {3}), y))),
         {any({3, 2}), any({3, 2}, 2)}},
        {"embedding",
         "some twice",
         EPS_ONE(square(embedding(x, index({2, 0, 2, 1}, {2, 2})))),
         {any({3, 2})}},
        {"index_put",
         "places, some twice",
         EPS_TWO(square(index_put(x, {index({0, 1, 0}, {3}), index({2, 0, 2}, {3})}, y))),
         {any({2, 3}), any({3}, 2)}},
        {"index_put",
         "accumulates rows",
         EPS_TWO(square(index_put(x, {index({1, 1}, {2})}, y, true))),
         {any({2, 3}), any({3}, 2)}},
        {"index_put",
         "indices broadcast",
         EPS_TWO(square(index_put(x, {index({1, 0}, {2, 1}), index({0, 2}, {2})}, y))),
         {any({2, 3, 2}), any({2, 1, 2}, 2)}},
        {"gather_nd",
         "places",
         EPS_ONE(square(gather_nd(x, index({0, 1, 1, 0, 0, 1}, {3, 2})))),
         {any({2, 2, 2})}},
        {"gather_nd",
         "in batches",
         EPS_ONE(square(gather_nd(x, index({1, 0}, {2, 1}), 1))),
         {any({2, 2, 2})}},
        {"scatter_nd",
         "rows",
         EPS_TWO(square(scatter_nd(x, index({2, 0}, {2, 1}), y))),
         {any({3, 2}), any({2, 2}, 2)}},
        {"scatter_nd",
         "sums",
         EPS_TWO(square(scatter_nd(x, index({1, 1}, {2, 1}), y, Combine::sum))),
         {any({3, 2}), any({2, 2}, 2)}},
        {"scatter_reduce",
         "products, with zeros",
         EPS_TWO(scatter_reduce(x, 0, index({0, 1, 0, 0, 2, 1}, {6}), y, Combine::prod)),
         {any({3}), fixed({0, 0.7, 0, 1.1, -0.4, 0}, {6})}},
        {"scatter_reduce",
         "largest",
         EPS_TWO(square(scatter_reduce(x, 1, index({0, 1, 0, 2, 2, 2}, {2, 3}), y, Combine::amax))),
         {any({2, 3}), any({2, 3}, 2)}},
        {"scatter_reduce",
         "smallest",
         EPS_TWO(square(scatter_reduce(x, 0, index({2, 2}, {2, 1}), y, Combine::amin))),
         {any({3, 2}), any({2, 1}, 2)}},
        {"masked_fill",
         "broadcasts",
         EPS_ONE(square(masked_fill(x, bools({1, 0, 1}, {3}), 5))),
         {any({2, 3})}},
        {"masked_select",
         "some",
         EPS_ONE(square(masked_select(x, bools({1, 0, 1, 0, 1, 1}, {2, 3})))),
         {any({2, 3})}},
        {"masked_select",
         "rows",
         EPS_ONE(square(masked_select(x, bools({0, 1}, {2, 1})))),
         {any({2, 3})}},
        {"masked_select",
         "nothing",
         EPS_ONE(masked_select(x, bools({0}, {1})) * 2.0),
         {any({2, 3})}},
        {"unique", "values", EPS_ONE(square(unique(x).values)), {any({2, 3})}},
        {"cumprod", "inner", EPS_ONE(cumprod(x, 1)), {any({2, 5})}},
        {"cumprod",
         "outer, with zeros",
         EPS_ONE(cumprod(x, 0)),
         {fixed({0.5, 0, 1.5, 2, 0, 0, 0.7, -1}, {4, 2})}},
    };
    cases.insert(cases.end(), placing.begin(), placing.end());
}

void add_repetition(std::vector<OpCase>& cases) {
    const std::vector<OpCase> repetition = {
        {"tile", "both dims", EPS_ONE(square(tile(x, {2, 3})) * tile(x, {2, 3})), {any({2, 2})}},
        {"tile", "new dims", EPS_ONE(square(tile(x, {2, 1, 2}))), {any({2, 2})}},
        {"tile", "none", EPS_ONE(tile(x, {0, 2}) * 2.0), {any({2, 2})}},
        {"repeat_interleave",
         "columns",
         EPS_ONE(square(repeat_interleave(x, 3, 1))),
         {any({2, 2})}},
        {"repeat_interleave",
         "each its own",
         EPS_ONE(square(repeat_interleave(x, index({2, 0, 1}, {3}), 0))),
         {any({3, 2})}},
        {"meshgrid",
         "two lines",
         EPS_TWO(square(meshgrid({x, y})[0]) * meshgrid({x, y})[1]),
         {any({3}), any({2}, 2)}},
    };
    cases.insert(cases.end(), repetition.begin(), repetition.end());
}

void add_einsum(std::vector<OpCase>& cases) {
    const std::vector<OpCase> einsums = {
        {"einsum",
         "a product",
         EPS_TWO(einsum("ij,jk->ik", {x, y})),
         {any({2, 3}), any({3, 2}, 2)}},
        {"einsum",
         "batches, turned round",
         EPS_TWO(einsum("bij,bkj->kbi", {x, y})),
         {any({2, 2, 3}), any({2, 2, 3}, 2)}},
        {"einsum", "the trace", EPS_ONE(square(einsum("ii", {x}))), {any({3, 3})}},
        {"einsum", "a diagonal, kept", EPS_ONE(square(einsum("iji->ji", {x}))), {any({2, 3, 2})}},
        {"einsum", "outer", EPS_TWO(einsum("i,j", {x, y})), {any({2}), any({3}, 2)}},
        {"einsum",
         "three operands",
         EPS_THREE(einsum("i,ij,j->", {x, y, z})),
         {any({2}), any({2, 3}, 2), any({3}, 3)}},
        {"einsum",
         "ellipsis",
         EPS_TWO(einsum("...i,ij->...j", {x, y})),
         {any({2, 2, 3}), any({3, 2}, 2)}},
        {"einsum",
         "ellipses that broadcast",
         EPS_TWO(einsum("...i,...i", {x, y})),
         {any({2, 1, 3}), any({2, 3}, 2)}},
        {"einsum",
         "sums one factor first",
         EPS_TWO(einsum("ij,k->i", {x, y})),
         {any({2, 3}), any({2}, 2)}},
        {"einsum",
         "of nothing",
         EPS_TWO(einsum("ij,jk->ik", {x, y})),
         {any({2, 0}), any({0, 2}, 2)}},
        {"einsum", "rank 0", EPS_TWO(einsum(",->", {x, y})), {any({}), any({}, 2)}},
    };
    cases.insert(cases.end(), einsums.begin(), einsums.end());
}

}  // namespace

void add_indexing(std::vector<OpCase>& cases) {
    add_picking(cases);
    add_placing(cases);
    add_repetition(cases);
    add_einsum(cases);
    add_diagonals(cases);
}

}  // namespace eps::test
