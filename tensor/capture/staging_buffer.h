#pragma once
// The staging buffer of a captured step: the tensors that the host writes before each replay. They
// lie in one block of the device's memory, so that one copy uploads them all.
#include <cstddef>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

struct TensorType {
    Shape shape;
    DType dtype;
    bool operator==(const TensorType&) const = default;
};
inline TensorType type_of(const Tensor& x) { return {x.shape(), x.dtype()}; }

class StagingBuffer {
public:
    /// Allocates a slot for a tensor of each type.
    StagingBuffer(Device device, const std::vector<TensorType>& types);

    /// Where the device reads tensor i.
    const Tensor& slot(std::size_t i) const { return slots_[i]; }
    /// Tensor i of the next upload: a tensor of its type, from any device.
    void write(std::size_t i, const Tensor& x);
    void upload();

private:
    Device device_;
    std::vector<Tensor> slots_;
    std::vector<std::size_t> starts_;  // byte offset of each slot in the block
    std::vector<std::byte> bytes_;     // the block as the host fills it
    Tensor block_;
};

}  // namespace eps
