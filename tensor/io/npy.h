#pragma once
// NumPy's .npy files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#include <string>

#include "tensor/tensor.h"

namespace eps {

/// Reads versions 1 to 3, little endian. Elements f2, f4, f8, i8, u1 and b1 keep their type; i1,
/// i2, i4, u2 and u4 are widened to i64. A Fortran-order file gives Fortran-order strides. Shapes:
/// that of the file; rank at most 8. Throws, naming the file, on everything else: objects, big
/// endian, structures, truncated or trailing data. It never allocates more than the file's size
/// (widened: times 8 / element size).
Tensor read_npy(const std::string& path);

/// Writes version 1.0, row-major, atomically; byte for byte what numpy.save writes.
/// Throws on bf16, which NumPy lacks.
void write_npy(const std::string& path, const Tensor& x);

}  // namespace eps
