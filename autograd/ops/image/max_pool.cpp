// Pooling by the maximum: an op with a kernel of its own.
#include <span>

#include "autograd/ops/checker.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/pool.h"
#include "autograd/ops/image/pool_windows.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps {
namespace {

using Extents = std::array<std::int64_t, 2>;

}  // namespace

namespace ops {

struct MaxPool2d {
    kernels::PoolGeometry geometry;
    Extents outputs;
    using saves = SaveInputs<1>;
    // `indices` was allocated by the caller, which returns it too; it is written here.
    Tensor forward(const Tensor& x, const Tensor& indices) const {
        Tensor values = empty_image({x.size(0), x.size(1), outputs[0], outputs[1]}, x.options());
        Tensor written = indices;
        kernels::max_pool2d(values, written, channels_last_data(x), geometry);
        return values;
    }
    // In the order of memory, [B, pixels, C].
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Shape& image = context.shape(0);
        const auto by_pixel = [](const Tensor& t) { return transpose(flatten(t, 2), 1, 2); };
        const Tensor nothing = zeros({image[0], image[2] * image[3], image[1]}, g.options());
        const Tensor pixels = scatter_add(nothing, 1, by_pixel(context.input(1)), by_pixel(g));
        out[0] = permute(reshape(pixels, {image[0], image[2], image[3], image[1]}), {0, 3, 1, 2});
    }
};

}  // namespace ops

namespace {

struct Pooling {
    kernels::PoolGeometry geometry;
    Extents outputs;
};

Pooling checked_pooling(const Checker& check, const Tensor& x, Extents kernel,
                        const MaxPool2dOptions& o) {
    Pooling pooling{{kernel, o.stride, o.padding, o.dilation}, {}};
    kernels::PoolGeometry& geometry = pooling.geometry;
    for (std::size_t d = 0; d < 2; ++d) {
        const std::int64_t inputs = x.size(static_cast<int>(d) + 2);
        const detail::PoolWindows windows{.kernel = kernel[d],
                                          .stride = o.stride[d],
                                          .before = o.padding[d],
                                          .after = o.padding[d],
                                          .dilation = o.dilation[d],
                                          .ceil_mode = o.ceil_mode};
        const std::int64_t outputs = detail::pooled_extent(check, inputs, windows);
        if (geometry.stride[d] == 0) geometry.stride[d] = kernel[d];
        // Padding is less than a window, so only a window with gaps can miss all pixels.
        const bool has_gaps = o.dilation[d] > inputs;
        for (std::int64_t i = 0; has_gaps && i < outputs; ++i) {
            const auto window = geometry.window(d, i, inputs, outputs);
            check(window.first < window.end, "window ", i, " lies between the pixels; got extent ",
                  inputs, ", kernel ", kernel[d], ", padding ", o.padding[d], ", dilation ",
                  o.dilation[d]);
        }
        pooling.outputs[d] = outputs;
    }
    return pooling;
}

MaxPooled max_pooled(const Checker& check, const Tensor& x, const Pooling& pooling) {
    check.computes(x);
    check(x.size(2) < detail::kExtentLimit / x.size(3), "the image is too large; got ", x.shape(),
          "; expected fewer than 2^31 pixels");
    const auto [geometry, outputs] = pooling;
    const Tensor indices =
        empty_image({x.size(0), x.size(1), outputs[0], outputs[1]}, {i64, x.device()});
    return {apply(ops::MaxPool2d{geometry, outputs}, x, indices), indices};
}

MaxPooled max_pooled(const Checker& check, const Tensor& x, Extents kernel,
                     const MaxPool2dOptions& options) {
    check_image(check, x, 4);
    return max_pooled(check, x, checked_pooling(check, x, kernel, options));
}

}  // namespace

Tensor max_pool2d(const Tensor& x, std::array<std::int64_t, 2> kernel,
                  const MaxPool2dOptions& options) {
    return max_pooled("max_pool2d", x, kernel, options).values;
}

MaxPooled max_pool2d_with_indices(const Tensor& x, std::array<std::int64_t, 2> kernel,
                                  const MaxPool2dOptions& options) {
    return max_pooled("max_pool2d_with_indices", x, kernel, options);
}

// A signal is an image of height 1.
Tensor max_pool1d(const Tensor& x, std::int64_t kernel, const MaxPool1dOptions& o) {
    const Checker check("max_pool1d");
    check_image(check, x, 3);
    const MaxPool2dOptions options{.stride = {1, o.stride},
                                   .padding = {0, o.padding},
                                   .dilation = {1, o.dilation},
                                   .ceil_mode = o.ceil_mode};
    return squeeze(max_pooled(check, unsqueeze(x, 2), {1, kernel}, options).values, 2);
}

Tensor adaptive_max_pool2d(const Tensor& x, std::array<std::int64_t, 2> size) {
    const Checker check("adaptive_max_pool2d");
    detail::check_adaptive(check, x, 4, size);
    return max_pooled(check, x, {.geometry = {.adaptive = true}, .outputs = size}).values;
}

Tensor adaptive_max_pool1d(const Tensor& x, std::int64_t size) {
    const Checker check("adaptive_max_pool1d");
    detail::check_adaptive(check, x, 3, {&size, 1});
    const Pooling pooling{.geometry = {.adaptive = true}, .outputs = {1, size}};
    return squeeze(max_pooled(check, unsqueeze(x, 2), pooling).values, 2);
}

}  // namespace eps
