#pragma once
// Tensors as text. to_string(x) gives the text of Python's str(array) for the same NumPy array:
//
//     std::cout << x << "\n";                             // [[1. 2.]
//                                                         //  [3. 4.]]
//     std::cout << to_string(x, {.precision = 3}) << "\n";
#include <cstdint>
#include <iosfwd>
#include <string>

#include "tensor/tensor.h"

namespace eps {

/// The settings of numpy.set_printoptions, with its defaults.
struct PrintOptions {
    int precision = 8;              // most digits after the point
    std::int64_t threshold = 1000;  // tensors with more elements are summarised
    int edge_items = 3;             // shown at either end of a summarised dimension
    int line_width = 75;            // in characters; longer rows are wrapped
    bool suppress_small = false;    // never scientific because numbers are small or far apart
};

/// x as NumPy prints it: "[[1. 2.]\n [3. 4.]]". Each number is the shortest text that identifies it
/// in its own dtype (f16 and bf16: in f32). The notation is scientific if, over the finite nonzero
/// elements shown, max|x| >= 1e8 (f32: 1e6), min|x| < 1e-4 or max|x| / min|x| > 1000. A CUDA tensor
/// is copied to the host first. An undefined tensor gives "undefined".
std::string to_string(const Tensor& x, const PrintOptions& options);

/// Writes to_string(x).
std::ostream& operator<<(std::ostream& out, const Tensor& x);

}  // namespace eps
