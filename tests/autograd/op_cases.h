#pragma once
// Gradient cases of every differentiable op that is not pointwise. Pointwise ops are tested from
// their list.
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "tensor/tensor.h"

namespace eps::test {

struct OpCase {
    const char* op;    // the name in op_catalog()
    const char* what;  // what is special about this case
    TensorFunction f;
    std::vector<Tensor> inputs;  // f64 values, of which the tests make leaves in every layout
    GradcheckOptions options = {};
    bool second_order = true;  // false where the second derivative does not exist
};

std::vector<OpCase> op_cases();

// Its parts, each in a file of its own.
void add_convolutions(std::vector<OpCase>& cases);
void add_indexing(std::vector<OpCase>& cases);
void add_spatial(std::vector<OpCase>& cases);
void add_volumes(std::vector<OpCase>& cases);
void add_sampling(std::vector<OpCase>& cases);
void add_composed(std::vector<OpCase>& cases);
void add_fused(std::vector<OpCase>& cases);
void add_linalg(std::vector<OpCase>& cases);

}  // namespace eps::test
