#include "nn/layers/linear.h"

#include <cmath>

#include "autograd/ops/linalg/matmul.h"
#include "nn/init.h"

namespace eps::nn {

Linear::Linear(std::int64_t in, std::int64_t out, LinearOptions options) {
    check(in >= 1 && out >= 1, "Linear", "needs at least one feature on each side; got in ", in,
          ", out ", out);
    check(options.dtype == f32 || options.dtype == f64, "Linear", "parameters are f32 or f64; got ",
          options.dtype);
    Generator& generator = options.generator ? *options.generator : default_generator();
    // He et al.'s bound for slope sqrt(5)
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    weight = empty({out, in}, {.dtype = options.dtype});
    init::uniform_(weight, -bound, bound, generator);
    add_weight("weight", weight, 0);
    if (!options.bias) return;
    bias = empty({out}, {.dtype = options.dtype});
    init::uniform_(bias, -bound, bound, generator);
    add_parameter("bias", bias);
}

Tensor Linear::forward(const Tensor& x) { return linear(x, computed(weight), bias); }

std::string Linear::extra_repr() const {
    return str(weight.size(1), " -> ", weight.size(0), bias.defined() ? ", bias" : "");
}

}  // namespace eps::nn
