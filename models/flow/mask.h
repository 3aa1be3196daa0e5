#pragma once
// Which part of a sample a coupling leaves as it is.
#include "tensor/tensor.h"

namespace eps::models::flow {

/// The part that stays, along dimension 1 (features, or channels): the first floor(n / 2) or the
/// others, those at even or odd places; or, of images [B, C, H, W], the squares of a checkerboard
/// whose corner is black   (Dinh et al. 2017, figure 3).
enum class Mask { first_half, second_half, even, odd, black, white };

/// Is it one of the checkerboards?
bool is_checkerboard(Mask mask);
/// The mask that leaves what this one moves.
Mask opposite(Mask mask);
/// How many of n elements along dimension 1 stay; throws if all do, or none. Of a checkerboard, all
/// n: it cuts no dimension.
std::int64_t staying(Mask mask, std::int64_t n);

/// A sample cut along dimension 1. Not for checkerboards.
struct Parts {
    Tensor stays, moves;
};
Parts cut(Mask mask, const Tensor& x);
/// What cut() took apart.
Tensor join(Mask mask, const Parts& parts);

/// bool [H, W]: true on the squares that stay.
Tensor squares(Mask mask, std::int64_t height, std::int64_t width, Device device);

}  // namespace eps::models::flow
