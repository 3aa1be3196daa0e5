#include "experiments/run/task.h"

#include <bit>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"

namespace eps::models {

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
