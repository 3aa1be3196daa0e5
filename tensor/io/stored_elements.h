#pragma once
// The elements of a tensor in a file: row-major, without gaps.
#include <cstdint>
#include <optional>
#include <span>

#include "tensor/io/input_file.h"
#include "tensor/tensor.h"

namespace eps {

/// How a file stores an element: as one of our dtypes, or as an integer that is widened to i64.
struct StoredElement {
    enum class Integer { kept, widened_signed, widened_unsigned };
    DType dtype;
    std::size_t bytes;
    Integer integer = Integer::kept;
    bool big_endian = false;
};
inline StoredElement stored(DType dtype) { return {.dtype = dtype, .bytes = size_of(dtype)}; }
inline StoredElement signed_integer(std::size_t bytes) {
    return {.dtype = i64, .bytes = bytes, .integer = StoredElement::Integer::widened_signed};
}
inline StoredElement unsigned_integer(std::size_t bytes) {
    return {.dtype = i64, .bytes = bytes, .integer = StoredElement::Integer::widened_unsigned};
}

/// The bytes of a row-major tensor; nullopt if the product of the nonzero extents overflows (which
/// can happen although another extent is 0).
std::optional<std::uint64_t> byte_count(const Shape& shape, std::size_t element_bytes);

/// A row-major host tensor filled with the elements at `offset`. The caller has compared byte_count
/// with the size of the file.
/// Throws on a bool that is neither 0 nor 1, and on an unsigned integer beyond i64.
Tensor read_tensor(const InputFile& file, std::uint64_t offset, const Shape& shape,
                   const StoredElement& element);

/// The elements of x, row-major on the host, as bytes. They live as long as `owner`.
struct HostBytes {
    Tensor owner;
    std::span<const std::byte> bytes;
};
HostBytes host_bytes(const Tensor& x);

}  // namespace eps
