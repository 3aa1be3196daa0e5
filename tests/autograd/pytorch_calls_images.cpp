// The calls of the cases of tests/golden/oracle/images.py: convolutions, pooling, resizing and
// sampling; and of the windows along a dimension, which share their name with those of images.
#include "autograd/engine.h"
#include "autograd/ops/image/conv.h"
#include "autograd/ops/image/conv3d.h"
#include "autograd/ops/image/grid_sample.h"
#include "autograd/ops/image/lp_pool.h"
#include "autograd/ops/image/max_unpool.h"
#include "autograd/ops/image/pool.h"
#include "autograd/ops/image/pool3d.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/image/unfold.h"
#include "autograd/ops/image/upsample.h"
#include "autograd/ops/shape/windows.h"
#include "tensor/create.h"
#include "tests/autograd/pytorch_oracle.h"

namespace eps::test {
namespace {

// Options of N dimensions.
template <class Options, std::size_t N> Options convolution(const OracleCall& c) {
    Options options;
    options.stride = c.extents<N>("stride", 1);
    options.padding = c.extents<N>("padding");
    options.dilation = c.extents<N>("dilation", 1);
    options.groups = c.integer("groups", 1);
    if constexpr (requires { options.output_padding; })
        options.output_padding = c.extents<N>("output_padding");
    return options;
}
// Those of signals, whose numbers are no lists.
template <class Options> Options convolution1d(const OracleCall& c) {
    Options options;
    options.stride = c.integer("stride", 1);
    options.padding = c.integer("padding");
    options.dilation = c.integer("dilation", 1);
    options.groups = c.integer("groups", 1);
    if constexpr (requires { options.output_padding; })
        options.output_padding = c.integer("output_padding");
    return options;
}
template <class Options, std::size_t N> Options pooling(const OracleCall& c) {
    Options options;
    options.stride = c.extents<N>("stride");
    options.padding = c.extents<N>("padding");
    options.dilation = c.extents<N>("dilation", 1);
    options.ceil_mode = c.flag("ceil_mode");
    if constexpr (requires { options.count_include_pad; })
        options.count_include_pad = c.flag("count_include_pad", true);
    return options;
}
template <class Options> Options pooling1d(const OracleCall& c) {
    Options options;
    options.stride = c.integer("stride");
    options.padding = c.integer("padding");
    return options;
}
UnfoldOptions windows(const OracleCall& c) {
    return {.dilation = c.extents<2>("dilation", 1),
            .padding = c.extents<2>("padding"),
            .stride = c.extents<2>("stride", 1)};
}

// The op is the derivative of conv2d in its weight.
Tensor conv2d_weight(const OracleCall& c) {
    Tensor weight = zeros(c.dims("weight"), c[0].options());
    weight.requires_grad_();
    const Tensor y = conv2d(c[0], weight, {}, convolution<Conv2dOptions, 2>(c));
    return grad(y, {weight}, {.gradient = c[1], .create_graph = true})[0];
}

Tensor resized(const OracleCall& c) {
    static const std::map<std::string, Interpolation> modes = {
        {"nearest", Interpolation::nearest},
        {"nearest_exact", Interpolation::nearest_exact},
        {"linear", Interpolation::linear},
        {"cubic", Interpolation::cubic}};
    InterpolateOptions options{.size = c.dims("size"),
                               .mode = modes.at(c.text("mode")),
                               .align_corners = c.flag("align_corners"),
                               .antialias = c.flag("antialias")};
    if (c.has("scale_factor")) options.scale_factor = c.arguments.at("scale_factor").numbers;
    return interpolate(c[0], options);
}

// A dense matrix, as the sparse one that the op takes.
Tensor resampled(const OracleCall& c) {
    const std::int64_t dim = c.integer("dim"), columns = c[0].size(dim);
    CsrMatrix matrix(columns);
    const std::vector<double>& entries = c.arguments.at("matrix").numbers;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto column = static_cast<std::int64_t>(i) % columns;
        if (entries[i] != 0) matrix.add(column, entries[i]);
        if (column == columns - 1) matrix.end_row();
    }
    return resample(c[0], dim, matrix);
}

Tensor sampled(const OracleCall& c) {
    const std::string &mode = c.text("mode"), &padding = c.text("padding_mode");
    return grid_sample(c[0], c[1],
                       {.mode = mode == "bilinear"  ? GridMode::bilinear
                                : mode == "nearest" ? GridMode::nearest
                                                    : GridMode::bicubic,
                        .padding_mode = padding == "zeros"    ? GridPadding::zeros
                                        : padding == "border" ? GridPadding::border
                                                              : GridPadding::reflection,
                        .align_corners = c.flag("align_corners")});
}

OracleTable convolution_calls() {
    return {
        EPS_CALL("conv2d", conv2d(c[0], c[1], c[2], convolution<Conv2dOptions, 2>(c))),
        EPS_CALL("conv2d_weight", conv2d_weight(c)),
        EPS_CALL("conv_transpose2d",
                 conv_transpose2d(c[0], c[1], c[2], convolution<ConvTranspose2dOptions, 2>(c))),
        EPS_CALL("conv1d", conv1d(c[0], c[1], c[2], convolution1d<Conv1dOptions>(c))),
        EPS_CALL("conv_transpose1d",
                 conv_transpose1d(c[0], c[1], c[2], convolution1d<ConvTranspose1dOptions>(c))),
        EPS_CALL("conv3d", conv3d(c[0], c[1], c[2], convolution<Conv3dOptions, 3>(c))),
        EPS_CALL("conv_transpose3d",
                 conv_transpose3d(c[0], c[1], c[2], convolution<ConvTranspose3dOptions, 3>(c))),
    };
}

OracleTable pooling_calls() {
    return {
        EPS_CALL("max_pool1d",
                 max_pool1d(c[0], c.integer("kernel"), pooling1d<MaxPool1dOptions>(c))),
        EPS_CALL("max_pool2d",
                 max_pool2d(c[0], c.extents<2>("kernel"), pooling<MaxPool2dOptions, 2>(c))),
        EPS_CALL("max_pool3d",
                 max_pool3d(c[0], c.extents<3>("kernel"), pooling<MaxPool3dOptions, 3>(c))),
        EPS_CALL("avg_pool1d",
                 avg_pool1d(c[0], c.integer("kernel"), pooling1d<AvgPool1dOptions>(c))),
        EPS_CALL("avg_pool2d",
                 avg_pool2d(c[0], c.extents<2>("kernel"), pooling<AvgPool2dOptions, 2>(c))),
        EPS_CALL("avg_pool3d",
                 avg_pool3d(c[0], c.extents<3>("kernel"), pooling<AvgPool3dOptions, 3>(c))),
        EPS_CALL("lp_pool1d", lp_pool1d(c[0], c.number("p", 2), c.integer("kernel"),
                                        pooling1d<LpPool1dOptions>(c))),
        EPS_CALL("lp_pool2d", lp_pool2d(c[0], c.number("p", 2), c.extents<2>("kernel"),
                                        pooling<LpPool2dOptions, 2>(c))),
        EPS_CALL("lp_pool3d", lp_pool3d(c[0], c.number("p", 2), c.extents<3>("kernel"),
                                        pooling<LpPool3dOptions, 3>(c))),
        EPS_CALL("adaptive_avg_pool1d", adaptive_avg_pool1d(c[0], c.integer("size"))),
        EPS_CALL("adaptive_avg_pool2d", adaptive_avg_pool2d(c[0], c.extents<2>("size"))),
        EPS_CALL("adaptive_avg_pool3d", adaptive_avg_pool3d(c[0], c.extents<3>("size"))),
        EPS_CALL("adaptive_max_pool1d", adaptive_max_pool1d(c[0], c.integer("size"))),
        EPS_CALL("adaptive_max_pool2d", adaptive_max_pool2d(c[0], c.extents<2>("size"))),
        EPS_CALL("adaptive_max_pool3d", adaptive_max_pool3d(c[0], c.extents<3>("size"))),
        EPS_CALL("max_unpool2d", max_unpool2d(c[0], c[1], c.extents<2>("kernel"),
                                              {.output_size = c.extents<2>("size")})),
    };
}

OracleTable sampling_calls() {
    return {
        {"unfold",
         [](const OracleCall& c) -> Outputs {
             if (c.has("kernel")) return {unfold(c[0], c.extents<2>("kernel"), windows(c))};
             return {unfold(c[0], c.integer("dim"), c.integer("size"), c.integer("step"))};
         }},
        EPS_CALL("fold", fold(c[0], c.extents<2>("size"), c.extents<2>("kernel"), windows(c))),
        EPS_CALL("upsample_nearest", upsample_nearest(c[0], c.integer("scale"))),
        EPS_CALL("interpolate", resized(c)),
        EPS_CALL("resample", resampled(c)),
        EPS_CALL("channels_last", channels_last(c[0])),
        EPS_CALL("grid_sample", sampled(c)),
        EPS_CALL("affine_grid", affine_grid(c[0], c.dims("size"), c.flag("align_corners"))),
    };
}

}  // namespace

OracleTable image_calls() {
    OracleTable all = convolution_calls();
    for (const OracleTable& part : {pooling_calls(), sampling_calls()})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace eps::test
