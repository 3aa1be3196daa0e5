#pragma once
// The transposed convolution x = w^T y as correlations of y without a stride. The pixels of x fall
// into stride_y * stride_x phases; those of one phase meet the same kernel positions, and are a
// correlation of y with these positions, turned around. tensor/contract/strided_conv.h has the
// arithmetic of one dimension, with a drawing.
#include <optional>
#include <vector>

#include "cpu/conv/correlation.h"
#include "tensor/contract/image_geometry.h"

namespace eps::kernels::cpu {

/// One phase: pixels = correlation, or 0 if no kernel position meets them.
template <class T> struct TransposedPart {
    Image<T> pixels;
    std::optional<Correlation<T>> correlation;
};

/// The phases of x that have pixels, for one group of channels; the geometry's groups are not read.
template <class T>
std::vector<TransposedPart<T>> transposed_parts(const Image<T>& x, const Image<const T>& y,
                                                const Filters<const T>& w, const ConvGeometry& g);

/// image = bias, or 0 if it is null.
template <class T> void fill_image(const Image<T>& image, const T* bias);

}  // namespace eps::kernels::cpu
