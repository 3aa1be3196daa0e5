#pragma once
// Which pixel a convolution's filter sees where. Images are matrices with a pixel in each row, in
// the order B H W: a place is a row of y's, a pixel one of x's, a tap an element of the filter's h
// w. Plain arithmetic, so that the tests can run it without a GPU.
#include <algorithm>
#include <cstdint>
#include <numeric>

#include "cuda/runtime/divisor.h"

namespace eps::kernels::cuda {

/// What holds along one dimension of the image.
struct Axis {
    // extents of x, y and w; padding; dilation
    std::int32_t inputs = 0, outputs = 0, taps = 1, before = 0, step = 1;
    Divisor stride;

    EPS_HD std::int32_t stride_of() const { return static_cast<std::int32_t>(stride.size); }

    /// The input that output `i` sees through a tap, or -1 in the padding.
    EPS_HD std::int32_t input(std::int32_t i, std::int32_t tap) const {
        const std::int32_t at = i * stride_of() - before + tap * step;
        return at >= 0 && at < inputs ? at : -1;
    }
    /// The output that sees input `i` through a tap, or -1 where there is none.
    EPS_HD std::int32_t output(std::int32_t i, std::int32_t tap) const {
        const std::int32_t from = i + before - tap * step;
        if (from < 0) return -1;
        const auto at = static_cast<std::int32_t>(stride.divide(static_cast<std::uint32_t>(from)));
        return at * stride_of() == from && at < outputs ? at : -1;
    }

    /// Without a stride the outputs that see an input are a window as well: of this axis, whose
    /// taps come in the same order.
    Axis reversed() const { return {outputs, inputs, taps, -before, -step, stride}; }

    struct Range {
        std::int32_t begin, end;
    };
    /// The outputs that may see inputs [begin, end).
    Range outputs_of(std::int32_t begin, std::int32_t end) const {
        const std::int32_t s = stride_of();
        const std::int32_t first = std::max(0, begin + before - (taps - 1) * step),
                           last = end - 1 + before;
        const Range range{(first + s - 1) / s, std::min(outputs, last / s + 1)};
        return {range.begin, std::max(range.begin, range.end)};
    }
};

/// Inputs phase, phase + stride, ... of an axis: all see outputs through the same taps, first,
/// first + every, ..., in windows without a stride.
struct Phase {
    std::int32_t input, first, every;  // of them all
    // its inputs are the outputs, its outputs the inputs of this phase, its taps those
    Axis axis;

    Phase(const Axis& a, std::int32_t phase)
        : input(phase), first(0), every(a.stride_of() / std::gcd(a.stride_of(), a.step)) {
        const std::int32_t stride = a.stride_of();
        const auto sees = [&](std::int32_t tap) {
            return (phase + a.before - tap * a.step) % stride == 0;
        };
        while (first < every && !sees(first)) ++first;
        const std::int32_t inputs = std::max(0, (a.inputs - phase + stride - 1) / stride);
        const std::int32_t taps =
            first < every ? std::max(0, (a.taps - first + every - 1) / every) : 0;
        axis = {a.outputs,
                inputs,
                taps,
                (first * a.step - phase - a.before) / stride,
                -every * a.step / stride,
                Divisor(1)};
    }
};

struct Windows {
    Axis y, x;
    Divisor input_rows, input_columns, output_rows, output_columns;

    Windows(const Axis& down, const Axis& across)
        : y(down),
          x(across),
          input_rows(unsigned_of(y.inputs)),
          input_columns(unsigned_of(x.inputs)),
          output_rows(unsigned_of(y.outputs)),
          output_columns(unsigned_of(x.outputs)) {}

    EPS_HD std::int32_t taps() const { return y.taps * x.taps; }
    std::int64_t pixels() const { return std::int64_t{y.inputs} * x.inputs; }  // of one image
    std::int64_t places() const { return std::int64_t{y.outputs} * x.outputs; }
    /// Does every place see just the pixel of its own number?
    bool is_identity() const {
        const auto same = [](const Axis& a) {
            return a.taps == 1 && a.before == 0 && a.stride.size == 1 && a.inputs == a.outputs;
        };
        return same(y) && same(x);
    }

    struct Position {
        std::int32_t image, row, column;
    };
    EPS_HD Position place(std::uint32_t number) const {
        return position(number, output_rows, output_columns);
    }
    /// The pixel that a place sees through a tap, or -1.
    EPS_HD std::int32_t pixel(const Position& place, std::int32_t tap_row,
                              std::int32_t tap_column) const {
        const std::int32_t row = y.input(place.row, tap_row),
                           column = x.input(place.column, tap_column);
        return row < 0 || column < 0 ? -1 : (place.image * y.inputs + row) * x.inputs + column;
    }

    /// Calls f(pixel, tap) for every tap of a place in order, with the pixel that it sees there, or
    /// -1.
    template <class F> EPS_HD void each_pixel(std::uint32_t place, const F& f) const {
        const Position at = this->place(place);
        for (std::int32_t u = 0; u < y.taps; ++u) {
#ifdef __CUDA_ARCH__
#pragma unroll 4
#endif
            for (std::int32_t v = 0; v < x.taps; ++v) f(pixel(at, u, v), u * x.taps + v);
        }
    }
    /// Calls f(place, tap) for every place that sees a pixel, taps in order.
    template <class F> EPS_HD void each_place(std::uint32_t pixel, const F& f) const {
        const Position at = position(pixel, input_rows, input_columns);
        for (std::int32_t u = 0; u < y.taps; ++u) {
            const std::int32_t row = y.output(at.row, u);
            if (row < 0) continue;
            for (std::int32_t v = 0; v < x.taps; ++v) {
                const std::int32_t column = x.output(at.column, v);
                if (column >= 0)
                    f((at.image * y.outputs + row) * x.outputs + column, u * x.taps + v);
            }
        }
    }

private:
    static EPS_HD Position position(std::uint32_t number, const Divisor& rows,
                                    const Divisor& columns) {
        const std::uint32_t line = columns.divide(number), image = rows.divide(line);
        return {static_cast<std::int32_t>(image),
                static_cast<std::int32_t>(line - image * rows.size),
                static_cast<std::int32_t>(number - line * columns.size)};
    }
    static std::uint32_t unsigned_of(std::int32_t n) { return static_cast<std::uint32_t>(n); }
};

}  // namespace eps::kernels::cuda
