// The direct convolution, adjoint in the filters. For kernel position (u, v), the weights' gradient
// is the product of the transposed pixels it reads and y:
//
//     dw[u, v, c, k] = sum over b, i, j of  in[b, i stride + u dilation, j stride + v dilation, c]
//                                           y[b, i, j, k]
//
// The batch is cut into slices by its size alone, so that the bits do not depend on the number of
// threads. Each slice accumulates its own sums [group][u, v, c][k], a few lines at a time; the sums
// of the slices are added in order.
#include <algorithm>

#include "cpu/conv/direct.h"
#include "cpu/conv/line_reader.h"
#include "cpu/matmul/tile.h"
#include "tensor/create.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kUnitPixels = 384;  // pixels of y that are added up at a time
constexpr std::int64_t kMaxBatchSlices = 8;

template <class T> std::int64_t whole_registers(std::int64_t channels) {
    return ceil_div(channels, kLanes<T>) * kLanes<T>;
}

/// The sums of one slice of the batch, with k padded to whole registers.
template <class T> class WeightSlice {
public:
    WeightSlice(const Image<const T>& y, const Correlation<T>& c, T* sums)
        : y_(y),
          c_(c),
          sums_(sums),
          in_(c.in.channels / c.groups),
          out_(y.channels / c.groups),
          out_padded_(whole_registers<T>(out_)) {}

    // Images [begin, end) of the batch.
    void run(std::int64_t begin, std::int64_t end) {
        const std::int64_t width = std::max<std::int64_t>(y_.width, 1);
        const std::int64_t lines = std::clamp<std::int64_t>(kUnitPixels / width, 1, y_.height);
        const LineReader<T> x_reader(c_, y_.width, input_lines(lines));
        Tensor padded_lines;
        if (out_ != out_padded_)
            padded_lines =
                zeros({lines, y_.width, c_.groups * out_padded_}, {.dtype = dtype_of<T>});
        for (std::int64_t b = begin; b < end; ++b)
            for (std::int64_t first = 0; first < y_.height; first += lines) {
                const std::int64_t count = std::min(lines, y_.height - first);
                const ImageLines<T> x =
                    x_reader.read(b, first * c_.stride_y - c_.padding_y, input_lines(count));
                ImageLines<T> y{y_.data + b * y_.batch + first * y_.line, y_.line, y_.pixel};
                if (padded_lines.defined())
                    y = copy_padded(y, count, static_cast<T*>(padded_lines.raw_data()));
                add(x, y, count);
            }
    }

private:
    std::int64_t input_lines(std::int64_t count) const {
        return input_extent(count, c_.stride_y, c_.filters.height, c_.dilation_y);
    }

    ImageLines<T> copy_padded(const ImageLines<T>& from, std::int64_t count, T* to) const {
        const std::int64_t pixel = c_.groups * out_padded_;
        for (std::int64_t i = 0; i < count; ++i)
            for (std::int64_t j = 0; j < y_.width; ++j)
                for (std::int64_t group = 0; group < c_.groups; ++group)
                    std::copy_n(from.data + i * from.line + j * from.pixel + group * out_, out_,
                                to + (i * y_.width + j) * pixel + group * out_padded_);
        return {to, y_.width * pixel, pixel};
    }

    // sums[(u, v, c)][k] += sum over `count` lines of x times y. If nothing separates the pixels
    // that neighbouring kernel positions read, (v, c) is one run of rows of the product.
    void add(const ImageLines<T>& x, const ImageLines<T>& y, std::int64_t count) {
        const bool adjacent = c_.dilation_x == 1 && x.pixel == in_;
        const std::int64_t run = adjacent ? c_.filters.width : 1;  // kernel positions
        const std::int64_t y_group = y.pixel / c_.groups;
        const std::int64_t depth = c_.filters.positions() * in_;
        for (std::int64_t group = 0; group < c_.groups; ++group)
            for (std::int64_t k = 0; k < out_padded_; k += kTileColumns<T>)
                for (std::int64_t u = 0; u < c_.filters.height; ++u)
                    for (std::int64_t v = 0; v < c_.filters.width; v += run) {
                        const T* const a = x.data + u * c_.dilation_y * x.line +
                                           v * c_.dilation_x * x.pixel + group * in_;
                        const TileSum<T> s{.a = a,
                                           .a_row = 1,
                                           .a_step = c_.stride_x * x.pixel,
                                           .a_segment = c_.stride_y * x.line,
                                           .b = y.data + group * y_group + k,
                                           .b_step = y.pixel,
                                           .b_segment = y.line,
                                           .length = y_.width,
                                           .segments = count};
                        const std::int64_t row = group * depth + (u * c_.filters.width + v) * in_;
                        const std::int64_t columns =
                            std::min<std::int64_t>(kTileColumns<T>, out_padded_ - k);
                        add_rows(s, run * in_, static_cast<int>(columns),
                                 sums_ + row * out_padded_ + k);
                    }
    }

    void add_rows(TileSum<T> s, std::int64_t count, int columns, T* target) const {
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
    std::int64_t in_, out_, out_padded_;  // channels of a group
};

}  // namespace

template <class T>
void correlate_weight_direct(const Filters<T>& dw, const Image<const T>& y,
                             const Correlation<T>& c) {
    const std::int64_t in = c.in.channels / c.groups, out = y.channels / c.groups;
    const std::int64_t padded = whole_registers<T>(out), positions = dw.positions();
    const std::int64_t slices = std::clamp<std::int64_t>(y.batch_count, 1, kMaxBatchSlices);
    const std::int64_t size = c.groups * positions * in * padded;

    // The sums of each slice.
    const Tensor sums = zeros({slices, size}, {.dtype = dtype_of<T>});
    T* const all = static_cast<T*>(sums.raw_data());
    parallel_for(slices, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t s = begin; s < end; ++s)
            WeightSlice<T>(y, c, all + s * size)
                .run(y.batch_count * s / slices, y.batch_count * (s + 1) / slices);
    });

    // Their sum, in order, and from there into the layout of dw.
    for (std::int64_t s = 1; s < slices; ++s)
        for (std::int64_t i = 0; i < size; ++i) all[i] += all[s * size + i];
    for (std::int64_t group = 0; group < c.groups; ++group)
        for (std::int64_t p = 0; p < positions; ++p)
            for (std::int64_t channel = 0; channel < in; ++channel) {
                const T* const from = all + ((group * positions + p) * in + channel) * padded;
                T* const to = dw.at_position(p) + group * out * dw.out + channel * dw.in;
                for (std::int64_t k = 0; k < out; ++k) to[k * dw.out] = from[k];
            }
}

template void correlate_weight_direct(const Filters<float>&, const Image<const float>&,
                                      const Correlation<float>&);
template void correlate_weight_direct(const Filters<double>&, const Image<const double>&,
                                      const Correlation<double>&);

}  // namespace eps::kernels::cpu
