#include "autograd/ops/indexing/masked.h"

#include <vector>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

void check_mask(const Checker& check, const Tensor& x, const Tensor& mask) {
    check.defined(x, mask);
    check.computes(x);
    check(mask.dtype() == boolean, "the mask must be bool; got ", describe(mask),
          "; hint: ne(mask, 0)");
}

// The positions (i64) at which a line of bools is true. Element i of the result is the position of
// the true one that has i others before it; the false ones write to one element behind the last.
Tensor true_positions(const Tensor& mask) {
    const Options options{i64, mask.device()};
    const std::int64_t n = mask.size(0);
    if (n == 0) return zeros({0}, options);
    const Tensor count = cumsum(mask, 0);
    const Tensor total = narrow(count, 0, n - 1, 1);
    const auto found = static_cast<std::int64_t>(total.item());
    const Tensor target = where(mask, count - 1.0, total);
    const Tensor positions = arange(0, static_cast<double>(n), 1, options);
    return narrow(scatter(zeros({found + 1}, options), 0, target, positions), 0, 0, found);
}

Tensor line_of(const Tensor& x) { return reshape(x, {x.numel()}); }

}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, Number value) {
    const Checker check("masked_fill");
    check_mask(check, x, mask);
    check(can_hold(x.dtype(), value), "the value is beyond the range of the tensor's type; got ",
          value.value, " for ", describe(x));
    return to(where(mask, Tensor(value, x.options()), x), x.dtype());
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
    const Checker check("masked_select");
    check_mask(check, x, mask);
    const Shape shape = broadcast_shapes(x.shape(), mask.shape(), check.op);
    return index_select(line_of(expand(x, shape)), 0, true_positions(line_of(expand(mask, shape))));
}

Tensor nonzero(const Tensor& x) {
    Checker("nonzero").defined(x);
    Tensor rest = true_positions(line_of(x.dtype() == boolean ? x : ne(x, 0)));
    if (x.rank() == 0) return zeros({rest.size(0), 0}, rest.options());
    std::vector<Tensor> coordinates(static_cast<std::size_t>(x.rank()));
    for (int d = x.rank() - 1; d >= 0; --d) {
        const auto extent = static_cast<double>(x.size(d));
        Tensor& here = coordinates[static_cast<std::size_t>(d)];
        here = remainder(rest, Tensor(extent, rest.options()));
        rest = to(to(rest - here, f64) / extent, i64);  // exact: the quotient is whole
    }
    return stack(coordinates, 1);
}

Unique unique(const Tensor& x) {
    Checker("unique").defined(x);
    const Sorted sorted = sort(line_of(x), 0);
    const std::int64_t n = x.numel();
    const Options whole{i64, x.device()};
    if (n == 0) return {sorted.values, zeros(x.shape(), whole), zeros({0}, whole)};
    const Tensor differs =
        ne(narrow(sorted.values, 0, 1, n - 1), narrow(sorted.values, 0, 0, n - 1));
    const Tensor first = concat({ones({1}, {boolean, x.device()}), differs});
    const Tensor group = cumsum(first, 0) - 1.0;  // which of the values each sorted element is
    const Tensor values = masked_select(sorted.values, first);
    const Tensor inverse = scatter(zeros({n}, whole), 0, sorted.indices, group);
    const Tensor counts = index_add(zeros(values.shape(), whole), 0, group, ones({n}, whole));
    return {values, reshape(inverse, x.shape()), counts};
}

}  // namespace eps
