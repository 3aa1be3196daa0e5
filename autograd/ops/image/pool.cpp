#include "autograd/ops/image/pool.h"

#include "autograd/ops/image/image.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/list.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"

namespace eps {
namespace {

using Extents = std::array<std::int64_t, 2>;
// of an extent, a stride or a padding: their products are still an int64
constexpr std::int64_t kMost = std::int64_t{1} << 31;

/// One dimension of a pooling.
struct Line {
    std::int64_t kernel, stride, before, after, dilation;
    bool ceil_mode;
};

// How many windows. Each reaches into the image, if it is not so dilated that all of it lies
// between the pixels.
std::int64_t pooled_extent(const char* op, std::int64_t inputs, const Line& l) {
    check(l.kernel >= 1 && l.stride >= 0 && l.dilation >= 1 && l.kernel < kMost &&
              l.stride < kMost && l.dilation < kMost,
          op, "the windows make no sense; got kernel ", l.kernel, ", stride ", l.stride,
          ", dilation ", l.dilation, "; expected at least 1");
    const std::int64_t reach = (l.kernel - 1) * l.dilation + 1,
                       stride = l.stride ? l.stride : l.kernel;
    check(l.before >= 0 && l.after >= 0 && l.before < reach && l.after < reach, op,
          "padding must be less than the window; got ", l.before, " and ", l.after,
          " for a window of ", reach, "; hint: pad() adds more");
    const std::int64_t room = inputs + l.before + l.after - reach;
    check(inputs >= 1 && room + (l.ceil_mode ? stride - 1 : 0) >= 0, op,
          "the window is larger than the padded image; got extent ", inputs, ", window ", reach,
          ", padding ", l.before);
    std::int64_t count = (room + (l.ceil_mode ? stride - 1 : 0)) / stride + 1;
    // it would see nothing but padding
    if (l.ceil_mode && (count - 1) * stride >= inputs + l.before) --count;
    return count;
}

kernels::PoolGeometry checked_geometry(const char* op, const Tensor& x, Extents kernel,
                                       const MaxPool2dOptions& o, Extents& outputs) {
    kernels::PoolGeometry geometry{kernel, o.stride, o.padding, o.dilation};
    for (std::size_t d = 0; d < 2; ++d) {
        const std::int64_t inputs = x.size(static_cast<int>(d) + 2);
        outputs[d] = pooled_extent(
            op, inputs,
            {kernel[d], o.stride[d], o.padding[d], o.padding[d], o.dilation[d], o.ceil_mode});
        if (geometry.stride[d] == 0) geometry.stride[d] = kernel[d];
        for (std::int64_t i = 0; i < outputs[d]; ++i) {
            const auto window = geometry.window(d, i, inputs, outputs[d]);
            check(window.first < window.end, op, "window ", i,
                  " lies between the pixels; got extent ", inputs, ", kernel ", kernel[d],
                  ", padding ", o.padding[d], ", dilation ", o.dilation[d]);
        }
    }
    return geometry;
}

}  // namespace

namespace ops {

struct MaxPool2d {
    kernels::PoolGeometry geometry;
    Extents outputs;
    using saves = SaveInputs<1>;
    // indices are made by the caller, who returns them, and filled here
    Tensor forward(const Tensor& x, const Tensor& indices) const {
        Tensor values = empty_image({x.size(0), x.size(1), outputs[0], outputs[1]}, x.options()),
               places = indices;
        kernels::max_pool2d(values, places, channels_last_data(x), geometry);
        return values;
    }
    // In the order of memory, [B, places, C].
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Shape& image = context.shape(0);
        const auto rows = [](const Tensor& t) { return transpose(flatten(t, 2), 1, 2); };
        const Tensor nothing = zeros({image[0], image[2] * image[3], image[1]}, g.options());
        const Tensor pixels = scatter_add(nothing, 1, rows(context.input(1)), rows(g));
        out[0] = permute(reshape(pixels, {image[0], image[2], image[3], image[1]}), {0, 3, 1, 2});
    }
};

}  // namespace ops

namespace {

MaxPooled max_pooled(const char* op, const Tensor& x, const kernels::PoolGeometry& geometry,
                     Extents outputs) {
    check_computes(op, x);
    check(x.size(2) < kMost / x.size(3), op, "the image is too large; got ", x.shape(),
          "; expected fewer than 2^31 pixels");
    const Tensor indices =
        empty_image({x.size(0), x.size(1), outputs[0], outputs[1]}, {i64, x.device()});
    return {apply(ops::MaxPool2d{geometry, outputs}, x, indices), indices};
}

MaxPooled max_pooled(const char* op, const Tensor& x, Extents kernel,
                     const MaxPool2dOptions& options) {
    check_image(op, x, 4);
    Extents outputs{};
    const kernels::PoolGeometry geometry = checked_geometry(op, x, kernel, options, outputs);
    return max_pooled(op, x, geometry, outputs);
}

void check_adaptive(const char* op, const Tensor& x, int rank, std::span<const std::int64_t> size) {
    check_image(op, x, rank);
    for (int d = 2; d < rank; ++d)
        if (const std::int64_t outputs = size[static_cast<std::size_t>(d) - 2];
            outputs < 1 || outputs >= kMost || x.size(d) < 1)
            fail(op, "an extent is not positive, or beyond 2^31; got ", x.shape(), " to ", outputs);
}

CsrMatrix adaptive_matrix(std::int64_t inputs, std::int64_t outputs) {
    const kernels::PoolGeometry geometry{.adaptive = true};
    CsrMatrix matrix(inputs);
    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row()) {
        const auto window = geometry.window(0, i, inputs, outputs);
        for (std::int64_t k = window.first; k < window.end; ++k)
            matrix.add(k, 1.0 / static_cast<double>(window.end - window.first));
    }
    return matrix;
}

CsrMatrix average_matrix(const char* op, std::int64_t inputs, std::int64_t kernel,
                         const AverageOptions& o) {
    const std::int64_t stride = o.stride ? o.stride : kernel;
    const std::int64_t outputs =
        pooled_extent(op, inputs, {kernel, o.stride, o.before, o.after, o.dilation, o.ceil_mode});
    const kernels::PoolGeometry geometry{{kernel, 1}, {stride, 1}, {o.before, 0}, {o.dilation, 1}};
    kernels::PoolGeometry with_padding = geometry;  // which becomes a part of the image
    with_padding.padding = {0, 0};
    CsrMatrix matrix(inputs);
    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row()) {
        const auto inside = geometry.window(0, i, inputs, outputs),
                   padded = with_padding.window(0, i, inputs + o.before + o.after, outputs);
        const auto [first, end, step] = o.count_include_pad ? padded : inside;
        const std::int64_t count = (end - first + step - 1) / step;
        for (std::int64_t at = inside.first; at < inside.end; at += step)
            matrix.add(at, 1.0 / static_cast<double>(count));
    }
    return matrix;
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
    check_image("max_pool1d", x, 3);
    const MaxPool2dOptions options{{1, o.stride}, {0, o.padding}, {1, o.dilation}, o.ceil_mode};
    return squeeze(max_pooled("max_pool1d", unsqueeze(x, 2), {1, kernel}, options).values, 2);
}

Tensor avg_pool2d(const Tensor& x, std::array<std::int64_t, 2> kernel, const AvgPool2dOptions& o) {
    check_image("avg_pool2d", x, 4);
    Tensor y = x;
    for (std::size_t d = 0; d < 2; ++d) {
        const int dim = static_cast<int>(d) + 2;
        const AverageOptions options{o.stride[d],   o.padding[d], o.padding[d],
                                     o.dilation[d], o.ceil_mode,  o.count_include_pad};
        y = resample(y, dim, average_matrix("avg_pool2d", x.size(dim), kernel[d], options),
                     "avg_pool2d");
    }
    return y;
}
Tensor avg_pool1d(const Tensor& x, std::int64_t kernel, const AvgPool1dOptions& o) {
    check_image("avg_pool1d", x, 3);
    const AverageOptions options{o.stride,   o.padding,   o.padding,
                                 o.dilation, o.ceil_mode, o.count_include_pad};
    return resample(x, 2, average_matrix("avg_pool1d", x.size(2), kernel, options), "avg_pool1d");
}
CsrMatrix average_matrix(std::int64_t inputs, std::int64_t kernel, const AverageOptions& options) {
    return average_matrix("average_matrix", inputs, kernel, options);
}

Tensor adaptive_avg_pool2d(const Tensor& x, std::array<std::int64_t, 2> size) {
    check_adaptive("adaptive_avg_pool2d", x, 4, size);
    const Tensor rows = resample(x, 2, adaptive_matrix(x.size(2), size[0]), "adaptive_avg_pool2d");
    return resample(rows, 3, adaptive_matrix(x.size(3), size[1]), "adaptive_avg_pool2d");
}
Tensor adaptive_avg_pool1d(const Tensor& x, std::int64_t size) {
    check_adaptive("adaptive_avg_pool1d", x, 3, {&size, 1});
    return resample(x, 2, adaptive_matrix(x.size(2), size), "adaptive_avg_pool1d");
}
Tensor adaptive_max_pool2d(const Tensor& x, std::array<std::int64_t, 2> size) {
    check_adaptive("adaptive_max_pool2d", x, 4, size);
    return max_pooled("adaptive_max_pool2d", x, kernels::PoolGeometry{.adaptive = true}, size)
        .values;
}
Tensor adaptive_max_pool1d(const Tensor& x, std::int64_t size) {
    check_adaptive("adaptive_max_pool1d", x, 3, {&size, 1});
    return squeeze(adaptive_max_pool2d(unsqueeze(x, 2), {1, size}), 2);
}

}  // namespace eps
