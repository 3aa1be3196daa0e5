#pragma once
// Derivatives against finite differences: the test of every op here, and of your own.
#include <string>
#include <vector>

#include "autograd/engine.h"
#include "tensor/tensor.h"

namespace eps {

struct GradcheckOptions {
    double step = 1e-6;  // step of the central difference; its error is O(step^2) + rounding / step
    // |analytic - numeric| <= absolute + relative |numeric|
    double absolute = 1e-7;
    double relative = 1e-6;
    std::string name = "function";
};

/// Compares the gradients of sum(w * f(inputs)), with fixed random weights w, with central
/// differences in every element of every f64 input that requires a gradient.
///
/// Throws: at the first element that differs, naming function, input, element, analytic and numeric
/// value; where the output of f does not depend on such an input; where an input is not f64.
void gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options = {});
/// The same for second derivatives: it checks the gradient itself, as a function of the inputs and
/// of the output's gradient.
void gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                   const GradcheckOptions& options = {});

}  // namespace eps
