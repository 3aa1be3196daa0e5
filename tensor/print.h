#pragma once
// Tensors as text, in the words NumPy would use: to_string(x) is what Python's str() gives for the
// same array.
#include <cstdint>
#include <string>

#include "tensor/tensor.h"

namespace eps {

/// The settings of numpy.set_printoptions, with its defaults.
struct PrintOptions {
    // at most this many digits after the point; fewer where fewer identify the number
    int precision = 8;
    std::int64_t threshold = 1000;  // more elements than this are summarised
    int edge_items = 3;             // shown at either end of a summarised dimension
    int line_width = 75;            // characters, after which a row is wrapped
    // no scientific notation because of small numbers or of a wide range
    bool suppress_small = false;
};

/// x as NumPy prints it: `[[1. 2.]\n [3. 4.]]`. Numbers are the shortest text that identifies them
/// in their own dtype (f16 and bf16: as f32). Scientific notation if max|x| >= 1e8 (f32: 1e6), or
/// min|x| < 1e-4, or max/min > 1000, over the finite nonzero elements that are shown. A CUDA tensor
/// is copied to the host first. An undefined tensor is the text "undefined".
std::string to_string(const Tensor& x, const PrintOptions& options);

}  // namespace eps
