#include <algorithm>

#include "cpu/conv/conv.h"
#include "cpu/matmul/pack.h"
#include "cpu/matmul/tile.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kUnitPixels = 192;  // of the result, that one thread computes at once
constexpr std::int64_t kMaxSlices = 8;     // of the batch, for gradients of filters

// Filters as tiles read them: strips of a tile's width of output channels; in each, one row for
// every (u, v, c).
template <class T>
// channels of one group
Tensor pack_filters(const Filters<const T>& w, std::int64_t in, std::int64_t out,
                    std::int64_t groups) {
    constexpr int width = kTileColumns<T>;
    const std::int64_t strips = ceil_div(out, width), taps = w.height * w.width;
    const Tensor packed = empty({groups, strips, taps * in, width}, {.dtype = dtype_of<T>});
    T* to = static_cast<T*>(packed.raw_data());
    for (std::int64_t group = 0; group < groups; ++group)
        for (std::int64_t strip = 0; strip < strips; ++strip)
            for (std::int64_t tap = 0; tap < taps; ++tap, to += in * width)
                pack_strip<T, width>(
                    to,
                    w.data + (group * out + strip * width) * w.out + tap / w.width * w.y +
                        tap % w.width * w.x,
                    w.in, w.out, in,
                    static_cast<int>(std::min<std::int64_t>(width, out - strip * width)));
    return packed;
}

/// Some lines of an image, all columns that the filter reaches, zeros where there is no image.
template <class T> struct Lines {
    const T* data;
    std::int64_t line, pixel;
};

template <class T> class LineReader {
public:
    /// Columns -before_x .. -before_x + width - 1 of the image; at most most_lines lines at once.
    LineReader(const Image<const T>& image, std::int64_t before_x, std::int64_t width,
               std::int64_t most_lines)
        : image_(image),
          left_(-before_x),
          width_(width),
          overhangs_(left_ < 0 || left_ + width > image.width),
          buffer_(empty({most_lines, width, image.channels}, {.dtype = dtype_of<T>})) {}

    /// Lines first .. first + count - 1 of image b, valid until the next call.
    Lines<T> read(std::int64_t b, std::int64_t first, std::int64_t count) const {
        const T* const from = image_.data + b * image_.batch;
        if (!overhangs_ && first >= 0 && first + count <= image_.height)
            return {from + first * image_.line + left_ * image_.pixel, image_.line, image_.pixel};
        T* const to = static_cast<T*>(buffer_.raw_data());
        const std::int64_t line = width_ * image_.channels;
        for (std::int64_t i = 0; i < count; ++i) {
            const bool inside = first + i >= 0 && first + i < image_.height;
            inside ? copy_line(to + i * line, from + (first + i) * image_.line)
                   : (void)std::fill_n(to + i * line, line, T(0));
        }
        return {to, line, image_.channels};
    }

private:
    void copy_line(T* to, const T* from) const {
        const std::int64_t channels = image_.channels,
                           first = std::clamp<std::int64_t>(left_, 0, image_.width);
        const std::int64_t last = std::clamp<std::int64_t>(left_ + width_, first, image_.width);
        to = std::fill_n(to, std::min(width_, first - left_) * channels, T(0));
        if (image_.pixel == channels)
            to = std::copy_n(from + first * channels, (last - first) * channels, to);
        else
            for (std::int64_t x = first; x < last; ++x)
                to = std::copy_n(from + x * image_.pixel, channels, to);
        std::fill_n(to, (width_ - std::min(width_, first - left_) - (last - first)) * channels,
                    T(0));
    }

    const Image<const T>& image_;
    std::int64_t left_, width_;
    bool overhangs_;
    Tensor buffer_;
};

// Extents of the input that `count` results need along one dimension.
std::int64_t reach(std::int64_t count, std::int64_t stride, std::int64_t taps, std::int64_t step) {
    return (count - 1) * stride + (taps - 1) * step + 1;
}

template <class T> class Direct {
public:
    Direct(const Image<T>& out, const Correlation<T>& c, const T* bias)
        : out_(out),
          c_(c),
          bias_(bias),
          in_channels_(c.in.channels / c.groups),
          out_channels_(out.channels / c.groups),
          packed_(pack_filters(c.filters, in_channels_, out_channels_, c.groups)) {}

    void run() const {
        const std::int64_t lines = std::clamp<std::int64_t>(
            kUnitPixels / std::max<std::int64_t>(out_.width, 1), 1, out_.height);
        const std::int64_t blocks = ceil_div(out_.height, lines), batches = out_.batch_count;
        parallel_for(batches * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
            const LineReader<T> reader(c_.in, c_.before_x,
                                       reach(out_.width, c_.stride_x, c_.filters.width, c_.step_x),
                                       reach(lines, c_.stride_y, c_.filters.height, c_.step_y));
            for (std::int64_t unit = begin; unit < end; ++unit) {
                const std::int64_t b = unit / blocks, first = unit % blocks * lines,
                                   count = std::min(lines, out_.height - first);
                const Lines<T> in =
                    reader.read(b, first * c_.stride_y - c_.before_y,
                                reach(count, c_.stride_y, c_.filters.height, c_.step_y));
                block(in, out_.data + b * out_.batch + first * out_.line, count);
            }
        });
    }

private:
    // `count` lines of the result. A strip of filters stays in cache while the lines pass by.
    void block(const Lines<T>& in, T* out, std::int64_t count) const {
        constexpr int width = kTileColumns<T>;
        const std::int64_t strips = ceil_div(out_channels_, width),
                           depth = c_.filters.height * c_.filters.width * in_channels_;
        const T* filters = static_cast<const T*>(packed_.raw_data());
        for (std::int64_t group = 0; group < c_.groups; ++group)
            for (std::int64_t strip = 0; strip < strips; ++strip, filters += depth * width) {
                const std::int64_t channel = group * out_channels_ + strip * width;
                const int columns =
                    static_cast<int>(std::min<std::int64_t>(width, out_channels_ - strip * width));
                for (std::int64_t y = 0; y < count; ++y)
                    line(in.data + y * c_.stride_y * in.line + group * in_channels_, in, filters,
                         out + y * out_.line + channel, channel, columns);
            }
    }

    // One line of the result, `columns` channels of it: tiles of pixels side by side.
    void line(const T* in, const Lines<T>& lines, const T* filters, T* out, std::int64_t channel,
              int columns) const {
        const std::int64_t tiles = ceil_div(out_.width, kTileRows);
        for (std::int64_t t = 0; t < tiles; ++t) {
            const std::int64_t first = out_.width * t / tiles;
            const int pixels = static_cast<int>(out_.width * (t + 1) / tiles - first);
            T* const target = out + first * out_.pixel;
            if (bias_)
                for (int i = 0; i < pixels; ++i)
                    std::copy_n(bias_ + channel, columns, target + i * out_.pixel);
            sum(in + first * c_.stride_x * lines.pixel, lines, filters, pixels, columns, target);
        }
    }

    // Neighbouring taps of a line lie side by side where nothing separates them; then a line of the
    // filter is one run. Else each tap is.
    void sum(const T* in, const Lines<T>& lines, const T* filters, int pixels, int columns,
             T* out) const {
        constexpr int width = kTileColumns<T>;
        TileSum<T> s{.a = in,
                     .a_row = c_.stride_x * lines.pixel,
                     .a_step = 1,
                     .b = filters,
                     .b_step = width,
                     .length = in_channels_};
        if (c_.step_x == 1 && lines.pixel == in_channels_) {
            s.length = c_.filters.width * in_channels_;
            s.segments = c_.filters.height;
            s.a_segment = c_.step_y * lines.line;
            s.b_segment = s.length * width;
            return run_tile<T, Along::steps>(s, pixels, columns, out, out_.pixel, bias_ != nullptr);
        }
        s.segments = c_.filters.width;
        s.a_segment = c_.step_x * lines.pixel;
        s.b_segment = in_channels_ * width;
        for (std::int64_t u = 0; u < c_.filters.height; ++u) {
            run_tile<T, Along::steps>(s, pixels, columns, out, out_.pixel,
                                      u > 0 || bias_ != nullptr);
            s.a += c_.step_y * lines.line;
            s.b += c_.filters.width * in_channels_ * width;
        }
    }

    const Image<T>& out_;
    const Correlation<T>& c_;
    const T* bias_;
    std::int64_t in_channels_, out_channels_;
    Tensor packed_;
};

// One slice of the batch's share of dw, laid out [group][u, v, c][k], k padded to whole registers.
template <class T> class WeightSlice {
public:
    WeightSlice(const Image<const T>& y, const Correlation<T>& c, T* sums)
        : y_(y),
          c_(c),
          sums_(sums),
          in_(c.in.channels / c.groups),
          out_(y.channels / c.groups),
          out_padded_(padded(out_)) {}

    static std::int64_t padded(std::int64_t channels) {
        return ceil_div(channels, kLanes<T>) * kLanes<T>;
    }

    void run(std::int64_t begin, std::int64_t end) {
        const std::int64_t lines = std::clamp<std::int64_t>(
            kUnitPixels * 2 / std::max<std::int64_t>(y_.width, 1), 1, y_.height);
        const LineReader<T> x_reader(c_.in, c_.before_x,
                                     reach(y_.width, c_.stride_x, c_.filters.width, c_.step_x),
                                     reach(lines, c_.stride_y, c_.filters.height, c_.step_y));
        const bool whole = out_ % kLanes<T> == 0;  // registers
        const Tensor buffer =
            whole ? Tensor()
                  : zeros({lines, y_.width, c_.groups * out_padded_}, {.dtype = dtype_of<T>});
        for (std::int64_t b = begin; b < end; ++b)
            for (std::int64_t first = 0; first < y_.height; first += lines) {
                const std::int64_t count = std::min(lines, y_.height - first);
                const Lines<T> x =
                    x_reader.read(b, first * c_.stride_y - c_.before_y,
                                  reach(count, c_.stride_y, c_.filters.height, c_.step_y));
                Lines<T> y{y_.data + b * y_.batch + first * y_.line, y_.line, y_.pixel};
                if (!whole) y = copy_padded(y, count, static_cast<T*>(buffer.raw_data()));
                add(x, y, count);
            }
    }

private:
    Lines<T> copy_padded(const Lines<T>& from, std::int64_t count, T* to) const {
        const std::int64_t pixel = c_.groups * out_padded_;
        for (std::int64_t i = 0; i < count; ++i)
            for (std::int64_t j = 0; j < y_.width; ++j)
                for (std::int64_t group = 0; group < c_.groups; ++group)
                    std::copy_n(from.data + i * from.line + j * from.pixel + group * out_, out_,
                                to + (i * y_.width + j) * pixel + group * out_padded_);
        return {to, y_.width * pixel, pixel};
    }

    // sums[(u, v, c)][k] += sum over count lines of x times y. Neighbouring taps are neighbouring
    // rows where nothing separates them.
    void add(const Lines<T>& x, const Lines<T>& y, std::int64_t count) {
        // in one run of rows
        const std::int64_t taps = c_.step_x == 1 && x.pixel == in_ ? c_.filters.width : 1;
        const std::int64_t y_group = y.pixel / c_.groups,
                           depth = c_.filters.height * c_.filters.width * in_;
        for (std::int64_t group = 0; group < c_.groups; ++group)
            for (std::int64_t k = 0; k < out_padded_; k += kTileColumns<T>)
                for (std::int64_t u = 0; u < c_.filters.height; ++u)
                    for (std::int64_t v = 0; v < c_.filters.width; v += taps) {
                        const TileSum<T> s{.a = x.data + u * c_.step_y * x.line +
                                                v * c_.step_x * x.pixel + group * in_,
                                           .a_row = 1,
                                           .a_step = c_.stride_x * x.pixel,
                                           .a_segment = c_.stride_y * x.line,
                                           .b = y.data + group * y_group + k,
                                           .b_step = y.pixel,
                                           .b_segment = y.line,
                                           .length = y_.width,
                                           .segments = count};
                        rows(
                            s, taps * in_,
                            static_cast<int>(
                                std::min<std::int64_t>(kTileColumns<T>, out_padded_ - k)),
                            sums_ +
                                ((group * depth) + (u * c_.filters.width + v) * in_) * out_padded_ +
                                k);
                    }
    }

    void rows(TileSum<T> s, std::int64_t count, int columns, T* target) const {
        const std::int64_t tiles = ceil_div(count, kTileRows);
        const T* const a = s.a;
        for (std::int64_t t = 0; t < tiles; ++t) {
            const std::int64_t first = count * t / tiles;
            s.a = a + first;
            run_tile<T, Along::rows>(s, static_cast<int>(count * (t + 1) / tiles - first), columns,
                                     target + first * out_padded_, out_padded_, true);
        }
    }

    const Image<const T>& y_;
    const Correlation<T>& c_;
    T* sums_;
    std::int64_t in_, out_, out_padded_;
};

}  // namespace

template <class T>
void correlate_direct(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    Direct<T>(out, c, bias).run();
}

// The batch is cut into slices by its size alone; their sums are added in order.
template <class T>
void correlate_weight_direct(const Filters<T>& dw, const Image<const T>& y,
                             const Correlation<T>& c) {
    const std::int64_t in = c.in.channels / c.groups, out = y.channels / c.groups,
                       padded = WeightSlice<T>::padded(out);
    const std::int64_t taps = dw.height * dw.width,
                       slices = std::clamp<std::int64_t>(y.batch_count, 1, kMaxSlices),
                       size = c.groups * taps * in * padded;
    const Tensor sums = zeros({slices, size}, {.dtype = dtype_of<T>});
    T* const all = static_cast<T*>(sums.raw_data());
    parallel_for(slices, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t s = begin; s < end; ++s)
            WeightSlice<T>(y, c, all + s * size)
                .run(y.batch_count * s / slices, y.batch_count * (s + 1) / slices);
    });
    for (std::int64_t s = 1; s < slices; ++s)
        for (std::int64_t i = 0; i < size; ++i) all[i] += all[s * size + i];
    for (std::int64_t group = 0; group < c.groups; ++group)
        for (std::int64_t tap = 0; tap < taps; ++tap)
            for (std::int64_t channel = 0; channel < in; ++channel)
                for (std::int64_t k = 0; k < out; ++k)
                    dw.data[(group * out + k) * dw.out + channel * dw.in + tap / dw.width * dw.y +
                            tap % dw.width * dw.x] =
                        all[((group * taps + tap) * in + channel) * padded + k];
}

template void correlate_direct(const Image<float>&, const Correlation<float>&, const float*);
template void correlate_direct(const Image<double>&, const Correlation<double>&, const double*);
template void correlate_weight_direct(const Filters<float>&, const Image<const float>&,
                                      const Correlation<float>&);
template void correlate_weight_direct(const Filters<double>&, const Image<const double>&,
                                      const Correlation<double>&);

}  // namespace eps::kernels::cpu
