// Images resized, and sampled at coordinates between their pixels.
#include <cmath>

#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/image/resize.h"
#include "autograd/ops/image/upsample.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

Filter filter_of(const Call& c) {
    const std::string mode = c.text("mode", "nearest");
    if (mode == "cubic") return Filter::cubic;
    return mode == "linear" ? Filter::linear : Filter::nearest;
}

Coordinates coordinates_of(const Call& c) {
    const std::map<std::string, Coordinates> names{
        {"half_pixel", Coordinates::half_pixel},
        {"pytorch_half_pixel", Coordinates::pytorch_half_pixel},
        {"tf_half_pixel_for_nn", Coordinates::tf_half_pixel_for_nn},
        {"align_corners", Coordinates::align_corners},
        {"asymmetric", Coordinates::asymmetric},
        {"tf_crop_and_resize", Coordinates::tf_crop_and_resize}};
    return names.at(c.text("coordinate_transformation_mode", "half_pixel"));
}

Rounding rounding_of(const Call& c) {
    const std::map<std::string, Rounding> names{{"floor", Rounding::floor},
                                                {"ceil", Rounding::ceil},
                                                {"round_prefer_floor", Rounding::prefer_floor},
                                                {"round_prefer_ceil", Rounding::prefer_ceil}};
    return names.at(c.text("nearest_mode", "round_prefer_floor"));
}

// Inputs: x, region of interest, scales, sizes. Outputs outside of the region are 0, in a tensor of
// ones, too, which tells where they are.
Results resize(const Call& c) {
    ResizeOptions options{.filter = filter_of(c),
                          .coordinates = coordinates_of(c),
                          .rounding = rounding_of(c),
                          .cubic = c.real("cubic_coeff_a", -0.75),
                          .exclude_outside = c.flag("exclude_outside")};
    const double extrapolated = c.real("extrapolation_value", 0);
    const Tensor scales = c.optional(2), region = c.optional(1);
    Tensor out = c[0], inside = ones_like(c[0]);
    for (int d = 0; d < c[0].rank(); ++d) {
        const std::int64_t in = c[0].size(d);
        options.scale = scales.defined() && scales.numel() > 0 ? select(scales, 0, d).item() : 0;
        const std::int64_t size =
            options.scale > 0
                ? static_cast<std::int64_t>(std::floor(static_cast<double>(in) * options.scale))
                : c.numbers(3).at(static_cast<std::size_t>(d));
        if (options.coordinates == Coordinates::tf_crop_and_resize) {
            options.crop_start = select(region, 0, d).item();
            options.crop_end = select(region, 0, c[0].rank() + d).item();
        }
        const CsrMatrix matrix = resize_matrix(in, size, options);
        out = resample(out, d, matrix);
        inside = resample(inside, d, matrix);
    }
    return extrapolated == 0 ? out : out + extrapolated * (1.0 - inside);
}

// The op that Resize replaced; it has the scales of all dimensions.
Results upsample(const Call& c) {
    const std::vector<double> scales = c[1].to_vector();
    if (c.text("mode", "nearest") != "nearest" || scales.at(0) != 1 || scales.at(1) != 1)
        c.unsupported("this upsampling");
    return interpolate(c[0], {.scale_factor = {scales.begin() + 2, scales.end()}});
}

/// One dimension of a grid: coordinates from -1 to 1 become pixels.
struct GridDim {
    double extent;
    bool align_corners;
    double lowest() const { return align_corners ? 0 : -0.5; }
    double largest() const { return align_corners ? extent - 1 : extent - 0.5; }
    Tensor pixels(const Tensor& g) const {
        return align_corners ? (g + 1.0) * ((extent - 1) / 2) : ((g + 1.0) * extent - 1.0) / 2.0;
    }
    /// Reflected at both ends, as often as needed.
    Tensor reflected(const Tensor& x) const {
        const double span = largest() - lowest();
        const Tensor folded = remainder(abs(x - lowest()), Tensor(2 * span, x.options()));
        return minimum(folded, 2 * span - folded) + lowest();
    }
    Tensor inside(const Tensor& x) const { return clamp(x, {0, extent - 1}); }
};

struct Sampler {
    Tensor image;  // [N, C, H W]
    GridDim row, column;
    std::string padding;

    // The pixels at whole rows and columns [N, P] -> [N, C, P]; the padding says what is outside of
    // the image.
    Tensor at(Tensor y, Tensor x) const {
        const Tensor is_inside = logical_and(logical_and(y >= 0.0, y <= row.extent - 1),
                                             logical_and(x >= 0.0, x <= column.extent - 1));
        if (padding == "reflection") y = round(row.reflected(y)), x = round(column.reflected(x));
        const Tensor position = to(row.inside(y) * column.extent + column.inside(x), i64);
        const Tensor pixels =
            gather(image, 2,
                   contiguous(expand(unsqueeze(position, 1),
                                     {position.size(0), image.size(1), position.size(1)})));
        return padding == "zeros" ? where(unsqueeze(is_inside, 1), pixels, zeros_like(pixels))
                                  : pixels;
    }
    // The mean of the pixels around (y, x), weighted in each dimension.
    Tensor mixed(const Tensor& y, const Tensor& x, int first, int last,
                 const std::function<Tensor(const Tensor&)>& weight) const {
        const Tensor y0 = floor(y), x0 = floor(x);
        Tensor total;
        for (int i = first; i <= last; ++i)
            for (int j = first; j <= last; ++j) {
                const Tensor pixel_y = y0 + static_cast<double>(i);
                const Tensor pixel_x = x0 + static_cast<double>(j);
                const Tensor part =
                    unsqueeze(weight(y - pixel_y) * weight(x - pixel_x), 1) * at(pixel_y, pixel_x);
                total = total.defined() ? total + part : part;
            }
        return total;
    }
};

Tensor linear_weight(const Tensor& distance) { return 1.0 - abs(distance); }

Tensor cubic_weight(const Tensor& distance) {
    const Tensor d = abs(distance);
    const double a = -0.75;
    const Tensor near = ((a + 2) * d - (a + 3)) * d * d + 1.0;
    const Tensor far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    return where(d <= 1.0, near, far);
}

// image [N, C, H, W], grid [N, H', W', 2] of (x, y) (Jaderberg et al. 2015).
Results grid_sample(const Call& c) {
    const Tensor& x = c[0];
    const std::string mode = c.text("mode", "bilinear"), padding = c.text("padding_mode", "zeros");
    const bool align = c.flag("align_corners");
    const Sampler sampler{reshape(x, {x.size(0), x.size(1), -1}),
                          {static_cast<double>(x.size(2)), align},
                          {static_cast<double>(x.size(3)), align},
                          padding};
    const Tensor grid = reshape(c[1], {x.size(0), -1, 2});
    Tensor column = sampler.column.pixels(select(grid, -1, 0)),
           row = sampler.row.pixels(select(grid, -1, 1)), out;
    if (mode != "bicubic" && padding == "reflection")
        row = sampler.row.reflected(row), column = sampler.column.reflected(column);
    if (mode != "bicubic" && padding != "zeros")
        row = sampler.row.inside(row), column = sampler.column.inside(column);
    if (mode == "nearest")
        out = sampler.at(round(row), round(column));
    else if (mode == "bilinear")
        out = sampler.mixed(row, column, 0, 1, linear_weight);
    else
        out = sampler.mixed(row, column, -1, 2, cubic_weight);
    return reshape(out, {x.size(0), x.size(1), c[1].size(1), c[1].size(2)});
}

}  // namespace

void add_resample_ops(OpTable& table) {
    table.insert({{"Resize", resize}, {"Upsample", upsample}, {"GridSample", grid_sample}});
}

}  // namespace eps::conformance
