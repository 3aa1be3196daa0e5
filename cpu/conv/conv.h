#pragma once
// What the convolution kernels have in common: every convolution here is a sum of correlations with
// stride 1 or more, over images whose channels are contiguous.
#include <cstdint>
#include <vector>

#include "tensor/contract/kernels.h"

namespace eps::kernels::cpu {

/// An image, or every n-th pixel of one: element (b, y, x, c) at data[b batch + y line + x pixel +
/// c].
template <class T> struct Image {
    T* data;
    std::int64_t batch, line, pixel;
    std::int64_t batch_count, height, width, channels;
};

/// Filters as they are to be read: tap (u, v) from channel c of the input to channel k of the
/// output at data[k out + c in + u y + v x]. Distances may be negative, which turns a filter
/// around.
template <class T> struct Filters {
    T* data;
    std::int64_t out, in, y, x;
    std::int64_t height, width;
};

/// One summand of a correlation: out[b, i, j, k] += sum_{u, v, c} filters(u, v, c, k) in[b, i
/// stride + u step - before, ...], zero outside.
template <class T> struct Correlation {
    Image<const T> in;
    Filters<const T> filters;
    std::int64_t stride_y = 1, stride_x = 1, step_y = 1, step_x = 1, before_y = 0, before_x = 0;
    std::int64_t groups = 1;
};

/// out = bias + c, computed as a sum of products over lines that are read where they lie, or from a
/// zero-padded copy of a few lines where the filter overhangs. No matrix of patches is written.
template <class T>
void correlate_direct(const Image<T>& out, const Correlation<T>& c, const T* bias);

/// Its adjoint in the filters: dw(u, v, c, k) = sum_{b, i, j} y[b, i, j, k] in[b, i stride + u step
/// - before, ..., c]. The extents of c.filters count, what they hold does not.
template <class T>
void correlate_weight_direct(const Filters<T>& dw, const Image<const T>& y,
                             const Correlation<T>& c);

// conv_products.cpp: what is a matrix product.

/// A filter of one tap that takes every pixel to itself: one product over all pixels.
template <class T> bool is_pixelwise(const Image<const T>& out, const Correlation<T>& c);
template <class T>
void correlate_pixels(const Image<T>& out, const Correlation<T>& c, const T* bias);

/// A result y of one pixel, as where a filter covers the image: a product for each tap. Its
/// adjoints, in the image and in the filters; of c.in (of c.filters) only the extents count.
template <class T> bool is_single_pixel(const Image<const T>& y, const Correlation<T>& c);
template <class T> void correlate_single(const Image<T>& y, const Correlation<T>& c, const T* bias);
template <class T>
void correlate_single_input(const Image<T>& x, const Correlation<T>& c, const Image<const T>& y,
                            const T* bias);
template <class T>
void correlate_single_weight(const Filters<T>& dw, const Image<const T>& y,
                             const Correlation<T>& c);

/// Results of fewer channels than fill half a register: one product gives what every pixel
/// contributes through every tap, which is then added up around it. And the adjoint in an image of
/// so few channels.
template <class T> bool has_few_results(const Image<const T>& out, const Correlation<T>& c);
template <class T> void correlate_few(const Image<T>& out, const Correlation<T>& c, const T* bias);
template <class T> bool has_few_inputs(const Correlation<T>& c, const Image<const T>& y);
template <class T>
void correlate_few_input(const Image<T>& x, const Correlation<T>& c, const Image<const T>& y,
                         const T* bias);

}  // namespace eps::kernels::cpu
