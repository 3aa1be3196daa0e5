#include "nn/linear.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/matmul.h"

namespace eps::nn {

Linear::Linear(std::int64_t in, std::int64_t out, LinearOptions options) {
    check(in >= 1 && out >= 1, "Linear", "needs positive sizes; got ", in, " to ", out);
    NoGrad guard;
    Generator& generator = options.generator ? *options.generator : default_generator();
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    weight = rand({out, in}, Options{options.dtype}, generator) * (2 * bound) - bound;
    add_parameter("weight", weight);
    if (!options.bias) return;
    bias = rand({out}, Options{options.dtype}, generator) * (2 * bound) - bound;
    add_parameter("bias", bias);
}

Tensor Linear::forward(const Tensor& x) { return linear(x, weight, bias); }

}  // namespace eps::nn
