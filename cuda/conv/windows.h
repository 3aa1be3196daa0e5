#pragma once
// Which pixel a convolution's filter reads where. Images are matrices with a pixel in each row, in
// the order B H W. An *output* is a row of y, a *pixel* a row of x, a *position* an element of the
// filter's h w. Plain arithmetic, so that the tests can run it without a GPU.
#include <algorithm>
#include <cstdint>

#include "cuda/runtime/divisor.h"
#include "tensor/contract/strided_conv.h"

namespace eps::kernels::cuda {

/// One dimension of the image.
struct Axis {
    std::int32_t inputs = 0, outputs = 0, positions = 1;  // extents of x, y and w
    std::int32_t padding = 0, dilation = 1;
    Divisor stride;

    EPS_HD std::int32_t stride_of() const { return static_cast<std::int32_t>(stride.size); }

    /// The input that output `i` reads through a kernel position, or -1 in the padding.
    EPS_HD std::int32_t input(std::int32_t i, std::int32_t position) const {
        const std::int32_t at = i * stride_of() - padding + position * dilation;
        return at >= 0 && at < inputs ? at : -1;
    }
    /// The output that reads input `i` through a kernel position, or -1 if there is none.
    EPS_HD std::int32_t output(std::int32_t i, std::int32_t position) const {
        const std::int32_t from = i + padding - position * dilation;
        if (from < 0) return -1;
        const auto at = static_cast<std::int32_t>(stride.divide(static_cast<std::uint32_t>(from)));
        return at * stride_of() == from && at < outputs ? at : -1;
    }

    /// Without a stride, the outputs that read an input are a window as well: that of this axis,
    /// whose kernel positions come in the same order.
    Axis reversed() const { return {outputs, inputs, positions, -padding, -dilation, stride}; }

    struct Range {
        std::int32_t begin, end;
    };
    /// The outputs that may read inputs [begin, end).
    Range outputs_of(std::int32_t begin, std::int32_t end) const {
        const std::int32_t s = stride_of();
        const std::int32_t first = std::max(0, begin + padding - (positions - 1) * dilation);
        const std::int32_t last = end - 1 + padding;
        const Range range{(first + s - 1) / s, std::min(outputs, last / s + 1)};
        return {range.begin, std::max(range.begin, range.end)};
    }
};

/// Inputs phase, phase + stride, ... of an axis. All are read through the same kernel positions,
/// first_position, first_position + position_step, ..., and by windows of outputs without a stride:
/// see tensor/contract/strided_conv.h.
struct Phase {
    std::int32_t input, first_position, position_step;
    /// Its inputs are the outputs, its outputs the inputs of this phase, its positions those above.
    Axis axis;

    Phase(const Axis& a, std::int32_t phase)
        : Phase(a, phase,
                conv_phase({.inputs = a.inputs,
                            .positions = a.positions,
                            .stride = a.stride_of(),
                            .padding = a.padding,
                            .dilation = a.dilation},
                           phase)) {}

private:
    Phase(const Axis& a, std::int32_t phase, const ConvPhase& p)
        : input(phase),
          first_position(int_of(p.first_position)),
          position_step(int_of(p.position_step)),
          axis{.inputs = a.outputs,
               .outputs = int_of(p.inputs),
               .positions = int_of(p.positions),
               .padding = -int_of(p.offset),
               .dilation = -int_of(p.dilation),
               .stride = Divisor(1)} {}
    static std::int32_t int_of(std::int64_t n) { return static_cast<std::int32_t>(n); }
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

    EPS_HD std::int32_t positions() const { return y.positions * x.positions; }
    /// The number of pixels, and of outputs, of one image.
    std::int64_t pixels() const { return std::int64_t{y.inputs} * x.inputs; }
    std::int64_t outputs() const { return std::int64_t{y.outputs} * x.outputs; }
    /// True if every output reads just the pixel of its own number.
    bool is_identity() const {
        const auto same = [](const Axis& a) {
            return a.positions == 1 && a.padding == 0 && a.stride.size == 1 &&
                   a.inputs == a.outputs;
        };
        return same(y) && same(x);
    }

    struct Position {
        std::int32_t image, row, column;
    };
    EPS_HD Position output(std::uint32_t number) const {
        return position_of(number, output_rows, output_columns);
    }
    /// The pixel that an output reads through kernel position (u, v), or -1.
    EPS_HD std::int32_t pixel(const Position& output, std::int32_t u, std::int32_t v) const {
        const std::int32_t row = y.input(output.row, u), column = x.input(output.column, v);
        return row < 0 || column < 0 ? -1 : (output.image * y.inputs + row) * x.inputs + column;
    }

    /// Calls f(pixel, position) for every kernel position of an output in order, with the pixel
    /// that it reads there, or -1.
    template <class F> EPS_HD void each_pixel(std::uint32_t output, const F& f) const {
        const Position at = this->output(output);
        for (std::int32_t u = 0; u < y.positions; ++u) {
#ifdef __CUDA_ARCH__
#pragma unroll 4
#endif
            for (std::int32_t v = 0; v < x.positions; ++v) f(pixel(at, u, v), u * x.positions + v);
        }
    }
    /// Calls f(output, position) for every output that reads a pixel, kernel positions in order.
    template <class F> EPS_HD void each_output(std::uint32_t pixel, const F& f) const {
        const Position at = position_of(pixel, input_rows, input_columns);
        for (std::int32_t u = 0; u < y.positions; ++u) {
            const std::int32_t row = y.output(at.row, u);
            if (row < 0) continue;
            for (std::int32_t v = 0; v < x.positions; ++v) {
                const std::int32_t column = x.output(at.column, v);
                if (column >= 0)
                    f((at.image * y.outputs + row) * x.outputs + column, u * x.positions + v);
            }
        }
    }

private:
    static EPS_HD Position position_of(std::uint32_t number, const Divisor& rows,
                                       const Divisor& columns) {
        const std::uint32_t line = columns.divide(number), image = rows.divide(line);
        return {static_cast<std::int32_t>(image),
                static_cast<std::int32_t>(line - image * rows.size),
                static_cast<std::int32_t>(number - line * columns.size)};
    }
    static std::uint32_t unsigned_of(std::int32_t n) { return static_cast<std::uint32_t>(n); }
};

}  // namespace eps::kernels::cuda
