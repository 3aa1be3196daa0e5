#pragma once
// Minimal filtering, known as Winograd convolution: m x m results of an r x r filter from n^2
// products in place of m^2 r^2, with n = m + r - 1. A tile d of n x n pixels and the filter g are
// transformed by small constant matrices, multiplied point by point, and transformed back:
//
//     Y = A^T [ (G g G^T) * (B^T d B) ] A
//
// Summed over channels, each of the n^2 points is a matrix product of its own, tiles by channels:
//
//     image [B, H, W, C]
//       | input tiles:   V[point] [tiles, C]    = B^T d B       of overlapping n x n pixels
//       | products:      M[point] [tiles, K]    = V[point] U[point],  U[point] [C, K] = G g G^T
//       v output tiles:  Y [tiles, m, m, K]     = A^T M A       side by side
//
// F(4x4, 3x3) needs 36 products for 16 results instead of 144, F(4x4, 2x2) 25 instead of 64. The
// price is rounding: errors in f32 against f64, in units of the largest result, on 128 channels,
// are 2e-6 for F(4x4, 3x3) and 6e-6 for F(4x4, 2x2), where direct sums and products have 0.3e-6 to
// 2.5e-6 (tests/tensor/conv_test.cpp bounds them). conv.cpp says when it is chosen.
// Source: Winograd 1980; Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks" (2016).
#include <vector>

#include "cpu/conv/correlation.h"

namespace eps::kernels::cpu {

/// True for 2x2 and 3x3 filters without stride, dilation or groups, whose channels fill whole
/// registers on both sides, and results of at least 2x2 pixels.
template <class T> bool winograd_fits(const Image<const T>& out, const Correlation<T>& c);

/// out = bias + the sum of `parts`, each of which fits; all have filters of one size and the same
/// number of channels. A convolution with a stride is such a sum: see conv.cpp.
template <class T>
void correlate_winograd(const Image<T>& out, const std::vector<Correlation<T>>& parts,
                        const T* bias);

/// The adjoint in the filters of each part: see correlate_weight_direct.
template <class T>
void correlate_weight_winograd(const std::vector<Filters<T>>& dw, const Image<const T>& y,
                               const std::vector<Correlation<T>>& parts);

}  // namespace eps::kernels::cpu
