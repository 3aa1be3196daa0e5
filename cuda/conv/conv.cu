// The convolution triple: which algorithm computes it, and what the algorithms share.
//
// The environment variable EPS_CUDA_CONV, which is read at the first convolution, chooses one:
//
//     columns     products of cuBLAS on gathered columns (columns.cu): the default
//     implicit    tensor cores without columns in memory (implicit_gemm.cu)
//     cudnn       cuDNN 9 (by_cudnn.cu), if the build found it
//
// Columns always apply. The other two are tried first where they were chosen, and columns do what
// they do not support.
#include <cstdlib>

#include "cuda/conv/convolution.h"
#include "cuda/reduction/lines.cuh"
#include "tensor/raw_copy.h"

namespace eps::kernels::cuda {
namespace {

Axis axis_of(std::size_t d, const Tensor& x, const Tensor& y, const Tensor& w,
             const ConvGeometry& g) {
    const auto int_of = [](std::int64_t n) { return static_cast<std::int32_t>(n); };
    const int at = static_cast<int>(d) + 2;
    return {int_of(x.size(at)),    int_of(y.size(at)),
            int_of(w.size(at)),    int_of(g.padding[d]),
            int_of(g.dilation[d]), Divisor(static_cast<std::uint32_t>(g.stride[d]))};
}

const ConvAlgorithm& named(const std::string& name) {
    if (name == "columns") return conv_by_columns;
    if (name == "implicit") return conv_by_implicit_gemm;
    if (name == "cudnn") return conv_by_cudnn();
    fail("conv2d", "EPS_CUDA_CONV names no algorithm; got '", name,
         "'; expected columns, implicit or cudnn");
}

const ConvAlgorithm& chosen() {
    static const ConvAlgorithm& algorithm = []() -> const ConvAlgorithm& {
        const char* name = std::getenv("EPS_CUDA_CONV");
        return named(name ? name : "columns");
    }();
    return algorithm;
}

// A view of memory in the order [K, h, w, C/groups] as one matrix for each group.
Tensor matrices(const Convolution& c, const Tensor& ordered) {
    return ordered.as_strided({c.groups, c.out, c.width()}, {c.out * c.width(), c.width(), 1},
                              ordered.offset());
}

}  // namespace

Convolution::Convolution(const Tensor& x, const Tensor& y, const Tensor& w, const ConvGeometry& g)
    : images(x.size(0)),
      in(x.size(1) / g.groups),
      out(y.size(1) / g.groups),
      groups(g.groups),
      positions(w.size(2) * w.size(3)),
      windows(axis_of(0, x, y, w, g), axis_of(1, x, y, w, g)) {
    check_count(std::max(x.numel(), y.numel()), "conv2d");
}

Convolution Convolution::reversed() const {
    Convolution c = *this;
    std::swap(c.in, c.out);
    c.windows = Windows(windows.y.reversed(), windows.x.reversed());
    return c;
}

Tensor channels_innermost(const Tensor& w) {
    const Strides& s = w.strides();
    return w.as_strided({w.size(0), w.size(2), w.size(3), w.size(1)}, {s[0], s[2], s[3], s[1]},
                        w.offset());
}

Tensor filters_of(const Convolution& c, const Tensor& w) {
    return matrices(c, c.positions_outermost() ? w : raw::clone(channels_innermost(w)));
}

Tensor empty_filters(const Convolution& c, const Tensor& w) {
    return matrices(c, c.positions_outermost() ? w : empty(w.shape(), w.options()));
}

void keep_filters(Tensor& w, const Tensor& filters, const Convolution& c) {
    if (c.positions_outermost()) return;
    Tensor target = channels_innermost(w);
    copy(target,
         filters.as_strided(target.shape(), contiguous_strides(target.shape()), filters.offset()));
}

Tensor reversed_filters_of(const Convolution& c, const Tensor& w) {
    const Strides& s = w.strides();
    const Tensor view = w.as_strided({c.groups, c.in, w.size(2), w.size(3), c.out},
                                     {c.out * s[0], s[1], s[2], s[3], s[0]}, w.offset());
    return raw::clone(view).as_strided({c.groups, c.in, c.positions * c.out},
                                       {c.in * c.positions * c.out, c.positions * c.out, 1}, 0);
}

#if !EPS_WITH_CUDNN
const ConvAlgorithm& conv_by_cudnn() {
    fail("conv2d",
         "EPS_CUDA_CONV=cudnn needs cuDNN 9, which was not found when this library was built; "
         "hint: configure it with ",
         "-DCUDNN_ROOT=<folder above cuDNN's include and lib>, or unset EPS_CUDA_CONV");
}
#endif

void conv2d(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
            const ConvGeometry& geometry) {
    if (y.numel() == 0) return;
    const Convolution c(x, y, w, geometry);
    if (!chosen().conv2d(y, x, w, bias, c)) conv_by_columns.conv2d(y, x, w, bias, c);
}

void conv2d_input(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                  const ConvGeometry& geometry) {
    if (x.numel() == 0) return;
    const Convolution c(x, y, w, geometry);
    if (!chosen().conv2d_input(x, y, w, bias, c)) conv_by_columns.conv2d_input(x, y, w, bias, c);
}

void conv2d_weight(Tensor& w, const Tensor& x, const Tensor& y, const ConvGeometry& geometry) {
    if (w.numel() == 0) return;
    const Convolution c(x, y, w, geometry);
    if (c.outputs() == 0) return fill(w, 0);
    if (!chosen().conv2d_weight(w, x, y, c)) conv_by_columns.conv2d_weight(w, x, y, c);
}

}  // namespace eps::kernels::cuda
