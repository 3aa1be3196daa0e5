#pragma once
// NumPy's .npy files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#include <string>

#include "tensor/tensor.h"

namespace eps {

/// Reads versions 1 to 3, little endian: f2, f4, f8, i8, u1 and b1 as they are; i1, i2, i4, u2 and
/// u4 widened to i64. A Fortran-order file gives a tensor with Fortran-order strides. The shape is
/// that of the file (rank <= 8). Throws on everything else (objects, big endian, structures,
/// truncated or trailing data), naming the file. Never allocates more than the file's size, times 8
/// / element size where it widens.
Tensor read_npy(const std::string& path);

/// Writes version 1.0, row-major, byte for byte as numpy.save does; atomically. bf16, which NumPy
/// lacks, is refused.
void write_npy(const std::string& path, const Tensor& x);

}  // namespace eps
