// Reading and writing at indices. In ONNX negative ones count from the end; the library does not
// accept them, so they are wrapped here.
#include "autograd/ops/indexing/index_nd.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// The shape of the indices, whatever it is, replaces dimension `axis`.
Results gather_slices(const Call& c) {
    const Tensor &x = c[0], index = wrapped(c[1], x.size(c.integer("axis", 0)));
    const int axis = normalize_dim(c.integer("axis", 0), x.rank(), "Gather");
    Shape shape;
    for (int d = 0; d < axis; ++d) shape.push_back(x.size(d));
    for (const std::int64_t extent : index.shape()) shape.push_back(extent);
    for (int d = axis + 1; d < x.rank(); ++d) shape.push_back(x.size(d));
    return reshape(index_select(x, axis, reshape(index, {-1})), shape);
}

Results gather_elements(const Call& c) {
    const std::int64_t axis = c.integer("axis", 0);
    return gather(c[0], axis, wrapped(c[1], c[0].size(axis)));
}

// The last dimension of `index` holds positions in the dimensions of a shape from `batch` on.
Tensor wrapped_nd(const Tensor& index, const Shape& shape, std::int64_t batch) {
    std::vector<Tensor> columns;
    for (std::int64_t k = 0; k < index.size(-1); ++k)
        columns.push_back(wrapped(select(index, -1, k), shape[static_cast<int>(batch + k)]));
    return stack(columns, -1);
}

Results gather_positions(const Call& c) {
    const std::int64_t batch = c.integer("batch_dims", 0);
    return gather_nd(c[0], wrapped_nd(c[1], c[0].shape(), batch), batch);
}

Combine combine_of(const Call& c) {
    const std::string name = c.text("reduction", "none");
    if (name == "add") return Combine::sum;
    if (name == "mul") return Combine::prod;
    if (name == "max") return Combine::amax;
    if (name == "min") return Combine::amin;
    if (name != "none") c.unsupported("reduction " + name);
    return Combine::replace;
}

Results scatter_elements(const Call& c) {
    const std::int64_t axis = c.integer("axis", 0);
    const Tensor index = wrapped(c[1], c[0].size(axis));
    const Combine how = combine_of(c);
    return how == Combine::replace ? scatter(c[0], axis, index, c[2])
                                   : scatter_reduce(c[0], axis, index, c[2], how);
}

Results scatter_positions(const Call& c) {
    return scatter_nd(c[0], wrapped_nd(c[1], c[0].shape(), 0), c[2], combine_of(c));
}

// A copy of a cache [B, ..] into which updates are written from position write_indices[b] on along
// the axis, in mode circular beyond the end from the start.
Results scatter_tensor(const Call& c) {
    const Tensor &cache = c[0], &updates = c[1];
    const int axis = normalize_dim(c.integer("axis", -2), cache.rank(), "TensorScatter");
    const std::int64_t extent = cache.size(axis), count = updates.size(axis);
    const bool circular = c.text("mode", "linear") == "circular";
    Shape batch = Dims::filled(cache.rank(), 1), along = batch;
    batch[0] = cache.size(0);
    along[axis] = count;
    const Tensor start = c.has(2) ? to(c[2], i64) : zeros({cache.size(0)}, {.dtype = i64});
    const Tensor step = arange(0, static_cast<double>(count), 1, {.dtype = i64});
    Tensor index = reshape(start, batch) + reshape(step, along);
    if (circular) index = remainder(index, full({}, static_cast<double>(extent), {.dtype = i64}));
    return scatter(cache, axis, contiguous(expand(index, updates.shape())), updates);
}

}  // namespace

void add_index_ops(OpTable& table) {
    table.insert({{"Gather", gather_slices},
                  {"GatherElements", gather_elements},
                  {"GatherND", gather_positions},
                  {"Scatter", scatter_elements},
                  {"ScatterElements", scatter_elements},
                  {"ScatterND", scatter_positions},
                  {"TensorScatter", scatter_tensor}});
}

}  // namespace eps::conformance
