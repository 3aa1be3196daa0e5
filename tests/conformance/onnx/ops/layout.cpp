// Joining, splitting, repeating and rearranging.
#include <algorithm>
#include <numeric>

#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/repeat.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

Results join(const Call& c) {
    return concat(c.tensors(), c.integer("axis", c.opset() < 4 ? 1 : 0));
}

Results split_parts(const Call& c) {
    const std::int64_t axis = c.integer("axis", 0);
    const std::int64_t extent = c[0].size(axis);
    const std::int64_t count = static_cast<std::int64_t>(c.output_count());
    std::vector<std::int64_t> sizes = c.has(1) ? c.numbers(1) : c.integers("split");
    c.ignore("num_outputs");  // which is how many there are
    if (sizes.empty()) {      // the last part may be smaller
        const std::int64_t part = (extent + count - 1) / count;
        sizes.assign(c.output_count(), part);
        sizes.back() = extent - (count - 1) * part;
    }
    Results parts;
    for (const Tensor& part : split(c[0], sizes, axis)) parts.push_back(part);
    return parts;
}

// Python's x[start:end:step] along a dimension. A negative step is a positive one through the
// mirrored tensor, whose element 0 is n - 1.
Tensor sliced(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t end,
              std::int64_t step) {
    if (step > 0) return slice(x, dim, start, end, step);
    const std::int64_t n = x.size(dim);
    const auto mirrored = [n](std::int64_t i) {
        return n - 1 - std::clamp<std::int64_t>(i < 0 ? i + n : i, -1, n - 1);
    };
    return slice(flip(x, {dim}), dim, mirrored(start), mirrored(end), -step);
}

Results slice_dims(const Call& c) {
    const bool by_inputs = c.opset() >= 10;
    const std::vector<std::int64_t> starts = by_inputs ? c.numbers(1) : c.integers("starts");
    const std::vector<std::int64_t> ends = by_inputs ? c.numbers(2) : c.integers("ends");
    std::vector<std::int64_t> axes = by_inputs && c.has(3) ? c.numbers(3) : c.integers("axes"),
                              steps(starts.size(), 1);
    if (axes.empty())
        for (std::size_t d = 0; d < starts.size(); ++d)
            axes.push_back(static_cast<std::int64_t>(d));
    if (c.has(4)) steps = c.numbers(4);
    Tensor out = c[0];
    for (std::size_t i = 0; i < axes.size(); ++i)
        out = sliced(out, axes[i], starts[i], ends[i], steps[i]);
    return out;
}

Results pad_edges(const Call& c) {
    const std::vector<std::int64_t> pads = c.has(1) ? c.numbers(1) : c.integers("pads");
    const std::size_t count = pads.size() / 2;
    std::vector<std::int64_t> axes = c.has(3) ? c.numbers(3) : std::vector<std::int64_t>(count);
    if (!c.has(3)) std::iota(axes.begin(), axes.end(), 0);
    Dims before = Dims::filled(c[0].rank(), 0), after = before;
    for (std::size_t k = 0; k < count; ++k) {
        const int dim = normalize_dim(axes[k], c[0].rank(), "Pad");
        before[dim] = pads[k];
        after[dim] = pads[count + k];
    }
    const std::string mode = c.text("mode", "constant");
    const double value = c.has(2) ? c[2].item() : c.real("value", 0);
    if (mode == "constant") return pad(c[0], before, after, value);
    if (mode == "reflect") return pad(c[0], before, after, PadMode::reflect);
    if (mode == "wrap") return pad(c[0], before, after, PadMode::circular);
    if (mode == "edge") return pad(c[0], before, after, PadMode::replicate);
    c.unsupported("mode " + mode);
}

// The middle of x, or x in the middle of zeros, along each axis; an odd element is left out, or
// zero, at the end.
Results center_crop_pad(const Call& c) {
    const std::vector<std::int64_t> sizes = c.numbers(1), axes = c.integers("axes");
    Tensor out = c[0];
    for (std::size_t k = 0; k < sizes.size(); ++k) {
        const int dim = normalize_dim(axes.empty() ? static_cast<std::int64_t>(k) : axes[k],
                                      out.rank(), "CenterCropPad");
        const std::int64_t missing = sizes[k] - out.size(dim);
        if (missing <= 0) {
            out = narrow(out, dim, -missing / 2, sizes[k]);
            continue;
        }
        Dims before = Dims::filled(out.rank(), 0), after = before;
        before[dim] = missing / 2;
        after[dim] = missing - missing / 2;
        out = pad(out, before, after);
    }
    return out;
}

// [B, s s C, H, W] -> [B, C, s H, s W]: the square of a pixel is the first part of the channels
// (DCR), or the last (CRD).
Results depth_to_space(const Call& c) {
    const Tensor& x = c[0];
    const std::int64_t s = c.integer("blocksize", 1);
    const std::int64_t b = x.size(0);
    const std::int64_t d = x.size(1) / (s * s);
    const std::int64_t h = x.size(2);
    const std::int64_t w = x.size(3);
    if (c.text("mode", "DCR") == "CRD") return pixel_shuffle(x, s);
    return reshape(permute(reshape(x, {b, s, s, d, h, w}), {0, 3, 4, 1, 5, 2}),
                   {b, d, s * h, s * w});
}

// The inverse of DCR.
Results space_to_depth(const Call& c) {
    const Tensor& x = c[0];
    const std::int64_t s = c.integer("blocksize", 1);
    const std::int64_t b = x.size(0);
    const std::int64_t d = x.size(1);
    const std::int64_t h = x.size(2) / s;
    const std::int64_t w = x.size(3) / s;
    return reshape(permute(reshape(x, {b, d, h, s, w, s}), {0, 3, 5, 1, 2, 4}),
                   {b, s * s * d, h, w});
}

Results trilu(const Call& c) {
    const std::int64_t diagonal = c.has(1) ? c.numbers(1).at(0) : 0;
    return c.flag("upper", true) ? triu(c[0], diagonal) : tril(c[0], diagonal);
}

// The first lengths[b] elements of each sequence backwards, the others as they are.
Results reverse_sequence(const Call& c) {
    const std::int64_t time = c.integer("time_axis", 0);
    const std::int64_t batch = c.integer("batch_axis", 1);
    const std::int64_t n = c[0].size(time);
    const std::vector<std::int64_t> lengths = c.numbers(1);
    std::vector<Tensor> parts;
    for (std::size_t b = 0; b < lengths.size(); ++b) {
        std::vector<std::int64_t> order;
        for (std::int64_t t = 0; t < n; ++t)
            order.push_back(t < lengths[b] ? lengths[b] - 1 - t : t);
        parts.push_back(index_select(narrow(c[0], batch, static_cast<std::int64_t>(b), 1), time,
                                     index_tensor(order)));
    }
    return concat(parts, batch);
}

}  // namespace

void add_layout_ops(OpTable& table) {
    table.insert({
        {"Concat", join},
        {"Split", split_parts},
        {"Slice", slice_dims},
        {"Pad", pad_edges},
        {"CenterCropPad", center_crop_pad},
        {"Tile", [](const Call& c) -> Results { return tile(c[0], Dims(c.numbers(1))); }},
        {"DepthToSpace", depth_to_space},
        {"SpaceToDepth", space_to_depth},
        {"Trilu", trilu},
        {"ReverseSequence", reverse_sequence},
    });
}

}  // namespace eps::conformance
