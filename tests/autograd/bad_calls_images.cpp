// Bad calls: convolutions, pooling, resizing and windows.
#include <limits>

#include "tests/autograd/bad_calls.h"
#include "varepsilon.h"

namespace eps::test {
namespace {

constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t huge = std::int64_t{1} << 62;

/// A matrix with one element, in its only row.
CsrMatrix csr_row(std::int64_t inputs, std::int64_t source, double weight) {
    CsrMatrix matrix(inputs);
    matrix.add(source, weight);
    matrix.end_row();
    return matrix;
}

CsrMatrix unfinished_matrix() {
    CsrMatrix matrix(4);
    matrix.add(0);  // and no end_row()
    return matrix;
}

/// A matrix whose second row ends before it begins.
CsrMatrix falling_matrix() {
    CsrMatrix matrix(4);
    matrix.add(0);
    matrix.add(1);
    matrix.starts = {0, 2, 1, 2};
    return matrix;
}

}  // namespace

void add_bad_calls_images(std::vector<BadCall>& calls) {
    static const Tensor a = zeros({4, 3});
    static const Tensor scalar = zeros({});
    static const Tensor none;
    static const Tensor whole = zeros({3}, {.dtype = i64});
    const std::vector<BadCall> table = {
        // Convolutions.
        EPS_THROWS("conv2d", conv2d(a, a), "rank 4", "[4, 3]"),
        EPS_THROWS("conv2d", conv2d(zeros({1, 3, 8, 8}), zeros({4, 2, 3, 3})), "channels differ",
                   "[1, 3, 8, 8]", "[4, 2, 3, 3]"),
        EPS_THROWS("conv2d", conv2d(zeros({1, 2, 2, 2}), zeros({4, 2, 3, 3})),
                   "larger than the padded image"),
        EPS_THROWS("conv2d", conv2d(zeros({1, 2, 8, 8}), zeros({4, 2, 3, 3}), zeros({3})), "bias",
                   "f32 [3]", "f32 [4]"),
        EPS_THROWS("conv2d",
                   conv2d(zeros({1, 2, 8, 8}), zeros({4, 2, 3, 3}), {}, {.stride = {0, 1}}),
                   "stride"),
        EPS_THROWS("conv2d", conv2d(zeros({1, 2, 8, 8}, {.dtype = f64}), zeros({4, 2, 3, 3})),
                   "dtypes differ", "f64", "f32"),
        EPS_THROWS("conv_transpose2d", conv_transpose2d(zeros({1, 2, 4, 4}), zeros({3, 2, 3, 3})),
                   "channels differ", "[3, 2, 3, 3]"),
        EPS_THROWS("conv_transpose2d",
                   conv_transpose2d(zeros({1, 2, 4, 4}), zeros({2, 2, 3, 3}), {},
                                    {.output_padding = {1, 1}}),
                   "output_padding"),
        EPS_THROWS("conv1d", conv1d(zeros({2, 8}), zeros({4, 2, 3})), "rank 3", "unsqueeze(x, 0)"),
        EPS_THROWS("conv1d", conv1d(zeros({1, 3, 8}), zeros({4, 2, 3})), "channels differ",
                   "[1, 3, 8]", "[B, 2, L]"),
        EPS_THROWS("conv1d", conv1d(zeros({1, 2, 2}), zeros({4, 2, 3})), "kernel is larger",
                   "[1, 2, 2]"),
        EPS_THROWS("conv1d", conv1d(zeros({1, 2, 8}), zeros({4, 2, 3}), zeros({3})), "bias"),
        EPS_THROWS("conv1d", conv1d(zeros({1, 2, 8}), zeros({4, 2, 3}), {}, {.stride = 0}),
                   "stride 0"),
        EPS_THROWS("conv1d", conv1d(zeros({1, 2, 8}), zeros({4, 2, 3}), {}, {.dilation = huge}),
                   "overflows"),
        EPS_THROWS("conv_transpose1d", conv_transpose1d(zeros({1, 2, 8}), zeros({3, 2, 3})),
                   "channels differ", "[1, 2, 8]"),
        EPS_THROWS(
            "conv2d",
            conv2d(zeros({1, 1, 4, 4}), zeros({1, 1, 3, 3}), {}, {.dilation = {INT64_MAX, 1}}),
            "overflows"),
        EPS_THROWS(
            "conv2d",
            conv2d(zeros({1, 1, 4, 4}), zeros({1, 1, 3, 3}), {}, {.padding = {INT64_MAX, 1}}),
            "overflows"),
        EPS_THROWS("conv2d",
                   conv2d(zeros({1, 1, 4, 4}), zeros({1, 1, 3, 3}), {},
                          {.padding = {1 << 30, 1}, .dilation = {1 << 30, 1}}),
                   "reaches over 2147483649 pixels"),
        EPS_THROWS(
            "conv_transpose2d",
            conv_transpose2d(zeros({1, 1, 4, 4}), zeros({1, 1, 3, 3}), {}, {.stride = {huge, 1}}),
            "overflows"),
        EPS_THROWS(
            "avg_pool2d",
            avg_pool2d(expand(zeros({}), {1, 1, 1 << 21, 1}), {1 << 20, 1}, {.stride = {1, 1}}),
            "too large"),
        EPS_THROWS("adaptive_avg_pool2d", adaptive_avg_pool2d(zeros({1, 1, 4, 4}), {INT32_MAX, 1}),
                   "too large"),
        EPS_THROWS("interpolate", interpolate(zeros({1, 2, 4}), {.size = {INT32_MAX}}),
                   "too large"),
        EPS_THROWS(
            "interpolate",
            interpolate(zeros({1, 2, 4}), {.size = {INT32_MAX}, .mode = Interpolation::nearest}),
            "too large"),
        EPS_THROWS("resize_matrix", resize_matrix(4, 1, {.scale = 1e-9, .antialias = true}),
                   "too large"),
        EPS_THROWS("upsample_nearest", upsample_nearest(zeros({1, 1, 4, 4}), huge), "overflows"),
        // Pooling.
        EPS_THROWS("max_pool2d", max_pool2d(a, {2, 2}), "[B, C, H, W]", "f32 [4, 3]"),
        EPS_THROWS("max_pool2d", max_pool2d(zeros({2, 4, 4}), {2, 2}), "unsqueeze(x, 0)"),
        EPS_THROWS("max_pool2d", max_pool2d(zeros({1, 2, 4, 4}), {5, 2}),
                   "larger than the padded image", "extent 4", "window 5"),
        EPS_THROWS("max_pool2d", max_pool2d(zeros({1, 2, 4, 4}), {2, 2}, {.padding = {0, 2}}),
                   "less than the window", "got 2"),
        EPS_THROWS("max_pool2d", max_pool2d(zeros({1, 2, 4, 4}), {0, 2}), "kernel 0"),
        EPS_THROWS("max_pool2d", max_pool2d(zeros({1, 2, 4, 4}), {2, 2}, {.stride = {-1, 1}}),
                   "stride -1"),
        EPS_THROWS("max_pool2d", max_pool2d(zeros({1, 2, 4, 4}), {huge, 2}), "make no sense"),
        EPS_THROWS("max_pool2d",
                   max_pool2d(zeros({1, 2, 4, 4}), {2, 2}, {.stride = {1, std::int64_t{1} << 31}}),
                   "make no sense", "stride 2147483648"),
        EPS_THROWS("max_pool2d",
                   max_pool2d(zeros({1, 2, 1, 4}), {2, 2}, {.padding = {2, 0}, .dilation = {3, 1}}),
                   "between the pixels"),
        EPS_THROWS("max_pool2d", max_pool2d(zeros({1, 2, 0, 4}), {1, 1}), "extent 0"),
        EPS_THROWS("max_pool2d", max_pool2d(zeros({1, 2, 4, 4}, {.dtype = bf16}), {2, 2}), "bf16"),
        EPS_THROWS("max_pool2d_with_indices", max_pool2d_with_indices(none, {2, 2}), "undefined"),
        EPS_THROWS("max_pool1d", max_pool1d(a, 2), "[B, C, L]"),
        EPS_THROWS("avg_pool2d", avg_pool2d(zeros({1, 2, 4, 4}, {.dtype = i64}), {2, 2}),
                   "i64 [1, 2, 4, 4]", "to(x, f32)"),
        EPS_THROWS("avg_pool2d", avg_pool2d(zeros({1, 2, 4, 4}), {2, 6}), "larger", "window 6"),
        EPS_THROWS("avg_pool1d", avg_pool1d(zeros({1, 2, 4}), 2, {.dilation = 0}), "dilation 0"),
        EPS_THROWS("average_matrix", average_matrix(4, 2, {.after = 2}), "less than the window",
                   "0 and 2"),
        EPS_THROWS("adaptive_avg_pool2d", adaptive_avg_pool2d(zeros({1, 2, 4, 4}), {0, 1}),
                   "not positive", "to 0"),
        EPS_THROWS("adaptive_avg_pool1d", adaptive_avg_pool1d(zeros({1, 2, 0}), 1), "not positive",
                   "[1, 2, 0]"),
        EPS_THROWS("adaptive_max_pool2d", adaptive_max_pool2d(a, {1, 1}), "[B, C, H, W]"),
        EPS_THROWS("adaptive_max_pool1d", adaptive_max_pool1d(zeros({1, 2, 4}), -1), "to -1"),
        EPS_THROWS("adaptive_avg_pool2d", adaptive_avg_pool2d(zeros({1, 2, 4, 4}), {2, huge}),
                   "beyond 2^31"),
        // Resizing.
        EPS_THROWS("resample", resample(a, 0, CsrMatrix(3)), "another extent", "got 3",
                   "expected 4"),
        EPS_THROWS("resample", resample(a, 0, csr_row(4, 4, 1)), "out of range", "got 4", "0 to 3"),
        EPS_THROWS("resample", resample(a, 0, unfinished_matrix()), "malformed", "1 sources"),
        EPS_THROWS("resample", resample(a, 0, falling_matrix()), "malformed", "2 sources"),
        EPS_THROWS("resample", resample(whole, 0, csr_row(3, 0, 0.5)), "weighted sums", "i64 [3]"),
        EPS_THROWS("resample", resample(scalar, 0, CsrMatrix(1)), "dim 0", "rank 0"),
        EPS_THROWS("resize_matrix", resize_matrix(0, 3), "0 to 3"),
        EPS_THROWS("resize_matrix", resize_matrix(2, 3, {.scale = nan_}), "scale", "nan"),
        EPS_THROWS("resize_matrix", resize_matrix(2, 3, {.crop_start = nan_}), "crop", "nan"),
        EPS_THROWS("interpolate", interpolate(a, {.size = {3}}), "[B, C, H, W]", "[4, 3]"),
        EPS_THROWS("interpolate", interpolate(zeros({1, 2, 4, 4}), {}),
                   "either a size or a scale_factor", "got 0 and 0"),
        EPS_THROWS("interpolate",
                   interpolate(zeros({1, 2, 4, 4}), {.size = {2, 2}, .scale_factor = {2}}),
                   "got 2 and 1"),
        EPS_THROWS("interpolate", interpolate(zeros({1, 2, 4, 4}), {.scale_factor = {-1}}),
                   "positive", "-1"),
        EPS_THROWS("interpolate", interpolate(zeros({1, 2, 4, 4}), {.scale_factor = {0.1}}),
                   "4 resized to 0"),
        EPS_THROWS("interpolate",
                   interpolate(zeros({1, 2, 4, 4}), {.size = {2, 2}, .align_corners = true}),
                   "for linear and cubic"),
        EPS_THROWS("interpolate",
                   interpolate(zeros({1, 2, 4}, {.dtype = u8}),
                               {.size = {3}, .mode = Interpolation::linear}),
                   "u8 [1, 2, 4]"),
        EPS_THROWS("interpolate", interpolate(zeros({1, 2, 4}), {.size = {huge}}), "beyond 2^31",
                   "[1, 2, 4]"),
        EPS_THROWS("interpolate", interpolate(zeros({1, 2, 4}), {.scale_factor = {1e9}}),
                   "beyond 2^31", "resized to 4"),
        EPS_THROWS("resize_matrix", resize_matrix(2, huge), "beyond 2^31"),
        EPS_THROWS("upsample_nearest", upsample_nearest(a, 2), "[B, C, H, W]"),
        // Windows.
        EPS_THROWS("unfold", unfold(zeros({1, 2, 4, 4}), {2, 2}, {.padding = {huge >> 32, 0}}),
                   "too many windows"),
        EPS_THROWS("unfold", unfold(a, {2, 2}), "[B, C, H, W]"),
        EPS_THROWS("unfold", unfold(zeros({1, 2, 4, 4}), {2, 5}), "larger than the padded image",
                   "kernel 5"),
        EPS_THROWS("unfold", unfold(zeros({1, 2, 4, 4}), {2, 2}, {.stride = {1, 0}}), "stride 0"),
        EPS_THROWS("fold", fold(zeros({1, 7, 4}), {3, 4}, {2, 3}), "does not fit", "[1, 7, 4]",
                   "[B, C 6, 4]"),
        EPS_THROWS("fold", fold(zeros({1, 6, 4}), {3, 4}, {2, 3}, {.padding = {-1, 0}}),
                   "padding -1"),
    };
    calls.insert(calls.end(), table.begin(), table.end());
}

}  // namespace eps::test
