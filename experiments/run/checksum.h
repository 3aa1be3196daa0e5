#pragma once
// A checksum of tensors: file formats of tensors would not notice a flipped bit.
#include <cstdint>
#include <string>

#include "tensor/tensor.h"

namespace eps::models {

/// CRC-32 of everything added, in order.
class Checksum {
public:
    /// With its end, so that "a", "b" is not "ab".
    Checksum& add(const std::string& text);
    /// Dtype, shape and elements in row-major order, wherever they lie.
    Checksum& add(const Tensor& x);
    /// Names and tensors.
    Checksum& add(const NamedTensors& tensors);
    std::uint32_t value() const { return value_; }
    /// Eight hexadecimal digits.
    std::string text() const;

private:
    void add_bytes(const void* bytes, std::size_t count);
    std::uint32_t value_ = 0;  // of nothing
};

}  // namespace eps::models
