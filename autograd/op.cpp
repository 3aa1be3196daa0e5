#include "autograd/op.h"

#include <string>

namespace eps {
namespace {

// The type that `saves` should be: "SaveInputs<0, 1>".
std::string name_of(Saved saved) {
    if (saved.inputs == ~0u) return saved.output ? "SaveAllInputsAndOutput" : "SaveAllInputs";
    std::string inputs;
    for (std::size_t i = 0; i < 32; ++i)
        if (saved.has_input(i)) inputs += (inputs.empty() ? "" : ", ") + std::to_string(i);
    if (inputs.empty()) return "SaveOutput";
    return (saved.output ? "SaveInputsAndOutput<" : "SaveInputs<") + inputs + ">";
}

}  // namespace

Tensor Context::input(std::size_t i) const {
    if (i >= edges_.size()) [[unlikely]]
        fail(node_.name(), "its backward reads input ", i, "; got ", edges_.size(), " inputs");
    if (!saved_.has_input(i)) [[unlikely]]
        fail(node_.name(), "its backward reads input ", i,
             ", which `saves` does not name; hint: using saves = ",
             name_of({i < 32 ? saved_.inputs | 1u << i : ~0u, saved_.output}));
    return inputs_[i].unpack(node_);
}

Tensor Context::output() const {
    if (!saved_.output) [[unlikely]]
        fail(node_.name(),
             "its backward reads the output, which `saves` does not name; hint: using saves = ",
             name_of({saved_.inputs, true}));
    return output_.unpack(node_);
}

void check_inputs(const char* op, std::span<const Tensor> inputs) {
    for (const Tensor& x : inputs) {
        check(x.defined(), op, "an input is an undefined tensor");
        check(x.device() == inputs[0].device(), op, "inputs on different devices; got ",
              inputs[0].device(), " and ", x.device(), "; hint: to(x, device)");
    }
}

}  // namespace eps
