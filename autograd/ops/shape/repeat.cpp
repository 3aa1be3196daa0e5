#include "autograd/ops/shape/repeat.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/indexing/search.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/extent.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

// Blocks of x, `repeats` times in a row: `each` slice along dim is a block, or all slices together
// are. It goes through rank 3, whatever the rank of x.
Tensor repeat_blocks(const Checker& check, const Tensor& x, int dim, std::int64_t repeats,
                     bool each) {
    const int first = each ? dim + 1 : dim;  // dimension of a block
    std::int64_t outer = 1;
    for (int d = 0; d < first; ++d) outer *= x.size(d);
    std::int64_t block = 1;
    for (int d = first; d < x.rank(); ++d) block *= x.size(d);
    Shape shape = x.shape();
    shape[dim] = (Extent(shape[dim]) * repeats).value(check.op);
    numel(shape, check.op);
    return reshape(expand(reshape(x, {outer, 1, block}), {outer, repeats, block}), shape);
}

}  // namespace

Tensor tile(const Tensor& x, const Dims& reps) {
    const Checker check("tile");
    check.defined(x);
    for (std::int64_t r : reps) check(r >= 0, "negative number of repetitions; got ", reps);
    Shape shape = x.shape();
    while (shape.rank() < reps.rank()) shape.insert(0, 1);
    Tensor out = reshape(x, shape);
    for (int i = 1; i <= reps.rank(); ++i) {
        const std::int64_t r = reps[reps.rank() - i];
        if (r != 1) out = repeat_blocks(check, out, shape.rank() - i, r, false);
    }
    return out;
}

Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::int64_t dim) {
    const Checker check("repeat_interleave");
    check.defined(x);
    check(repeats >= 0, "negative number of repetitions; got ", repeats);
    return repeat_blocks(check, x, check.dim(dim, x), repeats, true);
}

Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::int64_t dim) {
    const Checker check("repeat_interleave");
    check.defined(x, repeats);
    const int d = check.dim(dim, x);
    check(repeats.dtype() == i64 && repeats.shape() == Shape{x.size(d)},
          "the repetitions do not match; got ", describe(repeats), "; expected i64 [", x.size(d),
          "]");
    if (x.size(d) == 0) return x;
    const Tensor counts = raw::contiguous(raw::to(repeats, cpu));
    const auto* const each = counts.data<std::int64_t>();
    Extent total = 0;
    for (std::int64_t i = 0; i < x.size(d); ++i) {
        check(each[i] >= 0, "negative number of repetitions; got ", each[i]);
        total += each[i];
    }
    const auto count = static_cast<double>(total.value(check.op));
    // Element i of the result comes from the first slice whose copies end behind i.
    const Tensor positions = check.calling([&] { return arange(0, count, 1, repeats.options()); });
    return index_select(x, d, searchsorted(cumsum(repeats, 0), positions, true));
}

std::vector<Tensor> meshgrid(std::span<const Tensor> lines) {
    const Checker check("meshgrid");
    Shape shape;
    for (const Tensor& line : lines) {
        check(line.defined() && line.rank() <= 1, "needs lines of rank 1; got ", describe(line));
        shape.push_back(line.numel());
    }
    numel(shape, check.op);
    std::vector<Tensor> grids;
    for (int d = 0; d < shape.rank(); ++d) {
        Shape along = Dims::filled(shape.rank(), 1);
        along[d] = shape[d];
        grids.push_back(expand(reshape(lines[static_cast<std::size_t>(d)], along), shape));
    }
    return grids;
}

}  // namespace eps
