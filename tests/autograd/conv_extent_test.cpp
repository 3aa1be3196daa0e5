// Convolutions with more padding than a window is wide: the results that see nothing of the image
// are the bias, and however large stride, padding and dilation are, the answer is quick.
#include "autograd/gradcheck.h"
#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("conv: padding beyond the window is that of a padded image, with its derivatives") {
    const Tensor x = uniform({2, 4, 5, 6}), w = uniform({6, 2, 3, 2}, -1, 1, 2),
                 bias = uniform({6}, -1, 1, 3);
    int margins = 0;
    for (const std::int64_t padding : {2, 3, 5, 9, 14})
        for (const std::int64_t stride : {1, 2, 5, 11})
            for (const std::int64_t dilation : {1, 2}) {
                const Conv2dOptions options{.stride = {stride, 3},
                                            .padding = {padding, padding + 1},
                                            .dilation = {dilation, 1},
                                            .groups = 2};
                Conv2dOptions bare = options;
                bare.padding = {0, 0};
                const Dims width{0, 0, padding, padding + 1};
                const Tensor expected = conv2d(pad(x, width, width), w, bias, bare);
                const Tensor y = conv2d(x, w, bias, options);
                REQUIRE(y.shape() == expected.shape());
                CHECK(max(abs(y - expected)).item() < 1e-12);
                margins += padding > 2 * dilation;
                const auto f = [&](const std::vector<Tensor>& in) {
                    return conv2d(in[0], in[1], in[2], options);
                };
                if (stride > 1) gradcheck(f, {leaf(x), leaf(w), leaf(bias)});
            }
    CHECK(margins > 10);
    const auto of_signal = [](const std::vector<Tensor>& in) {
        return conv1d(in[0], in[1], in[2], {.stride = 4, .padding = 7});
    };
    const Tensor signal = uniform({2, 3, 5}), filters = uniform({4, 3, 3}, -1, 1, 4);
    gradgradcheck(of_signal, {leaf(signal), leaf(filters), leaf(uniform({4}))});
}

TEST_CASE("conv: huge strides, paddings and dilations are computed or refused at once") {
    const Tensor x = ones({1, 1, 4, 4}), w = ones({1, 1, 3, 3});
    constexpr std::int64_t big = std::int64_t{1} << 31, huge = std::int64_t{1} << 62;
    // One window before the image, one that begins with it, one behind it.
    const Tensor y = conv2d(x, w, {}, {.stride = {big, 1}, .padding = {big, 0}});
    CHECK(y.shape() == Shape{1, 1, 3, 2});
    CHECK(y.to_vector() == std::vector<double>{0, 0, 9, 9, 0, 0});
    const Tensor far = conv2d(x, w, ones({1}), {.stride = {huge, huge}, .padding = {huge - 9, 0}});
    CHECK(far.shape() == Shape{1, 1, 2, 1});
    CHECK(conv2d(x, w, {}, {.stride = {huge, 1}}).shape() == Shape{1, 1, 1, 2});
    const Tensor image = ones({1, 1, 5, 4}).requires_grad_();
    backward(sum(conv2d(image, ones({1, 1, 1, 1}), {}, {.stride = {big, big}})));
    CHECK(sum(image.grad()).item() == 1);
    CHECK(conv_transpose2d(ones({1, 1, 1, 1}), w, {}, {.stride = {big, big}}).shape() ==
          Shape{1, 1, 3, 3});

    const auto op_of = [](const std::function<void()>& call) { return error_of(call).op; };
    for (const std::int64_t far_off : {INT64_MAX, huge, std::int64_t{1} << 40}) {
        CAPTURE(far_off);
        CHECK(op_of([&] { conv2d(x, w, {}, {.dilation = {far_off, 1}}); }) == "conv2d");
        CHECK(op_of([&] { conv2d(x, w, {}, {.padding = {far_off, far_off}}); }) != "");
        CHECK(op_of([&] {
                  conv2d(x, w, {}, {.padding = {far_off, 0}, .dilation = {far_off, 1}});
              }) == "conv2d");
        CHECK(op_of([&] {
                  conv1d(ones({1, 1, 4}), ones({1, 1, 3}), {}, {.dilation = far_off});
              }) == "conv1d");
        CHECK(op_of([&] { conv_transpose2d(x, w, {}, {.dilation = {far_off, 1}}); }) != "");
        CHECK(op_of([&] {
                  conv_transpose1d(ones({1, 1, 4}), ones({1, 1, 3}), {}, {.stride = far_off});
              }) != "");
    }
}
