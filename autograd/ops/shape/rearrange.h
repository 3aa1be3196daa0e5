#pragma once
// The same elements in other places: mirrored, shifted, repeated at the edges, moved between
// channels and pixels, or cut to a triangle.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// Every dim reversed.
Tensor flip(const Tensor& x, const Dims& dims);
/// out[.., (i + shift) mod n, ..] = x[.., i, ..] for each of dims with its shift.
Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims);

/// What padding is filled with, of a b c d:
enum class PadMode : std::uint8_t {
    zeros,      // 0 0 a b c d 0 0
    reflect,    // c b a b c d c b; less than the extent
    replicate,  // a a a b c d d d
    circular,   // c d a b c d a b; at most the extent
};
/// before[d] elements ahead of dimension d, after[d] behind it. pad() of shape.h takes any
/// constant.
Tensor pad(const Tensor& x, const Dims& before, const Dims& after, PadMode mode);

/// [B, C r^2, H, W] -> [B, C, H r, W r]: channel c r^2 + u r + v of a pixel becomes the place (u,
/// v) of its r x r square (Shi et al. 2016). Like its inverse, channels-last in memory.
Tensor pixel_shuffle(const Tensor& x, std::int64_t factor);
/// [B, C, H r, W r] -> [B, C r^2, H, W]
Tensor pixel_unshuffle(const Tensor& x, std::int64_t factor);

/// The elements x[.., i, j] with j - i <= diagonal (tril) or >= diagonal (triu), zero elsewhere.
Tensor tril(const Tensor& x, std::int64_t diagonal = 0);
Tensor triu(const Tensor& x, std::int64_t diagonal = 0);

}  // namespace eps
