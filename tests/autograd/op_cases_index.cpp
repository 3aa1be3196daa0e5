// Gradient cases of ops that read, write and sort by index, of repetition, einsum and diagonals.
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
        EPS_CASE("gather", "dim 1, some twice",
                 square(gather(x, 1, index({0, 2, 2, 1, 1, 1, 0, 3}, {2, 4}))), any({2, 4})),
        EPS_CASE("gather", "a smaller index", gather(x, 0, index({1, 2, 2}, {3, 1})), any({3, 2})),
        EPS_CASE("gather", "nothing", gather(x, 0, index({}, {0, 2})), any({3, 2})),
        EPS_CASE("scatter_add", "some twice",
                 square(scatter_add(x, 1, index({0, 0, 2, 1, 1, 1}, {2, 3}), y)), any({2, 3}),
                 any({2, 3}, 2)),
        EPS_CASE("scatter_add", "a smaller index",
                 square(scatter_add(x, 0, index({2, 2}, {2, 1}), y)), any({3, 2}), any({2, 1}, 2)),
        EPS_CASE("index_select", "rows, some twice",
                 square(index_select(x, 0, index({2, 0, 2}, {3}))), any({3, 2})),
        EPS_CASE("index_select", "columns", index_select(x, -1, index({1, 1}, {2})), any({2, 3})),
        EPS_CASE("index_add", "rows, some twice", square(index_add(x, 0, index({1, 1, 0}, {3}), y)),
                 any({2, 2}), any({3, 2}, 2)),
        EPS_CASE("index_add", "columns", square(index_add(x, 1, index({2}, {1}), y)), any({2, 3}),
                 any({2, 1}, 2)),
        EPS_CASE("sort", "ascending", square(sort(x, 1).values) * x, any({2, 4})),
        EPS_CASE("sort", "descending, outer", square(sort(x, 0, true).values) * x, any({4, 2})),
        EPS_CASE("topk", "largest", square(topk(x, 2, 1).values), any({2, 4})),
        EPS_CASE("topk", "smallest", topk(x, 3, 0, false).values, any({4, 2})),
        EPS_CASE("topk", "none", topk(x, 0, 0).values, any({4, 2})),
    };
    cases.insert(cases.end(), indexing.begin(), indexing.end());
}

void add_diagonals(std::vector<OpCase>& cases) {
    const std::vector<OpCase> diagonals = {
        EPS_CASE("diagonal", "of a square", square(diagonal(x)), any({3, 3})),
        EPS_CASE("diagonal", "above, in the middle", square(diagonal(x, 1, 1, -1)), any({2, 3, 4})),
        EPS_CASE("diagonal", "below, dims turned round", diagonal(x, -1, 2, 0) * 3.0,
                 any({4, 2, 3})),
        EPS_CASE("diagonal", "past the corner", diagonal(x, 3), any({2, 3})),
        EPS_CASE("diagonal", "of nothing", diagonal(x), any({2, 0})),
        EPS_CASE("diagonal_backward", "of a square", square(diagonal_backward(x, {3, 3})),
                 any({3})),
        EPS_CASE("diagonal_backward", "below, around others",
                 diagonal_backward(x, {3, 2, 4}, -1, 0, 2) * 2.0, any({2, 2})),
    };
    cases.insert(cases.end(), diagonals.begin(), diagonals.end());
}

void add_placing(std::vector<OpCase>& cases) {
    const std::vector<OpCase> placing = {
        EPS_CASE("scatter", "some twice",
                 square(scatter(x, 1, index({0, 0, 2, 1, 1, 1}, {2, 3}), y)), any({2, 3}),
                 any({2, 3}, 2)),
        EPS_CASE("scatter", "a smaller index", square(scatter(x, 0, index({2, 2}, {2, 1}), y)),
                 any({3, 2}), any({2, 1}, 2)),
        EPS_CASE("scatter", "nothing", square(scatter(x, 0, index({}, {0, 2}), y)), any({3, 2}),
                 any({0, 2}, 2)),
        EPS_CASE("index_copy", "rows, some twice",
                 square(index_copy(x, 0, index({1, 1, 0}, {3}), y)), any({3, 2}), any({3, 2}, 2)),
        EPS_CASE("embedding", "some twice", square(embedding(x, index({2, 0, 2, 1}, {2, 2}))),
                 any({3, 2})),
        EPS_CASE("index_put", "positions, some twice",
                 square(index_put(x, {index({0, 1, 0}, {3}), index({2, 0, 2}, {3})}, y)),
                 any({2, 3}), any({3}, 2)),
        EPS_CASE("index_put", "accumulates rows",
                 square(index_put(x, {index({1, 1}, {2})}, y, true)), any({2, 3}), any({3}, 2)),
        EPS_CASE("index_put", "indices broadcast",
                 square(index_put(x, {index({1, 0}, {2, 1}), index({0, 2}, {2})}, y)),
                 any({2, 3, 2}), any({2, 1, 2}, 2)),
        EPS_CASE("gather_nd", "positions", square(gather_nd(x, index({0, 1, 1, 0, 0, 1}, {3, 2}))),
                 any({2, 2, 2})),
        EPS_CASE("gather_nd", "in batches", square(gather_nd(x, index({1, 0}, {2, 1}), 1)),
                 any({2, 2, 2})),
        EPS_CASE("scatter_nd", "rows", square(scatter_nd(x, index({2, 0}, {2, 1}), y)), any({3, 2}),
                 any({2, 2}, 2)),
        EPS_CASE("scatter_nd", "sums",
                 square(scatter_nd(x, index({1, 1}, {2, 1}), y, Combine::sum)), any({3, 2}),
                 any({2, 2}, 2)),
        EPS_CASE("scatter_reduce", "products, with zeros",
                 scatter_reduce(x, 0, index({0, 1, 0, 0, 2, 1}, {6}), y, Combine::prod), any({3}),
                 fixed({0, 0.7, 0, 1.1, -0.4, 0}, {6})),
        EPS_CASE("scatter_reduce", "largest",
                 square(scatter_reduce(x, 1, index({0, 1, 0, 2, 2, 2}, {2, 3}), y, Combine::amax)),
                 any({2, 3}), any({2, 3}, 2)),
        EPS_CASE("scatter_reduce", "smallest",
                 square(scatter_reduce(x, 0, index({2, 2}, {2, 1}), y, Combine::amin)), any({3, 2}),
                 any({2, 1}, 2)),
        EPS_CASE("masked_fill", "broadcasts", square(masked_fill(x, bools({1, 0, 1}, {3}), 5)),
                 any({2, 3})),
        EPS_CASE("masked_select", "some",
                 square(masked_select(x, bools({1, 0, 1, 0, 1, 1}, {2, 3}))), any({2, 3})),
        EPS_CASE("masked_select", "rows", square(masked_select(x, bools({0, 1}, {2, 1}))),
                 any({2, 3})),
        EPS_CASE("masked_select", "nothing", masked_select(x, bools({0}, {1})) * 2.0, any({2, 3})),
        EPS_CASE("unique", "values", square(unique(x).values), any({2, 3})),
        EPS_CASE("cumprod", "inner", cumprod(x, 1), any({2, 5})),
        EPS_CASE("cumprod", "outer, with zeros", cumprod(x, 0),
                 fixed({0.5, 0, 1.5, 2, 0, 0, 0.7, -1}, {4, 2})),
    };
    cases.insert(cases.end(), placing.begin(), placing.end());
}

void add_repetition(std::vector<OpCase>& cases) {
    const std::vector<OpCase> repetition = {
        EPS_CASE("tile", "both dims", square(tile(x, {2, 3})) * tile(x, {2, 3}), any({2, 2})),
        EPS_CASE("tile", "new dims", square(tile(x, {2, 1, 2})), any({2, 2})),
        EPS_CASE("tile", "none", tile(x, {0, 2}) * 2.0, any({2, 2})),
        EPS_CASE("repeat_interleave", "columns", square(repeat_interleave(x, 3, 1)), any({2, 2})),
        EPS_CASE("repeat_interleave", "each its own",
                 square(repeat_interleave(x, index({2, 0, 1}, {3}), 0)), any({3, 2})),
        EPS_CASE("meshgrid", "two lines", square(meshgrid({x, y})[0]) * meshgrid({x, y})[1],
                 any({3}), any({2}, 2)),
    };
    cases.insert(cases.end(), repetition.begin(), repetition.end());
}

void add_einsum(std::vector<OpCase>& cases) {
    const std::vector<OpCase> einsums = {
        EPS_CASE("einsum", "a product", einsum("ij,jk->ik", {x, y}), any({2, 3}), any({3, 2}, 2)),
        EPS_CASE("einsum", "batches, turned round", einsum("bij,bkj->kbi", {x, y}), any({2, 2, 3}),
                 any({2, 2, 3}, 2)),
        EPS_CASE("einsum", "the trace", square(einsum("ii", {x})), any({3, 3})),
        EPS_CASE("einsum", "a diagonal, kept", square(einsum("iji->ji", {x})), any({2, 3, 2})),
        EPS_CASE("einsum", "outer", einsum("i,j", {x, y}), any({2}), any({3}, 2)),
        EPS_CASE("einsum", "three operands", einsum("i,ij,j->", {x, y, z}), any({2}),
                 any({2, 3}, 2), any({3}, 3)),
        EPS_CASE("einsum", "ellipsis", einsum("...i,ij->...j", {x, y}), any({2, 2, 3}),
                 any({3, 2}, 2)),
        EPS_CASE("einsum", "ellipses that broadcast", einsum("...i,...i", {x, y}), any({2, 1, 3}),
                 any({2, 3}, 2)),
        EPS_CASE("einsum", "sums one factor first", einsum("ij,k->i", {x, y}), any({2, 3}),
                 any({2}, 2)),
        EPS_CASE("einsum", "of nothing", einsum("ij,jk->ik", {x, y}), any({2, 0}), any({0, 2}, 2)),
        EPS_CASE("einsum", "rank 0", einsum(",->", {x, y}), any({}), any({}, 2)),
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
