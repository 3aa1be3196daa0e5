#pragma once
// IDX files, the format of MNIST: two zero bytes, 0x08 for unsigned bytes, the rank, the extents as
// big-endian u32, and the elements.
#include <string>

#include "tensor/tensor.h"

namespace eps::data {

/// Reads an IDX file of unsigned bytes, plain or gzip-compressed, as a u8 tensor of the file's
/// shape. The header is not trusted: memory grows with the data that arrive. Throws, naming the
/// file, on truncation, trailing data, bad checksums, other element types, and a shape larger than
/// a gzip stream of this size can hold.
Tensor read_idx(const std::string& path);

}  // namespace eps::data
