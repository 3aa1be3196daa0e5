// Results of few channels leave most of a tile's columns empty. So the kernel positions become
// columns as well: one matrix product
//
//     products [pixels of the input, (u, v, k)] = in [pixels, C] w [C, (u, v, k)]
//
// gives what every pixel contributes to the results through every kernel position, and each result
// then adds up the contributions of the pixels around it. The product is made in bands of lines
// that stay in the cache; neighbouring bands compute the lines on which the filter overhangs twice.
#include "cpu/conv/few_channels.h"

#include <algorithm>
#include <utility>

#include "cpu/conv/matrix_products.h"
#include "cpu/matmul/gemm.h"
#include "cpu/matmul/tile.h"
#include "tensor/create.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kBandBytes = 1 << 18;  // products held at once

/// Along one dimension, result i reads through kernel position u the input
/// (i result_step + u position_step + shift) / divisor, if that is a whole number. A correlation
/// has the divisor 1; its adjoint has the result step 1 and divides by the stride.
struct InputIndex {
    std::int64_t result_step, position_step, shift, divisor;
    std::int64_t numerator(std::int64_t result, std::int64_t position) const {
        return result * result_step + position * position_step + shift;
    }
};

/// `w` leads from channels of the input to channels of the result.
template <class T> class FewResults {
public:
    FewResults(const Image<T>& out, const Image<const T>& in, const Filters<const T>& w,
               InputIndex down, InputIndex across, const T* bias)
        : out_(out),
          in_(in),
          w_(w),
          down_(down),
          across_(across),
          bias_(bias),
          positions_(w.positions()),
          width_(ceil_div(positions_ * out.channels, kLanes<T>) * kLanes<T>) {}

    void run() {
        const Tensor packed = pack_filters();
        const T* const w = static_cast<const T*>(packed.raw_data());
        const std::int64_t line_bytes = in_.width * width_ * static_cast<std::int64_t>(sizeof(T));
        const std::int64_t input_lines = kBandBytes / std::max<std::int64_t>(line_bytes, 1);
        const std::int64_t lines = std::clamp<std::int64_t>(
            input_lines * down_.divisor / down_.result_step, 1, out_.height);
        const std::int64_t bands = ceil_div(out_.height, lines);
        parallel_for(out_.batch_count * bands, 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t unit = begin; unit < end; ++unit) {
                const std::int64_t first = unit % bands * lines;
                band(unit / bands, first, std::min(first + lines, out_.height), w);
            }
        });
    }

private:
    // [c][u, v, k], padded to whole registers
    Tensor pack_filters() const {
        Tensor packed = zeros({in_.channels, width_}, {.dtype = dtype_of<T>});
        T* const to = static_cast<T*>(packed.raw_data());
        for (std::int64_t c = 0; c < in_.channels; ++c)
            for (std::int64_t p = 0; p < positions_; ++p)
                for (std::int64_t k = 0; k < out_.channels; ++k)
                    to[c * width_ + p * out_.channels + k] =
                        w_.at_position(p)[k * w_.out + c * w_.in];
        return packed;
    }

    // Result lines [begin, end) of sample b.
    void band(std::int64_t b, std::int64_t begin, std::int64_t end, const T* w) const {
        // the input lines [from, to) that they read
        const std::int64_t at_top = down_.numerator(begin, 0);
        const std::int64_t at_bottom = down_.numerator(begin, w_.height - 1);
        const std::int64_t span = (end - 1 - begin) * down_.result_step;
        const std::int64_t from =
            std::clamp<std::int64_t>(std::min(at_top, at_bottom) / down_.divisor, 0, in_.height);
        const std::int64_t to = std::clamp<std::int64_t>(
            (std::max(at_top, at_bottom) + span) / down_.divisor + 1, from, in_.height);
        const Tensor buffer = empty({to - from, in_.width, width_}, {.dtype = dtype_of<T>});
        T* const products = static_cast<T*>(buffer.raw_data());
        multiply(b, from, to, w, products);

        for (std::int64_t i = begin; i < end; ++i) {
            T* const line = out_.data + b * out_.batch + i * out_.line;
            fill_with_bias(line, out_.width, out_.channels, out_.pixel, bias_);
            for (std::int64_t u = 0; u < w_.height; ++u) {
                const std::int64_t at = down_.numerator(i, u), y = at / down_.divisor;
                if (at < 0 || at % down_.divisor != 0 || y >= in_.height) continue;
                const T* const row = products + (y - from) * in_.width * width_;
                for (std::int64_t v = 0; v < w_.width; ++v)
                    add(line, v, row + (u * w_.width + v) * out_.channels);
            }
        }
    }

    // products [lines from to `to`, in width, width] = in w; all lines at once if they are dense.
    void multiply(std::int64_t b, std::int64_t from, std::int64_t to, const T* w,
                  T* products) const {
        const bool dense = in_.line == in_.width * in_.pixel;
        for (std::int64_t y = from; y < to; y += dense ? to - from : 1)
            Gemm<T>{.m = dense ? (to - from) * in_.width : in_.width,
                    .n = width_,
                    .k = in_.channels,
                    .a = in_.data + b * in_.batch + y * in_.line,
                    .a_row = in_.pixel,
                    .a_column = 1,
                    .b = w,
                    .b_row = width_,
                    .b_column = 1,
                    .c = products + (y - from) * in_.width * width_,
                    .c_row = width_}
                .run();
    }

    // Adds to every result of a line what it reads through kernel column v of a line of products.
    void add(T* line, std::int64_t v, const T* products) const {
        std::int64_t j = 0;
        while (j < out_.width &&
               (across_.numerator(j, v) < 0 || across_.numerator(j, v) % across_.divisor != 0))
            ++j;
        std::int64_t x = across_.numerator(j, v) / across_.divisor;
        for (; j < out_.width && x < in_.width; j += across_.divisor, x += across_.result_step)
            for (std::int64_t k = 0; k < out_.channels; ++k)
                line[j * out_.pixel + k] += products[x * width_ + k];
    }

    const Image<T>& out_;
    const Image<const T>& in_;
    const Filters<const T>& w_;
    InputIndex down_, across_;
    const T* bias_;
    std::int64_t positions_, width_;  // width: of a row of products
};

bool are_few(std::int64_t results, std::int64_t inputs, std::int64_t lanes) {
    return 2 * results <= lanes && inputs >= lanes;
}

}  // namespace

template <class T> bool has_few_results(const Image<const T>& out, const Correlation<T>& c) {
    return are_few(out.channels, c.in.channels, kLanes<T>) && !c.has_stride() && c.groups == 1 &&
           c.filters.positions() > 1;
}

template <class T>
void correlate_few_results(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    FewResults<T>(out, c.in, c.filters, {c.stride_y, c.dilation_y, -c.padding_y, 1},
                  {c.stride_x, c.dilation_x, -c.padding_x, 1}, bias)
        .run();
}

template <class T> bool has_few_inputs(const Correlation<T>& c, const Image<const T>& y) {
    return are_few(c.in.channels, y.channels, kLanes<T>) && c.groups == 1 &&
           c.filters.positions() > 1;
}

template <class T>
void correlate_few_inputs(const Image<T>& x, const Correlation<T>& c, const Image<const T>& y,
                          const T* bias) {
    Filters<const T> transposed = c.filters;
    std::swap(transposed.in, transposed.out);
    FewResults<T>(x, y, transposed, {1, -c.dilation_y, c.padding_y, c.stride_y},
                  {1, -c.dilation_x, c.padding_x, c.stride_x}, bias)
        .run();
}

#define EPS_INSTANTIATE(T)                                                                 \
    template bool has_few_results(const Image<const T>&, const Correlation<T>&);           \
    template void correlate_few_results(const Image<T>&, const Correlation<T>&, const T*); \
    template bool has_few_inputs(const Correlation<T>&, const Image<const T>&);            \
    template void correlate_few_inputs(const Image<T>&, const Correlation<T>&,             \
                                       const Image<const T>&, const T*);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
#undef EPS_INSTANTIATE

}  // namespace eps::kernels::cpu
