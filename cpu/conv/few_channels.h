#pragma once
// Convolutions whose results have fewer channels than fill half a register, such as the image that
// a decoder ends with, and the gradient in an image of so few channels.
#include "cpu/conv/correlation.h"

namespace eps::kernels::cpu {

template <class T> bool has_few_results(const Image<const T>& out, const Correlation<T>& c);
template <class T>
void correlate_few_results(const Image<T>& out, const Correlation<T>& c, const T* bias);

/// The adjoint in the image, which has few channels. Reads c.in's extents only.
template <class T> bool has_few_inputs(const Correlation<T>& c, const Image<const T>& y);
template <class T>
void correlate_few_inputs(const Image<T>& x, const Correlation<T>& c, const Image<const T>& y,
                          const T* bias);

}  // namespace eps::kernels::cpu
