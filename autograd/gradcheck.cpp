#include "autograd/gradcheck.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/create.h"
#include "tensor/random.h"

namespace eps {
namespace {

Tensor fixed_weights(const Shape& shape, std::uint64_t seed) {
    Generator generator(seed);
    return rand(shape, Options{.dtype = f64}, generator) + 0.5;
}

// sum(w * f): one number whose gradient exercises every output element differently.
Tensor weighted(const Tensor& output) { return sum(mul(output, fixed_weights(output.shape(), 7))); }

std::string index_text(const Shape& shape, std::int64_t flat) {
    Dims index = shape;
    for (int d = shape.rank() - 1; d >= 0; --d) {
        index[d] = flat % shape[d];
        flat /= shape[d];
    }
    return index.to_string();
}

// The address of element `flat` (row-major count) of a tensor of any strides.
double* element(const Tensor& x, std::int64_t flat) {
    std::int64_t offset = 0;
    for (int d = x.rank() - 1; d >= 0; --d) {
        offset += flat % x.size(d) * x.strides()[d];
        flat /= x.size(d);
    }
    return x.data<double>() + offset;
}

// The inputs that require a gradient.
std::vector<Tensor> leaves_of(const std::vector<Tensor>& inputs, const std::string& name) {
    std::vector<Tensor> leaves;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        check(inputs[i].defined(), "gradcheck", "input ", i, " of ", name, " is undefined");
        if (!inputs[i].requires_grad()) continue;
        check(inputs[i].dtype() == f64, "gradcheck", "input ", i, " of ", name, " is ",
              describe(inputs[i]), "; expected f64");
        check(!inputs[i].strides().contains(0) || inputs[i].numel() <= 1, "gradcheck", "input ", i,
              " of ", name,
              " overlaps itself; expected a tensor whose elements can be changed one by one");
        leaves.push_back(inputs[i]);
    }
    return leaves;
}

// The derivative of the weighted output by the number at x, which is an element of an input.
double central_difference(const TensorFunction& f, const std::vector<Tensor>& inputs, double* x,
                          double relative_step) {
    const double before = *x;
    const double step = relative_step * std::max(1.0, std::abs(before));
    *x = before + step;
    const double above = weighted(f(inputs)).item();
    *x = before - step;
    const double below = weighted(f(inputs)).item();
    *x = before;
    return (above - below) / (2 * step);
}

}  // namespace

void gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options) {
    const std::vector<Tensor> leaves = leaves_of(inputs, options.name);
    const Tensor output = f(inputs);
    check(output.defined() && output.dtype() == f64, "gradcheck", options.name, " returned ",
          describe(output), "; expected f64");
    check(output.requires_grad(), "gradcheck", "the output of ", options.name,
          " does not depend on an input that requires a gradient");
    const std::vector<Tensor> analytic = grad(weighted(output), leaves, {.allow_unused = true});

    NoGrad guard;
    for (std::size_t i = 0, leaf = 0; i < inputs.size(); ++i) {
        if (!inputs[i].requires_grad()) continue;
        const Tensor& gradient = analytic[leaf++];
        const std::vector<double> computed =
            gradient.defined() ? gradient.to_vector()
                               : std::vector<double>(static_cast<std::size_t>(inputs[i].numel()));
        for (std::int64_t k = 0; k < inputs[i].numel(); ++k) {
            const double numeric =
                central_difference(f, inputs, element(inputs[i], k), options.step);
            const double value = computed[static_cast<std::size_t>(k)];
            const double tolerance = options.absolute + options.relative * std::abs(numeric);
            check(std::abs(value - numeric) <= tolerance, "gradcheck", options.name,
                  ": the gradient of input ", i, " at ", index_text(inputs[i].shape(), k), " of ",
                  inputs[i].shape(), " is wrong; analytic ", value, "; numeric ", numeric);
        }
    }
}

void gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                   const GradcheckOptions& options) {
    // First derivatives as a function of (inputs..., g): all of them in one weighted sum.
    Tensor output;
    {
        NoGrad guard;
        output = f(inputs);
        check(output.defined() && output.dtype() == f64, "gradcheck", options.name, " returned ",
              describe(output), "; expected f64");
    }
    std::vector<Tensor> all = inputs;
    all.push_back(fixed_weights(output.shape(), 11).requires_grad_());
    const TensorFunction gradients = [&](const std::vector<Tensor>& arguments) {
        const std::vector<Tensor> x(arguments.begin(), arguments.end() - 1);
        std::vector<Tensor> leaves;
        for (const Tensor& t : x)
            if (t.requires_grad()) leaves.push_back(t);
        // Recorded even where gradcheck evaluates numerically: this gradient is its function.
        GradMode recording(true);
        const std::vector<Tensor> first =
            grad(f(x), leaves,
                 {.gradient = arguments.back(), .create_graph = true, .allow_unused = true});
        Tensor total = Tensor(0.0, {.dtype = f64}) + sum(arguments.back()) * 0.0;
        for (std::size_t i = 0; i < first.size(); ++i)
            if (first[i].defined())
                total = total + sum(first[i] * fixed_weights(first[i].shape(), 13 + i));
        return total;
    };
    GradcheckOptions second = options;
    second.name += " (second order)";
    gradcheck(gradients, all, second);
}

}  // namespace eps
