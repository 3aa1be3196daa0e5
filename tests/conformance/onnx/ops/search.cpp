// Largest elements, order, selection by condition, running sums.
#include <algorithm>
#include <numeric>

#include "autograd/ops/indexing/index_nd.h"
#include "autograd/ops/indexing/masked.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/rearrange.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// The first such element, or the last one, which is the first in reverse order.
template <auto F> Results arg_extremum(const Call& c) {
    const std::int64_t axis = c.integer("axis", 0);
    const bool keep = c.flag("keepdims", true);
    if (!c.flag("select_last_index")) return F(c[0], axis, keep);
    return static_cast<double>(c[0].size(axis) - 1) - F(flip(c[0], {axis}), axis, keep);
}

Results top_k(const Call& c) {
    c.ignore("sorted");  // a result that need not be sorted may be
    const Sorted best =
        topk(c[0], c.numbers(1).at(0), c.integer("axis", -1), c.flag("largest", true));
    return {best.values, best.indices};
}

// An exclusive sum ends before the element: it is the inclusive one less the element.
Results cumulative_sum(const Call& c) {
    const Tensor sums = cumsum(c[0], c.numbers(1).at(0), c.flag("reverse"));
    return c.flag("exclusive") ? sums - c[0] : sums;
}

// An exclusive product is that of a line which begins with 1 and lacks its last element.
Results cumulative_product(const Call& c) {
    const std::int64_t axis = c.numbers(1).at(0), n = c[0].size(axis);
    Tensor x = c.flag("reverse") ? flip(c[0], {axis}) : c[0];
    if (c.flag("exclusive") && n > 0)
        x = concat({ones_like(narrow(x, axis, 0, 1)), narrow(x, axis, 0, n - 1)}, axis);
    const Tensor products = cumprod(x, axis);
    return c.flag("reverse") ? flip(products, {axis}) : products;
}

// The slices along an axis, or the elements, for which a line of bools is true.
Results compress(const Call& c) {
    const Tensor chosen = squeeze(nonzero(c[1]), 1);
    if (!c.has("axis")) return index_select(reshape(c[0], {-1}), 0, chosen);
    return index_select(c[0], c.integer("axis", 0), chosen);
}

// values = {off, on}
Results one_hot_values(const Call& c) {
    const std::int64_t depth = c.numbers(1).at(0), rank = c[0].rank();
    const Tensor hot = one_hot(wrapped(c[0], depth), depth, boolean);
    std::int64_t axis = c.integer("axis", -1);
    if (axis < 0) axis += rank + 1;
    Dims order;
    for (std::int64_t d = 0; d < rank; ++d) order.push_back(d);
    order.insert(static_cast<int>(axis), rank);
    return where(permute(hot, order), select(c[2], 0, 1), select(c[2], 0, 0));
}

// Different elements in ascending order; the first position of each is the least that has it.
Results unique_elements(const Tensor& x) {
    const Unique u = unique(x);
    const Tensor positions = arange(0, static_cast<double>(x.numel()), 1, {.dtype = i64});
    const Tensor first =
        scatter_reduce(full(u.values.shape(), static_cast<double>(x.numel()), {.dtype = i64}), 0,
                       u.inverse, positions, Combine::amin);
    return {u.values, first, u.inverse, u.counts};
}

// Different slices along an axis, or different elements, in ascending order or in that of their
// first positions.
Results unique_slices(const Call& c) {
    const bool flat = !c.has("axis"), sorted = c.flag("sorted", true);
    const Tensor x = flat ? reshape(c[0], {-1}) : c[0];
    if (flat && sorted) return unique_elements(x);
    const std::int64_t axis = c.integer("axis", 0);
    std::vector<std::vector<double>> slices;
    for (std::int64_t i = 0; i < x.size(axis); ++i)
        slices.push_back(select(x, axis, i).to_vector());
    std::vector<std::int64_t> first, inverse(slices.size()), counts;
    std::vector<std::size_t> order(slices.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (sorted)
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return slices[a] < slices[b]; });
    for (const std::size_t i : order) {
        std::size_t group = 0;
        while (group < first.size() && slices[static_cast<std::size_t>(first[group])] != slices[i])
            ++group;
        if (group == first.size()) {
            first.push_back(static_cast<std::int64_t>(i));
            counts.push_back(0);
        }
        ++counts[group];
        inverse[i] = static_cast<std::int64_t>(group);
    }
    return {index_select(x, axis, index_tensor(first)), index_tensor(first), index_tensor(inverse),
            index_tensor(counts)};
}

}  // namespace

void add_search_ops(OpTable& table) {
    table.insert({
        {"ArgMax", arg_extremum<argmax>},
        {"ArgMin", arg_extremum<argmin>},
        {"TopK", top_k},
        {"CumSum", cumulative_sum},
        {"CumProd", cumulative_product},
        {"Compress", compress},
        {"NonZero", [](const Call& c) -> Results { return transpose(nonzero(c[0])); }},
        {"OneHot", one_hot_values},
        {"Unique", unique_slices},
    });
}

}  // namespace eps::conformance
