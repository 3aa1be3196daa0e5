#include "autograd/ops/indexing/index_nd.h"

#include <vector>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/indexing/index_check.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

Shape tail_of(const Shape& shape, int from) {
    return Shape(std::span(shape.begin() + from, shape.end()));
}
Shape joined(Shape a, const Shape& b) {
    for (std::int64_t extent : b) a.push_back(extent);
    return a;
}

/// Several indices into the first dimensions as one into rows.
struct Rows {
    Shape places;  // what the indices broadcast to
    Shape rest;    // of one row
    std::int64_t count = 1;
    Tensor index;  // i64 [numel(places)]

    Tensor table(const Tensor& x) const { return reshape(x, {count, numel(rest)}); }
    Tensor lines(const Tensor& values) const {
        return reshape(values, {numel(places), numel(rest)});
    }
};

Rows rows_of(const char* op, const Tensor& x, std::span<const Tensor> indices) {
    const auto named = static_cast<int>(indices.size());
    check(named >= 1 && named <= x.rank(), op,
          "needs one index for each of the first dimensions; got ", named, " for ", x.shape());
    Rows rows;
    Tensor linear, outside;
    for (int d = 0; d < named; ++d) {
        const Tensor& index = indices[static_cast<std::size_t>(d)];
        check(index.defined() && index.dtype() == i64, op, "an index must be i64; got ",
              describe(index), "; hint: to(index, i64)");
        check(index.device() == x.device(), op, "inputs on different devices; got ", index.device(),
              " and ", x.device());
        detail::check_range(op, index, x.size(d));
        if (index.device().is_cuda()) {
            const Tensor here = logical_or(index < 0.0, index >= static_cast<double>(x.size(d)));
            outside = outside.defined() ? logical_or(outside, here) : here;
        }
        rows.places = broadcast_shapes(rows.places, index.shape(), op);
        rows.count *= x.size(d);
        linear = d == 0 ? index : linear * static_cast<double>(x.size(d)) + index;
    }
    // An index that is too large must not become another row.
    if (outside.defined()) linear = where(outside, Tensor(-1, linear.options()), linear);
    rows.rest = tail_of(x.shape(), named);
    rows.index = reshape(expand(linear, rows.places), {numel(rows.places)});
    return rows;
}

// The indices of the ONNX functions: one for each place along the last dimension.
std::vector<Tensor> components(const char* op, const Tensor& x, const Tensor& indices,
                               int batch_dims) {
    check(x.defined() && indices.defined(), op, "an input is an undefined tensor");
    check(indices.rank() >= 1 && indices.dtype() == i64, op,
          "the indices must be i64 of rank 1 at least; got ", describe(indices));
    const std::int64_t named = indices.size(-1);
    check(named >= 1 && named + batch_dims <= x.rank(), op,
          "the last dimension of the indices counts dimensions of x; got ", indices.shape(),
          "; expected 1 to ", x.rank() - batch_dims, " for ", x.shape());
    std::vector<Tensor> list;
    for (int d = 0; d < batch_dims; ++d) {
        Shape along = Dims::filled(indices.rank() - 1, 1);
        along[d] = x.size(d);
        list.push_back(
            reshape(arange(0, static_cast<double>(x.size(d)), 1, indices.options()), along));
    }
    for (std::int64_t k = 0; k < named; ++k) list.push_back(select(indices, -1, k));
    return list;
}

Tensor combine(Combine how, const Tensor& a, const Tensor& b) {
    return how == Combine::prod ? a * b : how == Combine::amax ? maximum(a, b) : minimum(a, b);
}

// Equal indices of a line side by side, in their order; then each element is combined with those
// before it of the same index, by doubling distances (Hillis & Steele 1986). The last of each has
// them all, and wins where they are written.
Tensor reduce_by_doubling(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                          Combine how) {
    const Sorted sorted = sort(index, dim);
    Tensor run = gather(src, dim, sorted.indices);
    const std::int64_t length = index.size(dim);
    for (std::int64_t distance = 1; distance < length; distance *= 2) {
        const auto from = [&](const Tensor& t) {
            return narrow(t, dim, distance, length - distance);
        };
        const auto before = [&](const Tensor& t) { return narrow(t, dim, 0, length - distance); };
        const Tensor same = eq(from(sorted.values), before(sorted.values));
        run = concat({narrow(run, dim, 0, distance),
                      where(same, combine(how, from(run), before(run)), from(run))},
                     dim);
    }
    return scatter(x, dim, sorted.values, combine(how, gather(x, dim, sorted.values), run));
}

}  // namespace

Tensor scatter_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                      Combine how) {
    if (how == Combine::replace) return scatter(x, dim, index, src);
    if (how == Combine::sum) return scatter_add(x, dim, index, src);
    const int d = detail::check_index("scatter_reduce", x, dim, index);
    check(x.dtype() != boolean, "scatter_reduce", "computes with numbers; got ", describe(x),
          "; hint: to(x, i64) first");
    detail::check_source("scatter_reduce", x, index.shape(), src);
    detail::check_range("scatter_reduce", index, x.size(d));
    return reduce_by_doubling(x, d, index, src, how);
}

Tensor index_put(const Tensor& x, std::span<const Tensor> indices, const Tensor& values,
                 bool accumulate) {
    check(x.defined() && values.defined(), "index_put", "an input is an undefined tensor");
    check(x.dtype() == values.dtype(), "index_put", "dtypes differ; got ", describe(x), " and ",
          describe(values), "; hint: to(x, dtype)");
    const Rows rows = rows_of("index_put", x, indices);
    const Shape target = joined(rows.places, rows.rest);
    check(broadcastable_to(values.shape(), target), "index_put",
          "the values do not broadcast; got ", values.shape(), "; expected ", target);
    const Tensor lines = rows.lines(expand(values, target)), table = rows.table(x);
    return reshape(accumulate ? index_add(table, 0, rows.index, lines)
                              : index_copy(table, 0, rows.index, lines),
                   x.shape());
}

Tensor gather_nd(const Tensor& x, const Tensor& indices, std::int64_t batch_dims) {
    check(x.defined() && indices.defined(), "gather_nd", "an input is an undefined tensor");
    check(batch_dims >= 0 && batch_dims < indices.rank() && batch_dims < x.rank(), "gather_nd",
          "batch_dims is out of range; got ", batch_dims, " for ", x.shape(), " and indices ",
          indices.shape());
    for (int d = 0; d < batch_dims; ++d)
        check(x.size(d) == indices.size(d), "gather_nd", "batches differ; got ", x.shape(),
              " and indices ", indices.shape());
    const Rows rows =
        rows_of("gather_nd", x, components("gather_nd", x, indices, static_cast<int>(batch_dims)));
    return reshape(index_select(rows.table(x), 0, rows.index), joined(rows.places, rows.rest));
}

Tensor scatter_nd(const Tensor& x, const Tensor& indices, const Tensor& updates, Combine how) {
    const Rows rows = rows_of("scatter_nd", x, components("scatter_nd", x, indices, 0));
    const Shape target = joined(rows.places, rows.rest);
    check(updates.defined() && updates.shape() == target && updates.dtype() == x.dtype(),
          "scatter_nd", "the updates do not match; got ", describe(updates), "; expected ",
          x.dtype(), " ", target);
    const Tensor lines = rows.lines(updates),
                 index = expand(unsqueeze(rows.index, 1), lines.shape());
    return reshape(scatter_reduce(rows.table(x), 0, index, lines, how), x.shape());
}

}  // namespace eps
