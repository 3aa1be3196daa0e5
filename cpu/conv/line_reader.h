#pragma once
// LineReader: some lines of an image, in place where possible, else as a zero-padded copy.
#include <algorithm>

#include "cpu/conv/correlation.h"
#include "tensor/create.h"

namespace eps::kernels::cpu {

/// Pixel x of line i is at data[i line + x pixel].
template <class T> struct ImageLines {
    const T* data;
    std::int64_t line, pixel;
};

/// Pixels of the input that `count` results read along one dimension.
inline std::int64_t input_extent(std::int64_t count, std::int64_t stride, std::int64_t positions,
                                 std::int64_t dilation) {
    return (count - 1) * stride + (positions - 1) * dilation + 1;
}

template <class T> class LineReader {
public:
    /// Reads `height` lines of c.in at most, and the columns that `columns` results of c read.
    LineReader(const Correlation<T>& c, std::int64_t columns, std::int64_t height)
        : image_(c.in),
          left_(-c.padding_x),
          width_(input_extent(columns, c.stride_x, c.filters.width, c.dilation_x)),
          overhangs_(left_ < 0 || left_ + width_ > image_.width),
          buffer_(empty({height, width_, image_.channels}, {.dtype = dtype_of<T>})) {}

    /// Lines first .. first + count - 1 of image b; zeros where there is no image. Valid until the
    /// next call.
    ImageLines<T> read(std::int64_t b, std::int64_t first, std::int64_t count) const {
        const T* const from = image_.data + b * image_.batch;
        if (!overhangs_ && first >= 0 && first + count <= image_.height)
            return {from + first * image_.line + left_ * image_.pixel, image_.line, image_.pixel};
        T* const to = static_cast<T*>(buffer_.raw_data());
        const std::int64_t line = width_ * image_.channels;
        for (std::int64_t i = 0; i < count; ++i) {
            if (first + i >= 0 && first + i < image_.height)
                copy_line(to + i * line, from + (first + i) * image_.line);
            else
                std::fill_n(to + i * line, line, T(0));
        }
        return {to, line, image_.channels};
    }

private:
    void copy_line(T* to, const T* from) const {
        const std::int64_t channels = image_.channels;
        const std::int64_t first = std::clamp<std::int64_t>(left_, 0, image_.width);
        const std::int64_t last = std::clamp<std::int64_t>(left_ + width_, first, image_.width);
        const std::int64_t before = std::min(width_, first - left_);
        to = std::fill_n(to, before * channels, T(0));
        if (image_.pixel == channels)
            to = std::copy_n(from + first * channels, (last - first) * channels, to);
        else
            for (std::int64_t x = first; x < last; ++x)
                to = std::copy_n(from + x * image_.pixel, channels, to);
        std::fill_n(to, (width_ - before - (last - first)) * channels, T(0));
    }

    const Image<const T>& image_;
    std::int64_t left_, width_;
    bool overhangs_;
    Tensor buffer_;
};

}  // namespace eps::kernels::cpu
