#pragma once
// The same elements at other positions: mirrored, shifted, repeated at the edges, moved between
// channels and pixels, or cut to a triangle.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// x with the order of elements reversed along each of dims.
Tensor flip(const Tensor& x, const Dims& dims);
/// x shifted along each of dims, elements that leave at one end entering at the other.
///     out[.., (i + shift) mod n, ..] = x[.., i, ..]
Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims);

/// What pad() puts around the elements a b c d:
enum class PadMode : std::uint8_t {
    zeros,      // 0 0 a b c d 0 0
    reflect,    // c b a b c d c b; widths are less than the extent
    replicate,  // a a a b c d d d
    circular,   // c d a b c d a b; widths are at most the extent
};
/// x with before[d] elements ahead of dimension d and after[d] behind it. pad() in shape.h fills
/// with any constant.
/// Throws on negative widths, and on those too large for the mode.
Tensor pad(const Tensor& x, const Dims& before, const Dims& after, PadMode mode);

/// Moves channels to pixels: channel c r^2 + u r + v becomes position (u, v) of an r x r square.
/// The result is channels-last in memory.
/// Shapes: [B, C r^2, H, W] -> [B, C, H r, W r].
/// Source: Shi et al. 2016, "Real-time single image and video super-resolution".
Tensor pixel_shuffle(const Tensor& x, std::int64_t factor);
/// The inverse of pixel_shuffle. The result is channels-last in memory.
/// Shapes: [B, C, H r, W r] -> [B, C r^2, H, W].
Tensor pixel_unshuffle(const Tensor& x, std::int64_t factor);

/// The lower triangle of matrices, x[.., i, j] with j - i <= diagonal, and zero elsewhere; triu is
/// the upper one, with j - i >= diagonal.
Tensor tril(const Tensor& x, std::int64_t diagonal = 0);
Tensor triu(const Tensor& x, std::int64_t diagonal = 0);

}  // namespace eps
