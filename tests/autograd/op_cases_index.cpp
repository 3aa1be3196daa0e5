// Gradient cases of what picks, places and sorts by index, and of diagonals.
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/index.h"
#include "autograd/ops/shape.h"
#include "tensor/create.h"
#include "tests/autograd/op_cases.h"
#include "tests/autograd/support.h"

namespace eps::test {
namespace {

using Inputs = const std::vector<Tensor>&;
Tensor any(const Shape& shape, std::uint64_t seed = 1) { return uniform(shape, -2, 2, seed); }
Tensor index(const std::vector<double>& values, const Shape& shape) { return tensor(values, shape, {.dtype = i64}); }

#define EPS_ONE(expression)      \
    [](Inputs in) -> Tensor {    \
        const Tensor& x = in[0]; \
        return expression;       \
    }
#define EPS_TWO(expression)      \
    [](Inputs in) -> Tensor {    \
        const Tensor& x = in[0]; \
        const Tensor& y = in[1]; \
        return expression;       \
    }

void add_picking(std::vector<OpCase>& cases) {
    const std::vector<OpCase> indexing = {
        {"gather", "dim 1, some twice", EPS_ONE(square(gather(x, 1, index({0, 2, 2, 1, 1, 1, 0, 3}, {2, 4})))), {any({2, 4})}},
        {"gather", "a smaller index", EPS_ONE(gather(x, 0, index({1, 2, 2}, {3, 1}))), {any({3, 2})}},
        {"gather", "nothing", EPS_ONE(gather(x, 0, index({}, {0, 2}))), {any({3, 2})}},
        {"scatter_add",
         "some twice",
         EPS_TWO(square(scatter_add(x, 1, index({0, 0, 2, 1, 1, 1}, {2, 3}), y))),
         {any({2, 3}), any({2, 3}, 2)}},
        {"scatter_add", "a smaller index", EPS_TWO(square(scatter_add(x, 0, index({2, 2}, {2, 1}), y))), {any({3, 2}), any({2, 1}, 2)}},
        {"index_select", "rows, some twice", EPS_ONE(square(index_select(x, 0, index({2, 0, 2}, {3})))), {any({3, 2})}},
        {"index_select", "columns", EPS_ONE(index_select(x, -1, index({1, 1}, {2}))), {any({2, 3})}},
        {"index_add", "rows, some twice", EPS_TWO(square(index_add(x, 0, index({1, 1, 0}, {3}), y))), {any({2, 2}), any({3, 2}, 2)}},
        {"index_add", "columns", EPS_TWO(square(index_add(x, 1, index({2}, {1}), y))), {any({2, 3}), any({2, 1}, 2)}},
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
        {"diagonal", "above, in the middle", EPS_ONE(square(diagonal(x, 1, 1, -1))), {any({2, 3, 4})}},
        {"diagonal", "below, dims turned round", EPS_ONE(diagonal(x, -1, 2, 0) * 3.0), {any({4, 2, 3})}},
        {"diagonal", "past the corner", EPS_ONE(diagonal(x, 3)), {any({2, 3})}},
        {"diagonal", "of nothing", EPS_ONE(diagonal(x)), {any({2, 0})}},
        {"embed_diagonal", "of a square", EPS_ONE(square(embed_diagonal(x, {3, 3}))), {any({3})}},
        {"embed_diagonal", "below, around others", EPS_ONE(embed_diagonal(x, {3, 2, 4}, -1, 0, 2) * 2.0), {any({2, 2})}},
    };
    cases.insert(cases.end(), diagonals.begin(), diagonals.end());
}

}  // namespace

void add_indexing(std::vector<OpCase>& cases) {
    add_picking(cases);
    add_diagonals(cases);
}

}  // namespace eps::test
