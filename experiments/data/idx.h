#pragma once
// IDX files, the format of MNIST: two zero bytes, 0x08 (unsigned bytes), the rank, the extents as
// big-endian u32, the elements.
#include <string>

#include "tensor/tensor.h"

namespace eps::data {

/// Reads an IDX file of unsigned bytes, plain or gzip-compressed (told by its first bytes), into a
/// u8 tensor of the file's shape. The header is never believed beyond what arrives: memory grows
/// with the data, and a shape larger than any gzip stream of this size can hold is refused at once.
/// Throws, naming the file, on truncation, trailing data, bad checksums and other element types.
Tensor read_idx(const std::string& path);

}  // namespace eps::data
