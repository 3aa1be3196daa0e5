#pragma once
// Tensors by name: what a captured step (tensor/capture/captured_step.h) takes and what it returns.
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

class StepTensors {
public:
    StepTensors() = default;
    StepTensors(std::initializer_list<NamedTensors::value_type> tensors) : tensors_(tensors) {}
    explicit StepTensors(NamedTensors tensors) : tensors_(std::move(tensors)) {}

    /// Throws, listing the names, if there is none of that name.
    const Tensor& at(const std::string& name) const;
    bool has(const std::string& name) const;

    std::size_t size() const { return tensors_.size(); }
    auto begin() const { return tensors_.begin(); }
    auto end() const { return tensors_.end(); }

private:
    NamedTensors tensors_;
};

/// What a step returned. If the step is captured, its next replay overwrites the tensors.
class StepOutputs : public StepTensors {
public:
    StepOutputs() = default;
    /// Packs the tensors of one element into one tensor of the device, for numbers().
    StepOutputs(NamedTensors tensors, Device device);

    /// The outputs of one element, in their order. One copy brings all of them to the host: the
    /// only time that a step waits for its device.
    std::vector<std::pair<std::string, double>> numbers() const;

private:
    std::vector<std::string> names_;
    Tensor packed_;  // f64 [names_.size()], or undefined if there are none
};

}  // namespace eps
