#pragma once
// Minimal filtering (Winograd 1980; Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2016): m x m results of an r x r filter from n^2 products in place of m^2 r^2, n = m +
// r - 1.
#include <vector>

#include "cpu/conv/conv.h"

namespace eps::kernels::cpu {

/// Whether this correlation can be computed so: filters of 3x3 (by F(4x4, 3x3), 4 times fewer
/// products) or 2x2 (by F(4x4, 2x2), 2.56 times fewer), stride and step 1, no groups, channels in
/// whole registers. Errors in f32 against f64, in units of the largest result, on 128 channels:
/// F(4x4, 3x3) 2e-6, F(4x4, 2x2) 6e-6 (direct sums and products 0.3e-6 to 2.5e-6;
/// tests/tensor/conv_test.cpp bounds them).
template <class T> bool winograd_fits(const Image<const T>& out, const Correlation<T>& c);

/// out = bias + the sum of `parts`, each of which fits, all of one filter size and one number of
/// channels.
template <class T>
void correlate_winograd(const Image<T>& out, const std::vector<Correlation<T>>& parts,
                        const T* bias);

/// The adjoint in the filters of each part: see correlate_weight_direct.
template <class T>
void correlate_weight_winograd(const std::vector<Filters<T>>& dw, const Image<const T>& y,
                               const std::vector<Correlation<T>>& parts);

}  // namespace eps::kernels::cpu
