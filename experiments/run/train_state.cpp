#include "experiments/run/train_state.h"

#include <bit>
#include <utility>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"

namespace eps::models {

void TrainState::add_named(const std::string& prefix, Save save, Load load) {
    parts_.push_back({prefix, std::move(save), std::move(load)});
}

void TrainState::add_prefixed(const std::string& prefix, Save save, Load load) {
    add_named(
        prefix,
        [prefix, save = std::move(save)] {
            NamedTensors tensors = save();
            for (auto& [name, x] : tensors) name.insert(0, prefix);
            return tensors;
        },
        [prefix, load = std::move(load)](NamedTensors tensors) {
            for (auto& [name, x] : tensors) name.erase(0, prefix.size());
            load(tensors);
        });
}

void TrainState::add(const std::string& name, Generator& generator) {
    add_named(
        name,
        [name, &generator] {
            return NamedTensors{{name, pack(generator)}};
        },
        [name, &generator](const NamedTensors& tensors) {
            check(tensors.size() == 1, "checkpoint",
                  "the state of a generator is missing; "
                  "expected a tensor named ",
                  name);
            unpack(tensors[0].second, generator);
        });
}

NamedTensors TrainState::save() const {
    NamedTensors state;
    for (const Part& part : parts_)
        for (auto& named : part.save()) state.push_back(std::move(named));
    return state;
}

void TrainState::load(const NamedTensors& state) const {
    for (const Part& part : parts_) {
        NamedTensors own;
        for (const auto& named : state)
            if (named.first.starts_with(part.prefix)) own.push_back(named);
        part.load(own);
    }
}

Tensor pack(const Generator& generator) {
    Tensor state = empty({2}, {.dtype = i64});
    state.data<std::int64_t>()[0] = std::bit_cast<std::int64_t>(generator.seed());
    state.data<std::int64_t>()[1] = std::bit_cast<std::int64_t>(generator.counter());
    return state;
}

void unpack(const Tensor& state, Generator& generator) {
    check(state.defined() && state.dtype() == i64 && state.shape() == Shape{2}, "unpack",
          "not the state of a generator; got ", describe(state), "; expected i64 [2]");
    const Tensor host = contiguous(to(state, cpu));
    generator.set_state(std::bit_cast<std::uint64_t>(host.data<std::int64_t>()[0]),
                        std::bit_cast<std::uint64_t>(host.data<std::int64_t>()[1]));
}

}  // namespace eps::models
