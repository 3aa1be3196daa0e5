// Several indices become one into the rows of a matrix, whose columns are the dimensions that are
// not named; scatter and index_select do the rest.
#include "autograd/ops/indexing/index_nd.h"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/composed_functions.h"
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

/// Indices into the first dimensions of x as one index into the rows of x [count, rest].
struct RowIndex {
    Shape positions;         // what the indices broadcast to
    Shape rest;              // the dimensions of x that are not named
    std::int64_t count = 1;  // elements in those that are
    Tensor index;            // i64 [numel(positions)]

    Tensor as_matrix(const Tensor& x) const { return reshape(x, {count, numel(rest)}); }
    Tensor as_rows(const Tensor& values) const {
        return reshape(values, {numel(positions), numel(rest)});
    }
};

void check_one_index(const Checker& check, const Tensor& x, int dim, const Tensor& index) {
    check(index.defined() && index.dtype() == i64, "an index must be i64; got ", describe(index),
          "; hint: to(index, i64)");
    check(index.device() == x.device(), "inputs on different devices; got ", index.device(),
          " and ", x.device());
    detail::check_range(check, index, x.size(dim));
}

RowIndex row_index(const Checker& check, const Tensor& x, std::span<const Tensor> indices) {
    const auto named = static_cast<int>(indices.size());
    check(named >= 1 && named <= x.rank(), "needs one index for each of the first dimensions; got ",
          named, " for ", x.shape());
    RowIndex rows;
    Tensor linear;
    Tensor outside;  // on a GPU, where check_range does not read the index
    for (int d = 0; d < named; ++d) {
        const Tensor& index = indices[static_cast<std::size_t>(d)];
        check_one_index(check, x, d, index);
        const auto extent = static_cast<double>(x.size(d));
        if (index.device().is_cuda()) {
            const Tensor here = logical_or(index < 0.0, index >= extent);
            outside = outside.defined() ? logical_or(outside, here) : here;
        }
        rows.positions = broadcast_shapes(rows.positions, index.shape(), check.op);
        rows.count *= x.size(d);
        linear = d == 0 ? index : linear * extent + index;
    }
    // An index that is too large must not become that of another row: the kernel rejects -1.
    if (outside.defined()) linear = where(outside, Tensor(-1, linear.options()), linear);
    rows.rest = tail_of(x.shape(), named);
    rows.index = reshape(expand(linear, rows.positions), {numel(rows.positions)});
    return rows;
}

// The indices of ONNX's functions, which lie side by side in the last dimension, after those of the
// batch dimensions.
std::vector<Tensor> separate_indices(const Checker& check, const Tensor& x, const Tensor& indices,
                                     int batch_dims) {
    check.defined(x, indices);
    check(indices.rank() >= 1 && indices.dtype() == i64,
          "the indices must be i64 of rank 1 at least; got ", describe(indices));
    const std::int64_t named = indices.size(-1);
    check(named >= 1 && named + batch_dims <= x.rank(),
          "the last dimension of the indices counts dimensions of x; got ", indices.shape(),
          "; expected 1 to ", x.rank() - batch_dims, " for ", x.shape());
    std::vector<Tensor> list;
    for (int d = 0; d < batch_dims; ++d) {
        Shape along = Dims::filled(indices.rank() - 1, 1);
        along[d] = x.size(d);
        const Tensor count = arange(0, static_cast<double>(x.size(d)), 1, indices.options());
        list.push_back(reshape(count, along));
    }
    for (std::int64_t k = 0; k < named; ++k) list.push_back(select(indices, -1, k));
    return list;
}

Tensor combine(Combine how, const Tensor& a, const Tensor& b) {
    switch (how) {
        case Combine::prod: return a * b;
        case Combine::amax: return maximum(a, b);
        default: return minimum(a, b);
    }
}

// Sorting brings equal indices side by side, in their order. Each element is then combined with
// those of the same index before it, by doubling distances (Hillis and Steele 1986), so that the
// last one of each index has them all; and that one wins when they are written.
Tensor reduce_by_doubling(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                          Combine how) {
    const Sorted sorted = sort(index, dim);
    Tensor run = gather(src, dim, sorted.indices);
    const std::int64_t length = index.size(dim);
    for (std::int64_t distance = 1; distance < length; distance *= 2) {
        const std::int64_t rest = length - distance;
        const auto from = [&](const Tensor& t) { return narrow(t, dim, distance, rest); };
        const auto before = [&](const Tensor& t) { return narrow(t, dim, 0, rest); };
        const Tensor same = eq(from(sorted.values), before(sorted.values));
        const Tensor combined = where(same, combine(how, from(run), before(run)), from(run));
        run = concat({narrow(run, dim, 0, distance), combined}, dim);
    }
    return scatter(x, dim, sorted.values, combine(how, gather(x, dim, sorted.values), run));
}

// What changes nothing when it is combined; the least or largest number for amax and amin, which
// need not be a double.
Number identity_of(Combine how, DType dtype) {
    if (how == Combine::prod) return 1;
    if (how != Combine::amax && how != Combine::amin) return 0;
    const bool least = how == Combine::amax;
    if (dtype == u8) return least ? 0 : 255;
    if (dtype == i64) return least ? INT64_MIN : INT64_MAX;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return least ? -infinity : infinity;
}

// The sum of what meets at each position, divided by how many they are; x counts as one where
// `self` says so.
Tensor reduce_by_mean(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                      const Tensor& self) {
    const Tensor total = scatter_add(x, dim, index, src);
    const Tensor count = scatter_add(self, dim, index, ones_like(src));
    return is_floating(x.dtype()) ? total / count
                                  : to(div(total, count, RoundingMode::floor), x.dtype());
}

}  // namespace

Tensor scatter_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                      Combine how, bool include_self) {
    if (how == Combine::replace) return scatter(x, dim, index, src);
    if (how == Combine::sum && include_self) return scatter_add(x, dim, index, src);
    const Checker check("scatter_reduce");
    const int d = detail::check_index(check, x, dim, index);
    check(x.dtype() != boolean, "computes with numbers; got ", describe(x),
          "; hint: to(x, i64) first");
    detail::check_source(check, x, index.shape(), src);
    detail::check_range(check, index, x.size(d));
    const auto start_of = [&](const Tensor& self) {
        return include_self ? self
                            : scatter(self, d, index, full_like(src, identity_of(how, x.dtype())));
    };
    const Tensor start = start_of(x);
    if (how == Combine::sum) return scatter_add(start, d, index, src);
    if (how == Combine::mean) return reduce_by_mean(start, d, index, src, start_of(ones_like(x)));
    return reduce_by_doubling(start, d, index, src, how);
}

Tensor index_put(const Tensor& x, std::span<const Tensor> indices, const Tensor& values,
                 bool accumulate) {
    const Checker check("index_put");
    check.defined(x, values);
    check(x.dtype() == values.dtype(), "dtypes differ; got ", describe(x), " and ",
          describe(values), "; hint: to(x, dtype)");
    const RowIndex rows = row_index(check, x, indices);
    const Shape target = joined(rows.positions, rows.rest);
    check(broadcastable_to(values.shape(), target), "the values do not broadcast; got ",
          values.shape(), "; expected ", target);
    const Tensor matrix = rows.as_matrix(x);
    const Tensor updates = rows.as_rows(expand(values, target));
    const Tensor result = accumulate ? index_add(matrix, 0, rows.index, updates)
                                     : index_copy(matrix, 0, rows.index, updates);
    return reshape(result, x.shape());
}

Tensor gather_nd(const Tensor& x, const Tensor& indices, std::int64_t batch_dims) {
    const Checker check("gather_nd");
    check.defined(x, indices);
    check(batch_dims >= 0 && batch_dims < indices.rank() && batch_dims < x.rank(),
          "batch_dims is out of range; got ", batch_dims, " for ", x.shape(), " and indices ",
          indices.shape());
    for (int d = 0; d < batch_dims; ++d)
        check(x.size(d) == indices.size(d), "batches differ; got ", x.shape(), " and indices ",
              indices.shape());
    const RowIndex rows =
        row_index(check, x, separate_indices(check, x, indices, static_cast<int>(batch_dims)));
    return reshape(index_select(rows.as_matrix(x), 0, rows.index),
                   joined(rows.positions, rows.rest));
}

Tensor scatter_nd(const Tensor& x, const Tensor& indices, const Tensor& updates, Combine how) {
    const Checker check("scatter_nd");
    const RowIndex rows = row_index(check, x, separate_indices(check, x, indices, 0));
    const Shape target = joined(rows.positions, rows.rest);
    check(updates.defined() && updates.shape() == target && updates.dtype() == x.dtype(),
          "the updates do not match; got ", describe(updates), "; expected ", x.dtype(), " ",
          target);
    const Tensor values = rows.as_rows(updates);
    const Tensor index = expand(unsqueeze(rows.index, 1), values.shape());
    return reshape(scatter_reduce(rows.as_matrix(x), 0, index, values, how), x.shape());
}

}  // namespace eps
