#pragma once
// Gradient cases of every differentiable op that is not pointwise (those test themselves from their
// list).
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "tensor/tensor.h"

namespace eps::test {

struct OpCase {
    const char* op;    // its name in op_catalog()
    const char* what;  // what is special about this case
    TensorFunction f;
    // f64 values; the tests lay them out in memory and make leaves of them
    std::vector<Tensor> inputs;
    GradcheckOptions options = {};
    bool second_order = true;  // false where the second derivative does not exist
};

std::vector<OpCase> op_cases();

// Its parts, a file a family.
void add_convolutions(std::vector<OpCase>& cases);
void add_indexing(std::vector<OpCase>& cases);
void add_spatial(std::vector<OpCase>& cases);
void add_fused(std::vector<OpCase>& cases);
void add_linalg(std::vector<OpCase>& cases);

}  // namespace eps::test
