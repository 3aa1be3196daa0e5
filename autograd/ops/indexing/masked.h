#pragma once
// Picking elements by a condition. How many elements a mask picks is known only once it has been
// read: masked_select, nonzero and unique wait for a GPU.
#include "tensor/tensor.h"

namespace eps {

/// x with `value` where the mask, bool, is true. The mask broadcasts.
Tensor masked_fill(const Tensor& x, const Tensor& mask, Number value);
/// The elements of x where the mask, bool, is true, in row-major order. Both broadcast.
/// Shapes: -> [count].
Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The indices (i64) of the elements of x that are not zero, in row-major order.
/// Shapes: -> [count, rank].
Tensor nonzero(const Tensor& x);

struct Unique {
    Tensor values, inverse, counts;  // x = values[inverse]: inverse has x's shape
};
/// The different values of x in ascending order. No NaN equals another.
Unique unique(const Tensor& x);

}  // namespace eps
