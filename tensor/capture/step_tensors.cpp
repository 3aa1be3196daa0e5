#include "tensor/capture/step_tensors.h"

#include <algorithm>

#include "tensor/contract/kernels.h"
#include "tensor/names.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

auto find(const NamedTensors& tensors, const std::string& name) {
    return std::find_if(tensors.begin(), tensors.end(),
                        [&](const auto& named) { return named.first == name; });
}

}  // namespace

const Tensor& StepTensors::at(const std::string& name) const {
    const auto found = find(tensors_, name);
    if (found != tensors_.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& named : tensors_) names.push_back(named.first);
    fail("Step", "no tensor is named '", name, "'; got ", listed(names));
}

bool StepTensors::has(const std::string& name) const {
    return find(tensors_, name) != tensors_.end();
}

StepOutputs::StepOutputs(NamedTensors tensors, Device device) : StepTensors(std::move(tensors)) {
    NamedTensors numbers;
    for (const auto& [name, x] : *this)
        if (x.defined() && x.numel() == 1) numbers.emplace_back(name, x);
    if (numbers.empty()) return;
    packed_ = empty({std::ssize(numbers)}, {f64, device});
    for (const auto& [name, x] : numbers) {
        const std::int64_t offset = std::ssize(names_);
        Tensor element = packed_.as_strided(x.shape(), contiguous_strides(x.shape()), offset);
        kernels::copy(element, raw::to(x, device));
        names_.push_back(name);
    }
}

std::vector<std::pair<std::string, double>> StepOutputs::numbers() const {
    std::vector<std::pair<std::string, double>> numbers;
    if (!packed_.defined()) return numbers;
    const std::vector<double> values = packed_.to_vector();
    for (std::size_t i = 0; i < values.size(); ++i) numbers.emplace_back(names_[i], values[i]);
    return numbers;
}

}  // namespace eps
