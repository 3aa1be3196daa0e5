// Gradient cases of convolutions, upsampling and channels_last.
#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/conv.h"
#include "autograd/ops/image/upsample.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
void add_convolutions(std::vector<OpCase>& cases) {
    const auto conv = [&](const char* what, const Shape& x, const Shape& w, Conv2dOptions options,
                          bool bias = false) {
        std::vector<Tensor> inputs{any(x, 1), any(w, 2)};
        if (bias) inputs.push_back(any({w[0]}, 3));
        cases.push_back({"conv2d", what,
                         [options](Inputs in) {
                             return conv2d(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), options);
                         },
                         inputs});
    };
    conv("3x3", {2, 2, 4, 5}, {3, 2, 3, 3}, {.padding = {1, 1}}, true);
    conv("1x1", {2, 3, 2, 3}, {2, 3, 1, 1}, {});
    conv("stride, padding, dilation", {1, 2, 6, 7}, {2, 2, 2, 3},
         {.stride = {2, 3}, .padding = {1, 2}, .dilation = {2, 1}}, true);
    conv("groups", {2, 4, 3, 3}, {6, 2, 2, 2}, {.groups = 2});
    conv("minimal filtering", {1, 8, 3, 3}, {8, 8, 3, 3}, {.padding = {1, 1}});
    conv("an empty batch", {0, 2, 3, 3}, {3, 2, 2, 2}, {}, true);

    const auto transposed = [&](const char* what, const Shape& x, const Shape& w,
                                ConvTranspose2dOptions options, bool bias = false) {
        std::vector<Tensor> inputs{any(x, 4), any(w, 5)};
        if (bias) inputs.push_back(any({w[1] * options.groups}, 6));
        cases.push_back({"conv_transpose2d", what,
                         [options](Inputs in) {
                             return conv_transpose2d(in[0], in[1], in.size() > 2 ? in[2] : Tensor(),
                                                     options);
                         },
                         inputs});
    };
    transposed("4x4 stride 2", {2, 2, 3, 2}, {2, 3, 4, 4}, {.stride = {2, 2}, .padding = {1, 1}},
               true);
    transposed("output padding beyond the stride", {1, 2, 3, 2}, {2, 1, 2, 2},
               {.output_padding = {1, 2}, .dilation = {2, 3}});
    transposed("output padding, dilation", {1, 2, 3, 3}, {2, 1, 2, 2},
               {.stride = {3, 2}, .output_padding = {2, 1}, .dilation = {1, 2}});
    transposed("groups", {1, 4, 2, 3}, {4, 1, 3, 2}, {.groups = 2}, true);

    // The gradient of the weight, as a function of the image and of the output's gradient.
    cases.push_back({"conv2d_weight",
                     "stride 2",
                     [](Inputs in) {
                         const GradMode recording(true);  // gradcheck's differences run without
                         const Tensor w = zeros({3, 2, 3, 2}, in[0].options()).requires_grad_();
                         return grad(conv2d(in[0], w, {}, {.stride = {2, 1}, .padding = {1, 0}}),
                                     {w}, {.gradient = in[1], .create_graph = true})[0];
                     },
                     {any({2, 2, 4, 4}, 13), any({2, 3, 2, 3}, 14)}});
    cases.push_back(EPS_CASE("conv1d", "stride and padding",
                             conv1d(x, y, z, {.stride = 2, .padding = 1}), any({2, 2, 7}, 7),
                             any({3, 2, 3}, 8), any({3}, 9)));
    cases.push_back(EPS_CASE("conv_transpose1d", "stride",
                             conv_transpose1d(x, y, {}, {.stride = 2, .output_padding = 1}),
                             any({2, 2, 3}, 10), any({2, 3, 3}, 11)));
    cases.push_back(
        EPS_CASE("upsample_nearest", "x3", upsample_nearest(x, 3), any({2, 2, 2, 3}, 15)));
    cases.push_back(
        EPS_CASE("channels_last", "an image", channels_last(x) * x, any({2, 3, 2, 2}, 12)));
}

}  // namespace eps::test
