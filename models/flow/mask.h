#pragma once
// The part of a sample that a coupling keeps as it is.
#include "tensor/tensor.h"

namespace eps::models::flow {

/// The kept part. Along dimension 1 (features, or channels): the first floor(n / 2) elements or the
/// others, or those with even or odd index. For images [B, C, H, W] also the black or white squares
/// of a checkerboard whose corner is black.
/// Source: Dinh et al. 2017, figure 3.
enum class Mask { first_half, second_half, even, odd, black, white };

bool is_checkerboard(Mask mask);
/// The mask that keeps the part which this one does not.
Mask opposite(Mask mask);
/// The number of n elements along dimension 1 that are kept; all n for a checkerboard.
/// Throws: for n < 2, unless it is a checkerboard.
std::int64_t kept_count(Mask mask, std::int64_t n);

/// A sample split along dimension 1. Not for checkerboards.
struct Parts {
    Tensor kept, rest;
};
Parts split_parts(Mask mask, const Tensor& x);
/// The inverse of split_parts().
Tensor join(Mask mask, const Parts& parts);

/// bool [H, W]: true on the squares that are kept.
Tensor kept_squares(Mask mask, std::int64_t height, std::int64_t width, Device device);

}  // namespace eps::models::flow
