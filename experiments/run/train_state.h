#pragma once
// Everything that a task's steps read and write, by name: what a checkpoint holds.
#include <functional>
#include <string>
#include <vector>

#include "nn/module.h"
#include "tensor/random.h"

namespace eps::models {

class TrainState {
public:
    using Save = std::function<NamedTensors()>;
    using Load = std::function<void(const NamedTensors& tensors)>;

    /// A part with state_dict() and load_state_dict(). Its tensors are saved as "NAME.theirs".
    /// Parts must outlive this.
    template <class Part> void add(const std::string& name, Part& part) {
        add_prefixed(
            name + ".", [&part] { return part.state_dict(); },
            [&part](const NamedTensors& tensors) { part.load_state_dict(tensors); });
    }
    /// A generator: one i64 tensor [2], its seed and its counter.
    void add(const std::string& name, Generator& generator);
    /// A part whose names have the prefix already.
    void add_named(const std::string& prefix, Save save, Load load);

    NamedTensors save() const;
    void load(const NamedTensors& state) const;

private:
    struct Part {
        std::string prefix;
        Save save;
        Load load;
    };
    void add_prefixed(const std::string& prefix, Save save, Load load);

    std::vector<Part> parts_;
};

/// The state of a generator as one i64 tensor [2] (seed, counter), and back.
Tensor pack(const Generator& generator);
void unpack(const Tensor& state, Generator& generator);

}  // namespace eps::models
