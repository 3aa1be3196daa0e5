// Images resized, and sampled at coordinates between their pixels.
#include <cmath>

#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/image/grid_sample.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/image/resize.h"
#include "autograd/ops/image/roi_align.h"
#include "autograd/ops/image/unfold.h"
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
        {"half_pixel_symmetric", Coordinates::half_pixel_symmetric},
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

/// What Resize does along one dimension.
struct Resizing {
    int dim;
    std::int64_t size;
    double scale;               // 0: as the size says
    double start = 0, end = 1;  // of the region of interest
};

// Sizes that keep the aspect ratio fit into those that were asked for, or around them.
void keep_aspect_ratio(const Tensor& x, const std::string& policy, std::vector<Resizing>& list) {
    double scale = list.at(0).scale;
    const auto wanted = [&](const Resizing& r) {
        return static_cast<double>(r.size) / static_cast<double>(x.size(r.dim));
    };
    for (const Resizing& r : list)
        scale = &r == list.data()        ? wanted(r)
                : policy == "not_larger" ? std::min(scale, wanted(r))
                                         : std::max(scale, wanted(r));
    for (Resizing& r : list) {
        const double extent = static_cast<double>(x.size(r.dim)) * scale;
        r.size = static_cast<std::int64_t>(std::floor(extent + 0.5));
        r.scale = scale;
    }
}

// Inputs: x, region of interest, scales, sizes, for all dimensions or, since op set 18, for some.
std::vector<Resizing> resizings(const Call& c) {
    const Tensor scales = c.optional(2), region = c.optional(1);
    std::vector<std::int64_t> axes = c.integers("axes");
    if (axes.empty())
        for (int d = 0; d < c[0].rank(); ++d) axes.push_back(d);
    std::vector<Resizing> list;
    for (std::size_t k = 0; k < axes.size(); ++k) {
        const auto at = static_cast<std::int64_t>(k);
        Resizing r{normalize_dim(axes[k], c[0].rank(), "Resize"), 0, 0};
        if (scales.defined() && scales.numel() > 0) r.scale = select(scales, 0, at).item();
        r.size = r.scale > 0 ? static_cast<std::int64_t>(
                                   std::floor(static_cast<double>(c[0].size(r.dim)) * r.scale))
                             : c.numbers(3).at(k);
        if (region.defined() && region.numel() > 0) {
            r.start = select(region, 0, at).item();
            r.end = select(region, 0, static_cast<std::int64_t>(axes.size()) + at).item();
        }
        list.push_back(r);
    }
    const std::string policy = c.text("keep_aspect_ratio_policy", "stretch");
    if (policy != "stretch") keep_aspect_ratio(c[0], policy, list);
    return list;
}

// Outputs outside of the region are 0, in a tensor of ones, too, which tells where they are.
Results resize(const Call& c) {
    ResizeOptions options{.filter = filter_of(c),
                          .coordinates = coordinates_of(c),
                          .rounding = rounding_of(c),
                          .cubic = c.real("cubic_coeff_a", -0.75),
                          .exclude_outside = c.flag("exclude_outside"),
                          .antialias = c.flag("antialias")};
    const double extrapolated = c.real("extrapolation_value", 0);
    Tensor out = c[0], inside = ones_like(c[0]);
    for (const Resizing& r : resizings(c)) {
        options.scale = r.scale;
        options.crop_start = r.start;
        options.crop_end = r.end;
        const CsrMatrix matrix = resize_matrix(c[0].size(r.dim), r.size, options);
        out = resample(out, r.dim, matrix);
        inside = resample(inside, r.dim, matrix);
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

// The modes were renamed in op set 20.
Results sample_grid(const Call& c) {
    const std::map<std::string, GridMode> modes{{"bilinear", GridMode::bilinear},
                                                {"linear", GridMode::bilinear},
                                                {"bicubic", GridMode::bicubic},
                                                {"cubic", GridMode::bicubic},
                                                {"nearest", GridMode::nearest}};
    const std::map<std::string, GridPadding> paddings{{"zeros", GridPadding::zeros},
                                                      {"border", GridPadding::border},
                                                      {"reflection", GridPadding::reflection}};
    return grid_sample(c[0], c[1],
                       {.mode = modes.at(c.text("mode", "bilinear")),
                        .padding_mode = paddings.at(c.text("padding_mode", "zeros")),
                        .align_corners = c.flag("align_corners")});
}

Results grid_of_map(const Call& c) {
    return affine_grid(c[0], Dims(c.numbers(1)), c.flag("align_corners"));
}

// Boxes [K, 4], and the image of each, [K].
Results align_regions(const Call& c) {
    if (c.text("mode", "avg") != "avg") c.unsupported("mode max");
    const Tensor boxes = concat({unsqueeze(to(c[2], c[1].dtype()), 1), c[1]}, 1);
    const bool aligned = c.opset() >= 16 && c.text("coordinate_transformation_mode",
                                                   "half_pixel") == std::string("half_pixel");
    return roi_align(c[0], boxes, {c.integer("output_height", 1), c.integer("output_width", 1)},
                     {.spatial_scale = c.real("spatial_scale", 1),
                      .sampling_ratio = c.integer("sampling_ratio", 0),
                      .aligned = aligned});
}

// Columns of windows of an image, or a volume, whose padding is then cut off.
Results columns_to_image(const Call& c) {
    const std::vector<std::int64_t> size = c.numbers(1), kernel = c.numbers(2);
    const std::size_t n = size.size();
    const std::vector<std::int64_t> ones_each(n, 1);
    const auto strides = c.integers("strides", ones_each);
    const auto dilations = c.integers("dilations", ones_each);
    const auto pads = c.integers("pads", std::vector<std::int64_t>(2 * n, 0));
    const auto padded = [&](std::size_t d) { return size[d] + pads[d] + pads[n + d]; };
    Tensor out;
    if (n == 2)
        out = fold(c[0], {padded(0), padded(1)}, {kernel[0], kernel[1]},
                   {.dilation = {dilations[0], dilations[1]}, .stride = {strides[0], strides[1]}});
    else
        out = fold3d(c[0], {padded(0), padded(1), padded(2)}, {kernel.at(0), kernel[1], kernel[2]},
                     {.dilation = {dilations[0], dilations[1], dilations[2]},
                      .stride = {strides[0], strides[1], strides[2]}});
    for (std::size_t d = 0; d < n; ++d)
        out = narrow(out, static_cast<int>(d) + 2, pads[d], size[d]);
    return out;
}

}  // namespace

void add_resample_ops(OpTable& table) {
    table.insert({{"Resize", resize},
                  {"Upsample", upsample},
                  {"GridSample", sample_grid},
                  {"AffineGrid", grid_of_map},
                  {"RoiAlign", align_regions},
                  {"Col2Im", columns_to_image}});
}

}  // namespace eps::conformance
