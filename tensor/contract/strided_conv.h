#pragma once
// A strided convolution, and its transpose, as convolutions without a stride; one dimension at a
// time. Output i of y = w * x reads, through kernel position u, the input
//
//     j = i stride - padding + u dilation.
//
// For stride 2, padding 1, dilation 1 and four kernel positions, the table shows which position u
// connects y[i] to x[j]:
//
//              x[-1] x[0]  x[1]  x[2]  x[3]  x[4]  x[5]
//     y[0]       0     1     2     3
//     y[1]                   0     1     2     3
//     y[2]                               0     1     2   ...
//
// Read by columns, it is the transposed convolution. x[0], x[2], x[4], ... meet the positions 1 and
// 3 only, x[1], x[3], ... only 0 and 2: the inputs of one residue modulo the stride, a *phase*, are
// a convolution of y without a stride by the kernel positions of one residue.
// Read by rows, positions 0 and 2 read odd inputs only, 1 and 3 even inputs only: the convolution
// is a sum of convolutions without a stride, one for each residue of the kernel positions.
#include <algorithm>
#include <cstdint>
#include <numeric>

namespace eps {

/// One dimension of a convolution.
struct ConvDimension {
    std::int64_t inputs = 0;     // pixels of x
    std::int64_t positions = 1;  // kernel positions
    std::int64_t stride = 1, padding = 0, dilation = 1;
};

/// The inputs phase, phase + stride, ... of the transposed convolution. Input phase + n stride
/// meets, through kernel position first_position + t position_step, the output
///
///     y[n + offset - t dilation],    0 <= t < positions.
struct ConvPhase {
    std::int64_t inputs = 0;
    std::int64_t first_position = 0, position_step = 1, positions = 0;
    std::int64_t offset = 0, dilation = 1;

    std::int64_t last_position() const { return first_position + (positions - 1) * position_step; }
};

inline ConvPhase conv_phase(const ConvDimension& d, std::int64_t phase) {
    // Position u meets this phase if stride divides phase + padding - u dilation; u and
    // u + stride / gcd(stride, dilation) do so together.
    const std::int64_t common = std::gcd(d.stride, d.dilation), step = d.stride / common;
    const auto numerator = [&](std::int64_t u) { return phase + d.padding - u * d.dilation; };
    const std::int64_t end = std::min(step, d.positions);  // a stride may be huge, a kernel is not
    std::int64_t first = 0;
    while (first < end && numerator(first) % d.stride != 0) ++first;

    ConvPhase result{.position_step = step, .dilation = d.dilation / common};
    if (phase < d.inputs) result.inputs = (d.inputs - 1 - phase) / d.stride + 1;
    if (first < end) {
        result.first_position = first;
        result.positions = (d.positions - 1 - first) / step + 1;
        result.offset = numerator(first) / d.stride;
    }
    return result;
}

/// The kernel positions residue, residue + stride, ... of a convolution without dilation. They read
/// the inputs first_input, first_input + stride, ... only: with x'[n] = x[first_input + n stride],
///
///     y[i] += sum_t w[residue + t stride] x'[i - padding + t],    0 <= t < positions.
struct ConvResidue {
    std::int64_t first_input, inputs, positions, padding;
};

/// Requires d.dilation 1 and residue < d.stride.
inline ConvResidue conv_residue(const ConvDimension& d, std::int64_t residue) {
    const std::int64_t first = ((residue - d.padding) % d.stride + d.stride) % d.stride;
    return {.first_input = first,
            .inputs = (d.inputs - first + d.stride - 1) / d.stride,
            .positions = (d.positions - residue + d.stride - 1) / d.stride,
            .padding = (first - residue + d.padding) / d.stride};
}

}  // namespace eps
