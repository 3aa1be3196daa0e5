// Convolutions that are matrix products: filters of one tap, results of one pixel, results of few
// channels.
#include <algorithm>
#include <utility>

#include "cpu/conv/conv.h"
#include "cpu/matmul/gemm.h"
#include "cpu/matmul/tile.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

template <class T> bool is_dense(const Image<T>& x) {
    return x.pixel == x.channels && x.line == x.width * x.pixel && x.batch == x.height * x.line;
}

template <class T>
void fill_with(T* to, std::int64_t count, std::int64_t channels, std::int64_t pixel,
               const T* bias) {
    for (std::int64_t i = 0; i < count; ++i)
        bias ? std::copy_n(bias, channels, to + i * pixel)
             : std::fill_n(to + i * pixel, channels, T(0));
}

/// Calls f(tap, pixel of the image) for every tap that a correlation's only result sees.
template <class T, class F> void for_each_tap_inside(const Correlation<T>& c, const F& f) {
    for (std::int64_t u = 0; u < c.filters.height; ++u)
        for (std::int64_t v = 0; v < c.filters.width; ++v) {
            const std::int64_t y = u * c.step_y - c.before_y, x = v * c.step_x - c.before_x;
            if (y >= 0 && y < c.in.height && x >= 0 && x < c.in.width)
                f(u * c.filters.y + v * c.filters.x, y * c.in.line + x * c.in.pixel);
        }
}

}  // namespace

template <class T> bool is_pixelwise(const Image<const T>& out, const Correlation<T>& c) {
    return c.filters.height == 1 && c.filters.width == 1 && c.stride_y == 1 && c.stride_x == 1 &&
           c.before_y == 0 && c.before_x == 0 && c.groups == 1 && out.height == c.in.height &&
           out.width == c.in.width && is_dense(out) && is_dense(c.in);
}

template <class T>
void correlate_pixels(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    const std::int64_t pixels = out.batch_count * out.height * out.width;
    if (bias) fill_with(out.data, pixels, out.channels, out.pixel, bias);
    Gemm<T>{.m = pixels,
            .n = out.channels,
            .k = c.in.channels,
            .a = c.in.data,
            .a_row = c.in.pixel,
            .a_column = 1,
            .b = c.filters.data,
            .b_row = c.filters.in,
            .b_column = c.filters.out,
            .c = out.data,
            .c_row = out.pixel,
            .accumulate = bias != nullptr}
        .run();
}

template <class T> bool is_single_pixel(const Image<const T>& y, const Correlation<T>& c) {
    return y.height == 1 && y.width == 1 && c.groups == 1 && c.filters.height * c.filters.width > 1;
}

template <class T>
void correlate_single(const Image<T>& y, const Correlation<T>& c, const T* bias) {
    fill_with(y.data, y.batch_count, y.channels, y.batch, bias);
    for_each_tap_inside(c, [&](std::int64_t tap, std::int64_t pixel) {
        Gemm<T>{.m = y.batch_count,
                .n = y.channels,
                .k = c.in.channels,
                .a = c.in.data + pixel,
                .a_row = c.in.batch,
                .a_column = 1,
                .b = c.filters.data + tap,
                .b_row = c.filters.in,
                .b_column = c.filters.out,
                .c = y.data,
                .c_row = y.batch,
                .accumulate = true}
            .run();
    });
}

template <class T>
void correlate_single_input(const Image<T>& x, const Correlation<T>& c, const Image<const T>& y,
                            const T* bias) {
    for (std::int64_t b = 0; b < x.batch_count; ++b)
        for (std::int64_t i = 0; i < x.height; ++i)
            fill_with(x.data + b * x.batch + i * x.line, x.width, x.channels, x.pixel, bias);
    std::vector<Gemm<T>> products;
    for_each_tap_inside(c, [&](std::int64_t tap, std::int64_t pixel) {
        products.push_back({.m = y.batch_count,
                            .n = x.channels,
                            .k = y.channels,
                            .a = y.data,
                            .a_row = y.batch,
                            .a_column = 1,
                            .b = c.filters.data + tap,
                            .b_row = c.filters.out,
                            .b_column = c.filters.in,
                            .c = x.data + pixel,
                            .c_row = x.batch,
                            .accumulate = bias != nullptr});
    });
    parallel_for(static_cast<std::int64_t>(products.size()), 1,
                 [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t i = begin; i < end; ++i)
                         products[static_cast<std::size_t>(i)].run();
                 });
}

template <class T>
void correlate_single_weight(const Filters<T>& dw, const Image<const T>& y,
                             const Correlation<T>& c) {
    for (std::int64_t k = 0; k < y.channels; ++k)
        std::fill_n(dw.data + k * dw.out, c.in.channels * dw.height * dw.width, T(0));
    struct Tap {
        std::int64_t tap, pixel;
    };
    std::vector<Tap> taps;
    for_each_tap_inside(c, [&](std::int64_t tap, std::int64_t pixel) {
        taps.push_back({tap, pixel});
    });
    const std::int64_t in = c.in.channels, out = y.channels;
    parallel_for(
        static_cast<std::int64_t>(taps.size()), 1, [&](std::int64_t begin, std::int64_t end) {
            const Tensor product = empty({out, in}, {.dtype = dtype_of<T>});
            T* const sums = static_cast<T*>(product.raw_data());
            for (std::int64_t i = begin; i < end; ++i) {
                const auto [tap, pixel] = taps[static_cast<std::size_t>(i)];
                Gemm<T>{.m = out,
                        .n = in,
                        .k = y.batch_count,
                        .a = y.data,
                        .a_row = 1,
                        .a_column = y.batch,
                        .b = c.in.data + pixel,
                        .b_row = c.in.batch,
                        .b_column = 1,
                        .c = sums,
                        .c_row = in}
                    .run();
                for (std::int64_t k = 0; k < out; ++k)
                    for (std::int64_t channel = 0; channel < in; ++channel)
                        dw.data[k * dw.out + channel * dw.in + tap] = sums[k * in + channel];
            }
        });
}

namespace {

constexpr std::int64_t kBandBytes = 1 << 18;  // of contributions that are held at once

/// Along one dimension: result i sees through tap u the input (i scale + u step + shift) / divide,
/// where that is whole.
struct Sight {
    std::int64_t scale, step, shift, divide;
    std::int64_t times_divide(std::int64_t result, std::int64_t tap) const {
        return result * scale + tap * step + shift;
    }
};

/// Results of few channels: one product gives what every pixel of the input contributes through
/// every tap, and each result adds up what it sees. `w` leads from channels of the input to
/// channels of the result.
template <class T> class FewResults {
public:
    FewResults(const Image<T>& out, const Image<const T>& in, const Filters<const T>& w, Sight down,
               Sight across, const T* bias)
        : out_(out),
          in_(in),
          w_(w),
          down_(down),
          across_(across),
          bias_(bias),
          taps_(w.height * w.width),
          width_(ceil_div(taps_ * out.channels, kLanes<T>) * kLanes<T>) {}

    void run() {
        const Tensor packed = pack_filters();
        const T* const w = static_cast<const T*>(packed.raw_data());
        const std::int64_t line_bytes = in_.width * width_ * static_cast<std::int64_t>(sizeof(T));
        // Lines of results from about as many lines of input; neighbouring bands share those that
        // the filter overhangs.
        const std::int64_t lines = std::clamp<std::int64_t>(
            kBandBytes / std::max<std::int64_t>(line_bytes, 1) * down_.divide / down_.scale, 1,
            out_.height);
        const std::int64_t bands = ceil_div(out_.height, lines);
        parallel_for(out_.batch_count * bands, 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t unit = begin; unit < end; ++unit) {
                const std::int64_t first = unit % bands * lines;
                band(unit / bands, first, std::min(first + lines, out_.height), w);
            }
        });
    }

private:
    Tensor pack_filters() const {  // [c][u, v, k], padded to whole registers
        Tensor packed = zeros({in_.channels, width_}, {.dtype = dtype_of<T>});
        T* const to = static_cast<T*>(packed.raw_data());
        for (std::int64_t c = 0; c < in_.channels; ++c)
            for (std::int64_t tap = 0; tap < taps_; ++tap)
                for (std::int64_t k = 0; k < out_.channels; ++k)
                    to[c * width_ + tap * out_.channels + k] =
                        w_.data[k * w_.out + c * w_.in + tap / w_.width * w_.y +
                                tap % w_.width * w_.x];
        return packed;
    }

    // Results of lines [begin, end) of sample b.
    void band(std::int64_t b, std::int64_t begin, std::int64_t end, const T* w) const {
        const std::int64_t one = down_.times_divide(begin, 0),
                           other = down_.times_divide(begin, w_.height - 1),
                           last = (end - 1 - begin) * down_.scale;
        const std::int64_t from =
            std::clamp<std::int64_t>(std::min(one, other) / down_.divide, 0, in_.height);
        const std::int64_t to = std::clamp<std::int64_t>(
            (std::max(one, other) + last) / down_.divide + 1, from, in_.height);
        const Tensor buffer = empty({to - from, in_.width, width_}, {.dtype = dtype_of<T>});
        T* const products = static_cast<T*>(buffer.raw_data());
        // lines follow each other as pixels do
        const bool joined = in_.line == in_.width * in_.pixel;
        for (std::int64_t y = from; y < to; y += joined ? to - from : 1)
            Gemm<T>{.m = joined ? (to - from) * in_.width : in_.width,
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
        for (std::int64_t i = begin; i < end; ++i) {
            T* const line = out_.data + b * out_.batch + i * out_.line;
            fill_with(line, out_.width, out_.channels, out_.pixel, bias_);
            for (std::int64_t u = 0; u < w_.height; ++u) {
                const std::int64_t at = down_.times_divide(i, u), y = at / down_.divide;
                if (at < 0 || at % down_.divide != 0 || y >= in_.height) continue;
                for (std::int64_t v = 0; v < w_.width; ++v)
                    add(line, v,
                        products + (y - from) * in_.width * width_ +
                            (u * w_.width + v) * out_.channels);
            }
        }
    }

    // To every result of a line what it sees through tap v of a line of contributions.
    void add(T* line, std::int64_t v, const T* products) const {
        std::int64_t j = 0;
        while (j < out_.width &&
               (across_.times_divide(j, v) < 0 || across_.times_divide(j, v) % across_.divide != 0))
            ++j;
        for (std::int64_t x = across_.times_divide(j, v) / across_.divide;
             j < out_.width && x < in_.width; j += across_.divide, x += across_.scale)
            for (std::int64_t k = 0; k < out_.channels; ++k)
                line[j * out_.pixel + k] += products[x * width_ + k];
    }

    const Image<T>& out_;
    const Image<const T>& in_;
    const Filters<const T>& w_;
    Sight down_, across_;
    const T* bias_;
    std::int64_t taps_, width_;
};

bool are_few(std::int64_t results, std::int64_t inputs, std::int64_t lanes) {
    return 2 * results <= lanes && inputs >= lanes;
}

}  // namespace

template <class T> bool has_few_results(const Image<const T>& out, const Correlation<T>& c) {
    return are_few(out.channels, c.in.channels, kLanes<T>) && c.stride_y == 1 && c.stride_x == 1 &&
           c.groups == 1 && c.filters.height * c.filters.width > 1;
}

template <class T> void correlate_few(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    FewResults<T>(out, c.in, c.filters, {c.stride_y, c.step_y, -c.before_y, 1},
                  {c.stride_x, c.step_x, -c.before_x, 1}, bias)
        .run();
}

template <class T> bool has_few_inputs(const Correlation<T>& c, const Image<const T>& y) {
    return are_few(c.in.channels, y.channels, kLanes<T>) && c.groups == 1 &&
           c.filters.height * c.filters.width > 1;
}

template <class T>
void correlate_few_input(const Image<T>& x, const Correlation<T>& c, const Image<const T>& y,
                         const T* bias) {
    Filters<const T> back = c.filters;
    std::swap(back.in, back.out);
    FewResults<T>(x, y, back, {1, -c.step_y, c.before_y, c.stride_y},
                  {1, -c.step_x, c.before_x, c.stride_x}, bias)
        .run();
}

#define EPS_INSTANTIATE(T)                                                            \
    template bool is_pixelwise(const Image<const T>&, const Correlation<T>&);         \
    template void correlate_pixels(const Image<T>&, const Correlation<T>&, const T*); \
    template bool is_single_pixel(const Image<const T>&, const Correlation<T>&);      \
    template void correlate_single(const Image<T>&, const Correlation<T>&, const T*); \
    template void correlate_single_input(const Image<T>&, const Correlation<T>&,      \
                                         const Image<const T>&, const T*);            \
    template void correlate_single_weight(const Filters<T>&, const Image<const T>&,   \
                                          const Correlation<T>&);                     \
    template bool has_few_results(const Image<const T>&, const Correlation<T>&);      \
    template void correlate_few(const Image<T>&, const Correlation<T>&, const T*);    \
    template bool has_few_inputs(const Correlation<T>&, const Image<const T>&);       \
    template void correlate_few_input(const Image<T>&, const Correlation<T>&,         \
                                      const Image<const T>&, const T*);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
#undef EPS_INSTANTIATE

}  // namespace eps::kernels::cpu
