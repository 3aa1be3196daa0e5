#pragma once
// NumPy's .npy files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#include <string>

#include "tensor/tensor.h"

namespace eps {

/// Reads versions 1 to 3, in both byte orders. Elements f2, f4, f8, i8, u1 and b1 keep their type;
/// i1, i2, i4, u2, u4 and u8 become i64. A Fortran-order file gives Fortran-order strides.
/// Shapes: that of the file; rank at most 8.
/// Throws, naming the file, on everything else: objects, complex numbers, structures, integers
/// beyond i64, truncated or trailing data. It never allocates more than the file's size (of
/// integers that become i64: 8 bytes for each).
Tensor read_npy(const std::string& path);

/// Writes version 1.0, row-major, atomically; byte for byte what numpy.save writes.
/// Throws on bf16, which NumPy lacks.
void write_npy(const std::string& path, const Tensor& x);

}  // namespace eps
