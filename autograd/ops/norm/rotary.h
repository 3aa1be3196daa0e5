#pragma once
// Positions as rotations of queries and keys.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct RotaryTable {
    Tensor cos, sin;  // [.., R / 2]
};
/// Cosines and sines of the angles p base^(-2 k / R), for k = 0 .. R / 2 - 1 and positions p.
/// Shapes: positions [..] -> [.., R / 2] each, in f32, or in f64 for positions in f64.
/// Throws unless R = width is even.
RotaryTable rotary_table(const Tensor& positions, std::int64_t width, double base = 10000);

/// x with pairs of features rotated by the angles of a table, so that products of queries and keys
/// depend on the distance of their positions. Pair k is (x[k], x[k + R / 2]), or, if interleaved,
/// (x[2 k], x[2 k + 1]); features from R on stay as they are.
///     (a, b) -> (a cos - b sin, a sin + b cos)
/// Shapes: x [.., L, D], cos and sin [L, R / 2], or more dimensions that broadcast -> x's.
/// Throws unless R <= D.
/// Source: Su et al. 2021, "RoFormer: enhanced transformer with rotary position embedding".
Tensor rotary_embedding(const Tensor& x, const Tensor& cos, const Tensor& sin,
                        bool interleaved = false);

}  // namespace eps
