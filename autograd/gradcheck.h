#pragma once
// Derivatives against finite differences: the test of every op here, and of yours.
#include <string>
#include <vector>

#include "autograd/engine.h"
#include "tensor/tensor.h"

namespace eps {

struct GradcheckOptions {
    double step = 1e-6;      // central difference: error O(step^2) + rounding / step
    double absolute = 1e-7;  // |analytic - numeric| <= absolute + relative |numeric|
    double relative = 1e-6;
    std::string name = "function";
};

/// Compares the gradients of sum(w * f(inputs)), w fixed random weights, with central differences
/// in every element of every f64 input that requires a gradient. Throws Error naming function,
/// input, element, analytic and numeric value at the first that differs; also if f's output depends
/// on nothing or an input is not f64.
void gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options = {});
/// The same for the gradient itself, as a function of the inputs and of the output's gradient:
/// second derivatives.
void gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                   const GradcheckOptions& options = {});

}  // namespace eps
