#pragma once
// What the convolution kernels compute: a correlation of an image with filters. Images and filters
// are described by strides, in elements, so that every n-th pixel of an image is an image, and
// every n-th kernel position of a filter, or a filter turned around, is a filter.
#include <cstdint>
#include <type_traits>

namespace eps::kernels::cpu {

/// Element (b, y, x, c) is at data[b batch + y line + x pixel + c]: channels are contiguous.
template <class T> struct Image {
    T* data;
    std::int64_t batch, line, pixel;                    // strides
    std::int64_t batch_count, height, width, channels;  // extents

    operator Image<const T>() const requires(!std::is_const_v<T>) {
        return {data, batch, line, pixel, batch_count, height, width, channels};
    }
};

/// The weight from input channel c to output channel k at kernel position (u, v) is
/// data[k out + c in + u y + v x]. Strides may be negative.
template <class T> struct Filters {
    T* data;
    std::int64_t out, in, y, x;  // strides
    std::int64_t height, width;  // kernel positions

    std::int64_t positions() const { return height * width; }
    /// The weights of kernel position number p, in row-major order.
    T* at_position(std::int64_t p) const { return data + p / width * y + p % width * x; }
};

/// out[b, i, j, k] += sum_{u, v, c} filters(u, v, c, k)
///                       in[b, i stride_y - padding_y + u dilation_y, ..., c]
/// where pixels outside of the image are 0. Padding may be negative.
template <class T> struct Correlation {
    Image<const T> in;
    Filters<const T> filters;
    std::int64_t stride_y = 1, stride_x = 1;
    std::int64_t dilation_y = 1, dilation_x = 1;
    std::int64_t padding_y = 0, padding_x = 0;
    std::int64_t groups = 1;

    bool has_stride() const { return stride_y != 1 || stride_x != 1; }
    bool has_dilation() const { return dilation_y != 1 || dilation_x != 1; }
};

}  // namespace eps::kernels::cpu
