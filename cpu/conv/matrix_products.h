#pragma once
// Convolutions that are matrix products as they stand: 1x1 filters, and results of one pixel.
#include "cpu/conv/correlation.h"

namespace eps::kernels::cpu {

/// True for a 1x1 filter that maps every pixel to itself: the correlation is one product over all
/// pixels.
template <class T> bool is_pixelwise(const Image<const T>& out, const Correlation<T>& c);
template <class T>
void correlate_pixelwise(const Image<T>& out, const Correlation<T>& c, const T* bias);

/// True if the result has one pixel, because the filter covers the image: the correlation is the
/// sum of one product for each kernel position.
template <class T> bool is_single_pixel(const Image<const T>& y, const Correlation<T>& c);
template <class T>
void correlate_single_pixel(const Image<T>& y, const Correlation<T>& c, const T* bias);
/// Its adjoints in the image and in the filters. Of c.in, or of c.filters, they read the extents
/// only.
template <class T>
void correlate_single_pixel_input(const Image<T>& x, const Correlation<T>& c,
                                  const Image<const T>& y, const T* bias);
template <class T>
void correlate_single_pixel_weight(const Filters<T>& dw, const Image<const T>& y,
                                   const Correlation<T>& c);

/// Writes the bias, or zeros, to `count` pixels that are `pixel` elements apart.
template <class T>
void fill_with_bias(T* to, std::int64_t count, std::int64_t channels, std::int64_t pixel,
                    const T* bias);

}  // namespace eps::kernels::cpu
