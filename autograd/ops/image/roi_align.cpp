#include "autograd/ops/image/roi_align.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/image/sample_points.h"
#include "autograd/ops/indexing/index_check.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

using Extents = std::array<std::int64_t, 2>;

/// The boxes along one dimension, in pixels: [K, 1] each.
struct Sides {
    Tensor start, length;
};

Sides sides_of(const Tensor& boxes, std::int64_t column, const RoiAlignOptions& o) {
    const double shift = o.aligned ? 0.5 : 0;
    const Tensor start = narrow(boxes, 1, column, 1) * o.spatial_scale - shift;
    const Tensor end = narrow(boxes, 1, column + 2, 1) * o.spatial_scale - shift;
    const Tensor length = end - start;
    return {start, o.aligned ? length : clamp(length, {.lo = 1})};
}

/// Points of `bins` bins, `count` in each: [K, bins count].
Tensor points(const Sides& sides, std::int64_t bins, std::int64_t count) {
    const auto total = static_cast<double>(bins * count);
    const Tensor fraction = (arange(0, total, 1, sides.start.options()) + 0.5) / total;
    return sides.start + sides.length * fraction;
}

/// x at the points of all pairs of rows and columns: [K, h, a, w, b, C] for a x b points a bin.
Tensor sampled(const detail::PixelRows& image, const Tensor& y, const Tensor& x, Extents size,
               Extents count) {
    const std::int64_t k = y.size(0), rows = y.size(1), columns = x.size(1);
    std::vector<Tensor> at{expand(unsqueeze(y, 2), {k, rows, columns}),
                           expand(unsqueeze(x, 1), {k, rows, columns})};
    Tensor near;
    for (std::size_t d = 0; d < 2; ++d) {
        const auto extent = static_cast<double>(image.extents[d]);
        const Tensor flat = reshape(at[d], {k, rows * columns});
        const Tensor here = logical_and(flat >= -1.0, flat <= extent);
        near = d == 0 ? here : logical_and(near, here);
        at[d] = clamp(flat, {.lo = 0, .hi = extent - 1});
    }
    const Tensor values = detail::linear_at(image, at);
    const Tensor counted = where(unsqueeze(near, 2), values, zeros({}, values.options()));
    return reshape(counted, {k, size[0], count[0], size[1], count[1], values.size(2)});
}

Tensor aligned(const detail::PixelRows& image, const Sides& y, const Sides& x, Extents size,
               Extents count) {
    const Tensor values =
        sampled(image, points(y, size[0], count[0]), points(x, size[1], count[1]), size, count);
    return permute(mean(values, {2, 4}), {0, 3, 1, 2});
}

void check_boxes(const Checker& check, const Tensor& x, const Tensor& boxes, Extents size,
                 const RoiAlignOptions& o) {
    check.defined(x, boxes);
    check(
        x.rank() == 4 && (x.dtype() == f32 || x.dtype() == f64) && x.size(2) >= 1 && x.size(3) >= 1,
        "needs images [B, C, H, W] in f32 or f64; got ", describe(x));
    check(boxes.rank() == 2 && boxes.size(1) == 5 && boxes.dtype() == x.dtype(),
          "boxes must be [K, 5] of x's dtype; got ", describe(boxes), "; expected ", x.dtype());
    constexpr std::int64_t limit = 1 << 15;
    check(size[0] >= 1 && size[1] >= 1 && size[0] < limit && size[1] < limit,
          "the size must be 1 to 2^15; got ", size[0], " x ", size[1]);
    check(o.sampling_ratio >= 0 && o.sampling_ratio < limit,
          "sampling_ratio must be 0 to 2^15; got ", o.sampling_ratio);
}

// As many points as pixels, for one box.
Extents counts_of(const Checker& check, const Sides& y, const Sides& x, Extents size) {
    Extents counts{};
    const double lengths[] = {y.length.item(), x.length.item()};
    for (std::size_t d = 0; d < 2; ++d) {
        const double wanted = std::ceil(lengths[d] / static_cast<double>(size[d]));
        check(wanted < 1 << 15, "a box is too large; got ", lengths[d], " pixels");
        counts[d] = std::max<std::int64_t>(static_cast<std::int64_t>(wanted), 1);
    }
    return counts;
}

}  // namespace

Tensor roi_align(const Tensor& x, const Tensor& boxes, std::array<std::int64_t, 2> size,
                 const RoiAlignOptions& o) {
    const Checker check("roi_align");
    check_boxes(check, x, boxes, size, o);
    const Tensor index = to(narrow(boxes, 1, 0, 1), i64);
    detail::check_range(check, index, x.size(0));
    detail::PixelRows image(x);
    const Sides rows = sides_of(boxes, 2, o), columns = sides_of(boxes, 1, o);
    if (o.sampling_ratio > 0 || boxes.size(0) == 0) {
        image.image = index;
        const std::int64_t n = std::max<std::int64_t>(o.sampling_ratio, 1);
        return aligned(image, rows, columns, size, {n, n});
    }
    std::vector<Tensor> regions;
    for (std::int64_t k = 0; k < boxes.size(0); ++k) {
        const auto of_box = [k](const Tensor& t) { return narrow(t, 0, k, 1); };
        const Sides y{of_box(rows.start), of_box(rows.length)};
        const Sides across{of_box(columns.start), of_box(columns.length)};
        image.image = of_box(index);
        regions.push_back(aligned(image, y, across, size, counts_of(check, y, across, size)));
    }
    return concat(regions);
}

}  // namespace eps
