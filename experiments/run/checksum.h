#pragma once
// A checksum of tensors. File formats of tensors do not notice a flipped bit.
#include <cstdint>
#include <string>

#include "tensor/tensor.h"

namespace eps::models {

/// The CRC-32 of everything that is added, in order.
class Checksum {
public:
    /// Adds the text and a zero byte, so that "a", "b" differs from "ab".
    Checksum& add(const std::string& text);
    /// Adds dtype, shape and the elements in row-major order, whatever strides and device are.
    Checksum& add(const Tensor& x);
    Checksum& add(const NamedTensors& tensors);
    std::uint32_t value() const { return value_; }
    /// Eight hexadecimal digits.
    std::string text() const;

private:
    void add_bytes(const void* bytes, std::size_t count);
    std::uint32_t value_ = 0;
};

}  // namespace eps::models
