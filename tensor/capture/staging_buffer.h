#pragma once
// What the host hands to each replay of a captured step: tensors that lie in one block of the
// device's memory, so that one copy brings them all.
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

class StepMail {
public:
    /// A place for a tensor of each shape and dtype.
    StepMail(Device device, const std::vector<std::pair<Shape, DType>>& what);

    /// Where the device finds number i.
    const Tensor& place(std::size_t i) const { return places_[i]; }
    /// Number i of the next sending: a host tensor of its shape and dtype.
    void put(std::size_t i, const Tensor& x);
    void send();

private:
    Device device_;
    std::vector<Tensor> places_;
    std::vector<std::size_t> starts_;  // of each in the block
    std::vector<std::byte> bytes_;     // the block as the host fills it
    Tensor block_;
};

}  // namespace eps
