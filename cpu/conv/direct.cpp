// The direct convolution, forward. In one line of an output, the pixels that kernel position (u, v)
// reads are kTileRows rows of a matrix A, `stride` pixels apart, and its weights are a matrix B:
//
//     out[i, j, :] = sum over u, v, c of  in[i stride + u dilation, j stride + v dilation, c]
//                                         w[u, v, c, :]
//
// so a tile of pixels times channels is the sum of one small product for each kernel position, all
// accumulated in registers (cpu/matmul/tile.h). The filters are packed into strips of a tile's
// width, and a strip stays in L1 while a unit of about kUnitPixels pixels passes by, whose input
// lines stay in L2: an implicit matrix product without the matrix of patches (im2col).
// See also Georganas et al., "Anatomy of High-Performance Deep Learning Convolutions on SIMD
// Architectures" (2018).
#include "cpu/conv/direct.h"

#include <algorithm>

#include "cpu/conv/line_reader.h"
#include "cpu/matmul/pack.h"
#include "cpu/matmul/tile.h"
#include "tensor/create.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kUnitPixels = 192;  // pixels of the result for one thread at a time

// The filters as tiles read them: [group][strip of output channels][u, v, c][k of the strip].
// `in` and `out` are the channels of one group.
template <class T>
Tensor pack_filters(const Filters<const T>& w, std::int64_t in, std::int64_t out,
                    std::int64_t groups) {
    constexpr int width = kTileColumns<T>;
    const std::int64_t strips = ceil_div(out, width), positions = w.positions();
    const Tensor packed = empty({groups, strips, positions * in, width}, {.dtype = dtype_of<T>});
    T* to = static_cast<T*>(packed.raw_data());
    for (std::int64_t group = 0; group < groups; ++group)
        for (std::int64_t strip = 0; strip < strips; ++strip)
            for (std::int64_t p = 0; p < positions; ++p, to += in * width) {
                const std::int64_t first = strip * width;
                const T* const from = w.at_position(p) + (group * out + first) * w.out;
                pack_strip<T, width>(to, from, w.in, w.out, in,
                                     static_cast<int>(std::min<std::int64_t>(width, out - first)));
            }
    return packed;
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

    // A unit of work is a block of lines of one image.
    void run() const {
        const std::int64_t width = std::max<std::int64_t>(out_.width, 1);
        const std::int64_t lines = std::clamp<std::int64_t>(kUnitPixels / width, 1, out_.height);
        const std::int64_t blocks = ceil_div(out_.height, lines);
        parallel_for(out_.batch_count * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
            const LineReader<T> reader(c_, out_.width, input_lines(lines));
            for (std::int64_t unit = begin; unit < end; ++unit) {
                const std::int64_t b = unit / blocks, first = unit % blocks * lines;
                const std::int64_t count = std::min(lines, out_.height - first);
                const ImageLines<T> in =
                    reader.read(b, first * c_.stride_y - c_.padding_y, input_lines(count));
                block(in, out_.data + b * out_.batch + first * out_.line, count);
            }
        });
    }

private:
    std::int64_t input_lines(std::int64_t count) const {
        return input_extent(count, c_.stride_y, c_.filters.height, c_.dilation_y);
    }

    // `count` lines of the result. A strip of filters stays in cache while the lines pass by.
    void block(const ImageLines<T>& in, T* out, std::int64_t count) const {
        constexpr int width = kTileColumns<T>;
        const std::int64_t strips = ceil_div(out_channels_, width);
        const std::int64_t depth = c_.filters.positions() * in_channels_;
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
    void line(const T* in, const ImageLines<T>& lines, const T* filters, T* out,
              std::int64_t channel, int columns) const {
        const std::int64_t tiles = ceil_div(out_.width, kTileRows);
        for (std::int64_t t = 0; t < tiles; ++t) {
            const std::int64_t first = out_.width * t / tiles;
            const int pixels = static_cast<int>(out_.width * (t + 1) / tiles - first);
            T* const target = out + first * out_.pixel;
            if (bias_)
                for (int i = 0; i < pixels; ++i)
                    std::copy_n(bias_ + channel, columns, target + i * out_.pixel);
            tile(in + first * c_.stride_x * lines.pixel, lines, filters, pixels, columns, target);
        }
    }

    // One tile. If nothing separates the pixels that neighbouring kernel positions of a line read,
    // a line of the filter is one run of the sum; else each kernel position is a run.
    void tile(const T* in, const ImageLines<T>& lines, const T* filters, int pixels, int columns,
              T* out) const {
        constexpr int width = kTileColumns<T>;
        TileSum<T> s{.a = in,
                     .a_row = c_.stride_x * lines.pixel,
                     .a_step = 1,
                     .b = filters,
                     .b_step = width,
                     .length = in_channels_};
        if (c_.dilation_x == 1 && lines.pixel == in_channels_) {
            s.length = c_.filters.width * in_channels_;
            s.segments = c_.filters.height;
            s.a_segment = c_.dilation_y * lines.line;
            s.b_segment = s.length * width;
            return run_tile<T, Along::steps>(s, pixels, columns, out, out_.pixel, bias_ != nullptr);
        }
        s.segments = c_.filters.width;
        s.a_segment = c_.dilation_x * lines.pixel;
        s.b_segment = in_channels_ * width;
        for (std::int64_t u = 0; u < c_.filters.height; ++u) {
            run_tile<T, Along::steps>(s, pixels, columns, out, out_.pixel,
                                      u > 0 || bias_ != nullptr);
            s.a += c_.dilation_y * lines.line;
            s.b += c_.filters.width * in_channels_ * width;
        }
    }

    const Image<T>& out_;
    const Correlation<T>& c_;
    const T* bias_;                            // [K], or null
    std::int64_t in_channels_, out_channels_;  // channels of a group
    Tensor packed_;
};

}  // namespace

template <class T>
void correlate_direct(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    Direct<T>(out, c, bias).run();
}

template void correlate_direct(const Image<float>&, const Correlation<float>&, const float*);
template void correlate_direct(const Image<double>&, const Correlation<double>&, const double*);

}  // namespace eps::kernels::cpu
