#pragma once
// IDX files, the format of MNIST: two zero bytes, 0x08 for unsigned bytes, the rank, the extents as
// big-endian u32, and the elements.
#include <string>

#include "tensor/tensor.h"

namespace eps::data {

/// Reads an IDX file of unsigned bytes, plain or gzip-compressed, as a u8 tensor of the file's
/// shape. The header is not trusted: memory is taken once it is known that the data are there.
/// Throws, naming the file, on truncation, trailing data, bad checksums, other element types, and a
/// compressed file that declares more than most_unpacked() allows (tensor/io/input_file.h).
Tensor read_idx(const std::string& path);

}  // namespace eps::data
