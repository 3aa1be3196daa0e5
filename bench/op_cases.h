#pragma once
// The ops that bench/ops.cpp times, a row each.
#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::bench {

struct OpCase {
    std::string name;  // "family/op"
    std::function<std::vector<Tensor>()> inputs;
    std::function<Tensor(const std::vector<Tensor>& x)> run;
    double flop = 0;       // of the forward, by the op's definition; 0: its limit is memory
    double bytes = 0;      // that the forward moves; 0: each input and the output once
    bool backward = true;  // is there one
};

std::vector<OpCase> op_cases();

}  // namespace eps::bench
