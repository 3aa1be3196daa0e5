#pragma once
// The ops that bench/ops.cpp and bench/gpu.cpp time.
#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::bench {

struct OpCase {
    std::string name;  // "family/op"
    std::function<std::vector<Tensor>()> inputs;
    std::function<Tensor(const std::vector<Tensor>& x)> run;
    double flop = 0;       // FLOP of the forward, by the op's definition; 0 if memory is its limit
    double bytes = 0;      // moved by the forward; 0 if it moves each input and the output once
    bool backward = true;  // whether the op has one
};

std::vector<OpCase> op_cases();

}  // namespace eps::bench
