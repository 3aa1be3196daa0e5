#pragma once
// One call of the convolution triple, and the algorithms that can compute it.
#include "cuda/conv/windows.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {

/// Extents, and the operands as batches of matrices, a matrix a group.
struct Convolution {
    std::int64_t images, in, out, groups, positions;  // in, out: channels of a group
    Windows windows;

    /// Throws where there are too many elements for 32-bit indices.
    Convolution(const Tensor& x, const Tensor& y, const Tensor& w, const ConvGeometry& g);
    /// The convolution of y that gives x's gradient, where nothing is strided.
    Convolution reversed() const;
    bool is_worth_reversing() const {
        return windows.y.stride.size == 1 && windows.x.stride.size == 1 &&
               2 * windows.pixels() <= 3 * windows.outputs();
    }
    std::int64_t outputs() const { return images * windows.outputs(); }
    std::int64_t width() const { return positions * in; }  // of a group's columns
    /// Each output reads the pixel of its own number: columns need not be made.
    bool is_product() const { return windows.is_identity(); }
    /// Is [K, h, w, C/groups] the order of w's memory already?
    bool positions_outermost() const { return positions == 1 || in == 1; }
};

/// w [K, C/groups, h, w] -> [K, h, w, C/groups], a view.
Tensor channels_innermost(const Tensor& w);
/// w as matrices [groups, K/groups, positions C/groups], channels innermost; a copy where memory
/// has another order.
Tensor filters_of(const Convolution& c, const Tensor& w);
/// Memory for the gradient of such matrices: w itself where that has their order; and what ends
/// with all of it in w.
Tensor empty_filters(const Convolution& c, const Tensor& w);
void keep_filters(Tensor& w, const Tensor& filters, const Convolution& c);
/// Those of c.reversed():   [groups, C/groups, positions K/groups]
Tensor reversed_filters_of(const Convolution& c, const Tensor& w);

/// The triple of tensor/contract/kernels.h on operands with elements. Each says false, having done
/// nothing, where it cannot.
struct ConvAlgorithm {
    bool (*conv2d)(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
                   const Convolution& c);
    bool (*conv2d_input)(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                         const Convolution& c);
    bool (*conv2d_weight)(Tensor& w, const Tensor& x, const Tensor& y, const Convolution& c);
};
extern const ConvAlgorithm conv_by_columns;        // always can
extern const ConvAlgorithm conv_by_implicit_gemm;  // rounded factors, channels in fours
/// f64, f32 and tf32. Throws where this build or this machine has no cuDNN.
const ConvAlgorithm& conv_by_cudnn();

}  // namespace eps::kernels::cuda
