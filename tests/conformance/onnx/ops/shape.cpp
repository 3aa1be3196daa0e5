// Reshaping, and tensors made from numbers.
#include <algorithm>
#include <cmath>

#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

Results reshape_to(const Call& c) {
    std::vector<std::int64_t> shape = c.has(1) ? c.numbers(1) : c.integers("shape");
    if (!c.flag("allowzero"))
        for (std::size_t d = 0; d < shape.size(); ++d)
            if (shape[d] == 0) shape[d] = c[0].size(static_cast<std::int64_t>(d));
    return reshape(c[0], Dims(shape));
}

Results flatten_to_matrix(const Call& c) {
    const Tensor& x = c[0];
    std::int64_t axis = c.integer("axis", 1), rows = 1;
    if (axis < 0) axis += x.rank();
    for (int d = 0; d < axis; ++d) rows *= x.size(d);
    return reshape(x, {rows, x.numel() / std::max<std::int64_t>(rows, 1)});
}

Results transpose_dims(const Call& c) {
    std::vector<std::int64_t> order;
    for (int d = c[0].rank() - 1; d >= 0; --d) order.push_back(d);
    return permute(c[0], Dims(c.integers("perm", order)));
}

Results squeeze_dims(const Call& c) {
    const std::vector<std::int64_t> axes = axes_of(c);
    if (axes.empty()) return squeeze(c[0]);
    Shape shape;
    const Dims dims = normalize_dims(Dims(axes), c[0].rank(), "Squeeze");
    for (int d = 0; d < c[0].rank(); ++d)
        if (!dims.contains(d)) shape.push_back(c[0].size(d));
    return reshape(c[0], shape);
}

// The axes are those of the result.
Results unsqueeze_dims(const Call& c) {
    const std::vector<std::int64_t> axes = axes_of(c);
    Tensor out = c[0];
    for (const std::int64_t d :
         normalize_dims(Dims(axes), out.rank() + static_cast<int>(axes.size()), "Unsqueeze"))
        out = unsqueeze(out, d);
    return out;
}

// x and the shape broadcast both: the shape may be the smaller one.
Results expand_both(const Call& c) {
    return expand(c[0], broadcast_shapes(c[0].shape(), Dims(c.numbers(1)), "Expand"));
}

Results shape_of(const Call& c) {
    const Shape& shape = c[0].shape();
    const auto bound = [&shape](std::int64_t d) {
        return std::clamp<std::int64_t>(d < 0 ? d + shape.rank() : d, 0, shape.rank());
    };
    const std::int64_t start = bound(c.integer("start", 0));
    const std::int64_t end = bound(c.integer("end", shape.rank()));
    return index_tensor({shape.begin() + start, shape.begin() + std::max(start, end)});
}

Results constant(const Call& c) {
    if (c.has("value_int")) return Tensor(c.integer("value_int", 0), {.dtype = i64});
    if (c.has("value_float")) return Tensor(c.real("value_float", 0));
    if (c.has("value_ints")) return index_tensor(c.integers("value_ints"));
    return c.tensor("value");
}

Results constant_of_shape(const Call& c) {
    const Tensor value = c.has("value") ? c.tensor("value") : zeros({1});
    return contiguous(expand(reshape(value, {}), Dims(c.numbers(0))));
}

Results range(const Call& c) {
    const double start = c[0].item(), end = c[1].item(), step = c[2].item();
    const auto count = std::max(0.0, std::ceil((end - start) / step));
    return to(arange(0, count, 1, {.dtype = f64}) * step + start, c[0].dtype());
}

Results eye_like(const Call& c) {
    const auto positions = [&c](int d) {
        return arange(0, static_cast<double>(c[0].size(d)), 1, {.dtype = i64});
    };
    const Tensor row = unsqueeze(positions(0), 1), column = positions(1);
    const DType dtype = c.has("dtype") ? dtype_of_onnx(c.integer("dtype", 1)) : c[0].dtype();
    if (!c.has("k")) return eye(c[0].size(0), c[0].size(1), {.dtype = dtype});
    return to(eq(column - row, static_cast<double>(c.integer("k", 0))), dtype);
}

}  // namespace

void add_shape_ops(OpTable& table) {
    table.insert({
        {"Identity", [](const Call& c) -> Results { return {c.value(0)}; }},
        {"Reshape", reshape_to},
        {"Flatten", flatten_to_matrix},
        {"Transpose", transpose_dims},
        {"Squeeze", squeeze_dims},
        {"Unsqueeze", unsqueeze_dims},
        {"Expand", expand_both},
        {"Shape", shape_of},
        {"Size",
         [](const Call& c) -> Results {
             return Tensor(static_cast<double>(c[0].numel()), {.dtype = i64});
         }},
        {"Constant", constant},
        {"ConstantOfShape", constant_of_shape},
        {"Range", range},
        {"EyeLike", eye_like},
    });
}

}  // namespace eps::conformance
