// Bad calls: grids, volumes, regions, deformed windows, and functions made of pointwise ones.
#include "tests/autograd/bad_calls.h"
#include "varepsilon.h"

namespace eps::test {

void add_bad_calls_operators(std::vector<BadCall>& calls) {
    static const Tensor image = zeros({1, 2, 4, 4});
    static const Tensor volume = zeros({1, 2, 4, 4, 4});
    static const Tensor whole = zeros({3}, {.dtype = i64});
    static const Tensor boxes = zeros({1, 5});
    const std::vector<BadCall> table = {
        // Grids.
        EPS_THROWS("grid_sample", grid_sample(zeros({4, 4}), zeros({4, 2})), "[B, C, H, W]"),
        EPS_THROWS("grid_sample", grid_sample(image, zeros({1, 4, 4, 3})), "[1, H, W, 2]"),
        EPS_THROWS("grid_sample", grid_sample(image, zeros({1, 4, 4, 2}, {.dtype = f64})),
                   "dtypes differ"),
        EPS_THROWS("grid_sample",
                   grid_sample(volume, zeros({1, 1, 1, 1, 3}), {.mode = GridMode::bicubic}),
                   "trilinear"),
        EPS_THROWS("grid_sample", grid_sample(zeros({1, 2, 0, 4}), zeros({1, 4, 4, 2})),
                   "the image is empty"),
        EPS_THROWS("grid_sample", grid_sample(zeros({1, 2, 4, 0}), zeros({1, 4, 4, 2})),
                   "the image is empty"),
        EPS_THROWS("affine_grid", affine_grid(zeros({1, 2, 3}), {1, 4, 4}), "[B, C, H, W]"),
        EPS_THROWS("affine_grid", affine_grid(zeros({2, 2, 3}), {1, 1, 4, 4}), "[1, 2, 3]"),
        // Volumes.
        EPS_THROWS("conv3d", conv3d(image, zeros({1, 2, 1, 1, 1})), "[B, C, D, H, W]",
                   "unsqueeze(x, 0)"),
        EPS_THROWS("conv3d", conv3d(volume, zeros({1, 3, 1, 1, 1})), "channels differ"),
        EPS_THROWS("conv3d", conv3d(volume, zeros({1, 2, 5, 1, 1})),
                   "larger than the padded volume"),
        EPS_THROWS("conv3d", conv3d(volume, zeros({1, 2, 1, 1, 1}), zeros({2})), "bias", "f32 [1]"),
        EPS_THROWS("conv3d", conv3d(volume, zeros({1, 2, 1, 1, 1}), {}, {.stride = {1, 0, 1}}),
                   "stride"),
        EPS_THROWS("conv_transpose3d", conv_transpose3d(volume, zeros({3, 1, 1, 1, 1})),
                   "channels differ"),
        EPS_THROWS(
            "conv_transpose3d",
            conv_transpose3d(volume, zeros({2, 1, 2, 2, 2}), {}, {.output_padding = {0, 1, 0}}),
            "output_padding"),
        EPS_THROWS("max_pool3d", max_pool3d(image, {2, 2, 2}), "[B, C, D, H, W]"),
        EPS_THROWS("max_pool3d", max_pool3d(volume, {5, 2, 2}), "larger than the padded image"),
        EPS_THROWS("avg_pool3d", avg_pool3d(volume, {2, 2, 2}, {.padding = {0, 0, 2}}),
                   "padding must be less"),
        EPS_THROWS("adaptive_avg_pool3d", adaptive_avg_pool3d(volume, {0, 1, 1}), "not positive"),
        EPS_THROWS("adaptive_max_pool3d", adaptive_max_pool3d(volume, {1, 1, -1}), "not positive"),
        EPS_THROWS("lp_pool1d", lp_pool1d(zeros({1, 1, 3}), 2, 4), "larger than"),
        EPS_THROWS("lp_pool2d", lp_pool2d(image, 0, {2, 2}), "p must be positive"),
        EPS_THROWS("lp_pool3d", lp_pool3d(image, 2, {2, 2, 2}), "[B, C, D, H, W]"),
        EPS_THROWS("max_unpool2d", max_unpool2d(image, zeros({1, 2, 4, 4}), {2, 2}), "f32",
                   "expected i64"),
        EPS_THROWS("max_unpool2d",
                   max_unpool2d(image, full({1, 2, 4, 4}, 64, {.dtype = i64}), {2, 2}), "64"),
        EPS_THROWS("unfold3d", unfold3d(image, {1, 1, 1}), "[B, C, D, H, W]"),
        EPS_THROWS("fold3d", fold3d(zeros({1, 8, 3}), {2, 2, 2}, {2, 2, 2}), "does not fit"),
        // Regions and deformed windows.
        EPS_THROWS("roi_align", roi_align(image, zeros({1, 4}), {2, 2}), "[K, 5]"),
        EPS_THROWS("roi_align", roi_align(image, full({1, 5}, 3), {2, 2}), "3"),
        EPS_THROWS("roi_align", roi_align(image, boxes, {0, 2}), "the size"),
        EPS_THROWS("deform_conv2d", deform_conv2d(image, zeros({1, 7, 3, 3}), zeros({1, 2, 2, 2})),
                   "offsets do not fit", "8 O"),
        EPS_THROWS("deform_conv2d", deform_conv2d(image, zeros({1, 8, 3, 3}), zeros({1, 3, 2, 2})),
                   "channels differ"),
        EPS_THROWS("deform_conv2d",
                   deform_conv2d(image, zeros({1, 8, 3, 3}), zeros({1, 2, 2, 2}), {},
                                 {.mask = zeros({1, 3, 3, 3})}),
                   "mask"),
        EPS_THROWS("deform_conv2d",
                   deform_conv2d(expand(zeros({1, 1, 1, 1}), {1, 1, 1, std::int64_t{1} << 31}),
                                 zeros({1, 2, 1, 1}), zeros({1, 1, 1, 1})),
                   "larger than the padded image"),
        // Elements.
        EPS_THROWS("logit", logit(zeros({2}), 0.5), "epsilon", "0.5"),
        EPS_THROWS("softplus", softplus(zeros({2}), 0), "beta must be positive"),
        EPS_THROWS("nan_to_num", nan_to_num(zeros({2}, {.dtype = f16})), "f16"),
        EPS_THROWS("clamp", clamp(zeros({2}), Tensor(), Tensor()), "needs a bound"),
        EPS_THROWS("unfold", unfold(zeros({4}), 0, 5, 1), "windows do not fit", "extent 4"),
        EPS_THROWS("unfold", unfold(zeros({4}), 0, 2, 0), "step"),
        // Sequences.
        EPS_THROWS("attention_weights", attention_weights(zeros({1, 2, 3}), zeros({1, 2, 4})),
                   "shapes do not fit"),
        EPS_THROWS("scaled_dot_product_attention",
                   scaled_dot_product_attention(zeros({1, 2, 3}), zeros({1, 2, 3}),
                                                zeros({1, 2, 3}), {.softcap = -1}),
                   "softcap"),
        EPS_THROWS("rotary_table", rotary_table(whole, 3), "even"),
        EPS_THROWS("rotary_embedding",
                   rotary_embedding(zeros({2, 4}), zeros({2, 3}), zeros({2, 3})),
                   "table does not fit", "R <= 4"),
        EPS_THROWS("dft", dft(zeros({4, 3})), "[.., 2]"),
        EPS_THROWS("dft", dft(zeros({4, 2}), {.dim = 1}), "holds the parts"),
        EPS_THROWS("dft", dft(zeros({10007, 2})), "prime factor", "10007"),
        EPS_THROWS("stft", stft(zeros({8}), 16, {.center = false}), "shorter than a frame"),
        EPS_THROWS("stft", stft(zeros({8}), 4, {.window = zeros({3})}), "window"),
    };
    calls.insert(calls.end(), table.begin(), table.end());
}

}  // namespace eps::test
