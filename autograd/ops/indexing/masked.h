#pragma once
// Picking by a condition. How many elements a mask picks is known only when it has been read: on a
// GPU, masked_select, nonzero and unique wait for it.
#include "tensor/tensor.h"

namespace eps {

/// x with `value` where the mask (bool, broadcasts) is true.
Tensor masked_fill(const Tensor& x, const Tensor& mask, double value);
/// The elements of x where the mask (bool) is true, as one row-major line; both broadcast.
Tensor masked_select(const Tensor& x, const Tensor& mask);
/// [count, rank] i64: where x is not zero, in row-major order.
Tensor nonzero(const Tensor& x);

struct Unique {
    Tensor values, inverse, counts;  // inverse, of x's shape: x = values[inverse]
};
/// The different values of x in ascending order; no NaN equals another.
Unique unique(const Tensor& x);

}  // namespace eps
