#pragma once
// The direct path: any stride, padding, dilation and groups. A result is a sum of products over
// lines of the image, which are read in place, or from a zero-padded copy of a few lines where the
// filter overhangs. No matrix of patches is written.
#include "cpu/conv/correlation.h"

namespace eps::kernels::cpu {

/// out = bias + c. The bias may be null.
template <class T>
void correlate_direct(const Image<T>& out, const Correlation<T>& c, const T* bias);

/// The adjoint in the filters: dw(u, v, c, k) = sum_{b, i, j} y[b, i, j, k] in[b, i stride -
/// padding
/// + u dilation, ..., c]. Reads the extents of c.filters, not their weights.
template <class T>
void correlate_weight_direct(const Filters<T>& dw, const Image<const T>& y,
                             const Correlation<T>& c);

}  // namespace eps::kernels::cpu
