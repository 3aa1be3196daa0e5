#include "autograd/ops/indexing/masked.h"

#include <vector>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/numbers.h"

namespace eps {
namespace {

void check_mask(const char* op, const Tensor& x, const Tensor& mask) {
    check(x.defined() && mask.defined(), op, "an input is an undefined tensor");
    check_computes(op, x);
    check(mask.dtype() == boolean, op, "the mask must be bool; got ", describe(mask),
          "; hint: ne(mask, 0)");
}

// Where a line of bools is true: each true one, counted from the first, says where its place goes;
// the others go to one behind the last.
Tensor places_of(const Tensor& mask) {
    const Options options{i64, mask.device()};
    const std::int64_t n = mask.size(0);
    if (n == 0) return zeros({0}, options);
    const Tensor count = cumsum(mask, 0), total = narrow(count, 0, n - 1, 1);
    const auto found = static_cast<std::int64_t>(total.item());
    const Tensor places = arange(0, static_cast<double>(n), 1, options);
    return narrow(scatter(zeros({found + 1}, options), 0, where(mask, count - 1.0, total), places),
                  0, 0, found);
}

Tensor line_of(const Tensor& x) { return reshape(x, {x.numel()}); }

}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, double value) {
    check_mask("masked_fill", x, mask);
    check(can_hold(x.dtype(), value), "masked_fill",
          "the value is beyond the range of the tensor's type; got ", value, " for ", describe(x));
    return to(where(mask, Tensor(value, x.options()), x), x.dtype());
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
    check_mask("masked_select", x, mask);
    const Shape shape = broadcast_shapes(x.shape(), mask.shape(), "masked_select");
    return index_select(line_of(expand(x, shape)), 0, places_of(line_of(expand(mask, shape))));
}

Tensor nonzero(const Tensor& x) {
    check(x.defined(), "nonzero", "the tensor is undefined");
    Tensor place = places_of(line_of(x.dtype() == boolean ? x : ne(x, 0)));
    if (x.rank() == 0) return zeros({place.size(0), 0}, place.options());
    std::vector<Tensor> coordinates(static_cast<std::size_t>(x.rank()));
    for (int d = x.rank() - 1; d >= 0; --d) {
        const auto extent = static_cast<double>(x.size(d));
        Tensor& here = coordinates[static_cast<std::size_t>(d)];
        here = remainder(place, Tensor(extent, place.options()));
        place = to(to(place - here, f64) / extent, i64);  // exact: the quotient is whole
    }
    return stack(coordinates, 1);
}

Unique unique(const Tensor& x) {
    check(x.defined(), "unique", "the tensor is undefined");
    const Sorted sorted = sort(line_of(x), 0);
    const std::int64_t n = x.numel();
    const Options whole{i64, x.device()}, truth{boolean, x.device()};
    if (n == 0) return {sorted.values, zeros(x.shape(), whole), zeros({0}, whole)};
    const Tensor first = concat({ones({1}, truth), ne(narrow(sorted.values, 0, 1, n - 1),
                                                      narrow(sorted.values, 0, 0, n - 1))});
    const Tensor group = cumsum(first, 0) - 1.0, values = masked_select(sorted.values, first);
    return {values, reshape(scatter(zeros({n}, whole), 0, sorted.indices, group), x.shape()),
            index_add(zeros(values.shape(), whole), 0, group, ones({n}, whole))};
}

}  // namespace eps
