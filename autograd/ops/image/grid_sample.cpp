#include "autograd/ops/image/grid_sample.h"

#include <algorithm>
#include <vector>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/sample_points.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

using detail::PixelRows;

/// One dimension of a grid: coordinates from -1 to 1 become pixels.
struct GridDim {
    double extent;
    bool align_corners;

    double lowest() const { return align_corners ? 0 : -0.5; }
    double largest() const { return align_corners ? extent - 1 : extent - 0.5; }
    Tensor pixels(const Tensor& g) const {
        return align_corners ? (g + 1.0) * ((extent - 1) / 2) : ((g + 1.0) * extent - 1.0) / 2.0;
    }
    Tensor inside(const Tensor& x) const { return clamp(x, {.lo = 0, .hi = extent - 1}); }
    /// Reflected at both ends, as often as needed.
    Tensor reflected(const Tensor& x) const {
        const double span = largest() - lowest();
        if (span == 0) return zeros_like(x);
        const Tensor folded = remainder(abs(x - lowest()), full({}, 2 * span, x.options()));
        return inside(minimum(folded, 2 * span - folded) + lowest());
    }
    Tensor padded(const Tensor& x, GridPadding padding) const {
        if (padding == GridPadding::zeros) return x;
        return padding == GridPadding::border ? inside(x) : reflected(x);
    }
};

struct Sampler {
    PixelRows image;
    std::vector<GridDim> dims;
    GridPadding padding;

    // The pixels at whole coordinates, [B, N] each -> [B, N, C].
    Tensor at(std::vector<Tensor> pixel) const {
        if (padding == GridPadding::reflection)
            for (std::size_t d = 0; d < dims.size(); ++d)
                pixel[d] = round(dims[d].reflected(pixel[d]));
        const Tensor values = detail::pixels_at(image, pixel);
        if (padding != GridPadding::zeros) return values;
        return where(unsqueeze(detail::inside_image(image, pixel), 2), values,
                     zeros({}, values.options()));
    }
    // The 4 x 4 pixels around each point.
    Tensor bicubic(const Tensor& y, const Tensor& x) const;
};

// The convolution kernel of Keys (1981, equation 15).
Tensor cubic_weight(const Tensor& distance) {
    const Tensor d = abs(distance);
    const double a = -0.75;
    const Tensor near = ((a + 2) * d - (a + 3)) * d * d + 1.0;
    const Tensor far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    return where(d <= 1.0, near, far);
}

Tensor Sampler::bicubic(const Tensor& y, const Tensor& x) const {
    const Tensor row = floor(y), column = floor(x);
    Tensor total;
    for (int i = -1; i <= 2; ++i)
        for (int j = -1; j <= 2; ++j) {
            const Tensor pixel_y = row + static_cast<double>(i);
            const Tensor pixel_x = column + static_cast<double>(j);
            const Tensor weight = cubic_weight(y - pixel_y) * cubic_weight(x - pixel_x);
            const Tensor part = unsqueeze(weight, 2) * at({pixel_y, pixel_x});
            total = total.defined() ? total + part : part;
        }
    return total;
}

void check_grid(const Checker& check, const Tensor& x, const Tensor& grid,
                const GridSampleOptions& o) {
    check.defined(x, grid);
    check(x.rank() == 4 || x.rank() == 5,
          "needs an image [B, C, H, W] or a volume [B, C, D, H, W]; got ", describe(x));
    check((x.dtype() == f32 || x.dtype() == f64) && grid.dtype() == x.dtype(),
          "dtypes differ or are not real; got ", x.dtype(), " and ", grid.dtype(),
          "; expected both f32 or both f64; hint: to(x, f32)");
    check(grid.device() == x.device(), "inputs on different devices; got ", x.device(), " and ",
          grid.device());
    check(grid.rank() == x.rank() && grid.size(0) == x.size(0) && grid.size(-1) == x.rank() - 2,
          "the grid does not fit; got x ", x.shape(), " and grid ", grid.shape(), "; expected [",
          x.size(0), x.rank() == 4 ? ", H, W, 2]" : ", D, H, W, 3]");
    for (int d = 2; d < x.rank(); ++d) check(x.size(d) >= 1, "the image is empty; got ", x.shape());
    check(o.mode != GridMode::bicubic || x.rank() == 4, "bicubic is for images; got a volume ",
          x.shape(), "; hint: GridMode::bilinear is trilinear there");
}

}  // namespace

Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& o) {
    const Checker check("grid_sample");
    check_grid(check, x, grid, o);
    const int spatial = x.rank() - 2;
    Sampler sampler{PixelRows(x), {}, o.padding_mode};
    const Tensor points = reshape(
        grid, {x.size(0), numel(grid.shape()) / std::max<std::int64_t>(x.size(0) * spatial, 1),
               spatial});    // [B, N, 2 or 3]
    std::vector<Tensor> at;  // in pixels, [B, N] each; the first one is along the last dimension
    for (int d = 0; d < spatial; ++d) {
        sampler.dims.push_back({static_cast<double>(x.size(d + 2)), o.align_corners});
        const Tensor pixels = sampler.dims.back().pixels(select(points, 2, spatial - 1 - d));
        const bool pads_pixels = o.mode == GridMode::bicubic;
        at.push_back(pads_pixels ? pixels : sampler.dims.back().padded(pixels, o.padding_mode));
    }
    Tensor out;  // [B, N, C]
    if (o.mode == GridMode::bilinear) {
        out = detail::linear_at(sampler.image, at);
    } else if (o.mode == GridMode::bicubic) {
        out = sampler.bicubic(at[0], at[1]);
    } else {
        for (Tensor& coordinate : at) coordinate = round(coordinate);
        out = sampler.at(at);
    }
    Shape shape = grid.shape();
    shape[spatial + 1] = x.size(1);
    Dims order{0, spatial + 1};
    for (int d = 1; d <= spatial; ++d) order.push_back(d);
    return permute(reshape(out, shape), order);
}

namespace {

// The centres of n pixels between -1 and 1, or with align_corners from -1 to 1; one pixel is at 0.
Tensor centres(std::int64_t n, bool align_corners, Options options) {
    if (n == 1) return zeros({1}, options);
    const auto count = static_cast<double>(n);
    const double end = align_corners ? 1 : (count - 1) / count;
    return linspace(-end, end, n, options);
}

}  // namespace

Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners) {
    const Checker check("affine_grid");
    check.defined(theta);
    const int spatial = size.rank() - 2;
    check(spatial == 2 || spatial == 3, "the size must be [B, C, H, W] or [B, C, D, H, W]; got ",
          size);
    const Shape expected{size[0], spatial, spatial + 1};
    check((theta.dtype() == f32 || theta.dtype() == f64) && theta.shape() == expected,
          "theta does not fit; got ", describe(theta), "; expected f32 or f64 ", expected);
    Shape extents;
    for (int d = 0; d < spatial; ++d) {
        check(size[d + 2] >= 1, "an extent is not positive; got ", size);
        extents.push_back(size[d + 2]);
    }
    std::vector<Tensor> columns;  // x, y, .. and 1
    for (int d = spatial - 1; d >= 0; --d) {
        Shape along = Dims::filled(spatial, 1);
        along[d] = extents[d];
        const Tensor line = centres(extents[d], align_corners, theta.options());
        columns.push_back(expand(reshape(line, along), extents));
    }
    columns.push_back(expand(ones(Dims::filled(spatial, 1), theta.options()), extents));
    const Tensor points = reshape(stack(columns, -1), {-1, spatial + 1});
    Shape shape{size[0]};
    for (const std::int64_t extent : extents) shape.push_back(extent);
    shape.push_back(spatial);
    return reshape(matmul(points, transpose(theta)), shape);
}

}  // namespace eps
