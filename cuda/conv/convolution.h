#pragma once
// One call of the convolution triple, and the algorithms that can compute it.
#include "cuda/conv/windows.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {

/// The extents of a convolution. Its operands are batches of matrices, one for each group.
struct Convolution {
    std::int64_t images, in, out, groups, positions;  // in, out: channels of a group
    Windows windows;

    /// Throws if there are too many elements for 32-bit indices.
    Convolution(const Tensor& x, const Tensor& y, const Tensor& w, const ConvGeometry& g);
    /// The convolution of y that gives x's gradient. Requires stride 1.
    Convolution reversed() const;
    bool is_worth_reversing() const {
        return windows.y.stride.size == 1 && windows.x.stride.size == 1 &&
               2 * windows.pixels() <= 3 * windows.outputs();
    }
    std::int64_t outputs() const { return images * windows.outputs(); }
    /// The length of a row of a group's columns.
    std::int64_t width() const { return positions * in; }
    /// True if each output reads the pixel of its own number, so that x itself is the columns.
    bool is_product() const { return windows.is_identity(); }
    /// True if w's memory is in the order [K, h, w, C/groups] already.
    bool positions_outermost() const { return positions == 1 || in == 1; }
};

/// w [K, C/groups, h, w] -> [K, h, w, C/groups], a view.
Tensor channels_innermost(const Tensor& w);
/// w as matrices [groups, K/groups, positions C/groups], channels innermost. A copy if w's memory
/// has another order.
Tensor filters_of(const Convolution& c, const Tensor& w);
/// Memory for the gradient of such matrices: w's own if it has their order, else new memory, which
/// keep_filters() copies into w.
Tensor empty_filters(const Convolution& c, const Tensor& w);
void keep_filters(Tensor& w, const Tensor& filters, const Convolution& c);
/// The filters of c.reversed(), [groups, C/groups, positions K/groups].
Tensor reversed_filters_of(const Convolution& c, const Tensor& w);

/// An algorithm for the triple of tensor/contract/kernels.h, on operands that are not empty. A
/// function returns false, and does nothing, if the algorithm does not apply.
struct ConvAlgorithm {
    bool (*conv2d)(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
                   const Convolution& c);
    bool (*conv2d_input)(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                         const Convolution& c);
    bool (*conv2d_weight)(Tensor& w, const Tensor& x, const Tensor& y, const Convolution& c);
};
extern const ConvAlgorithm conv_by_columns;        // always applies
extern const ConvAlgorithm conv_by_implicit_gemm;  // rounded factors, channels in fours
/// Applies to f64, f32 and tf32. Throws if this build or this machine has no cuDNN.
const ConvAlgorithm& conv_by_cudnn();

}  // namespace eps::kernels::cuda
