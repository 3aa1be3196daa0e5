#include "nn/layers/time_embedding.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::nn {

Tensor time_embedding(const Tensor& t, std::int64_t width) {
    check(t.defined() && t.rank() == 1, "time_embedding",
          "needs one time for each sample, [B]; got ", describe(t));
    check(width >= 4 && width % 2 == 0, "time_embedding", "needs an even width of at least 4; got ",
          width);
    NoGrad guard;
    const std::int64_t n = width / 2;
    const double rate = -std::log(10000.0) / static_cast<double>(n - 1);
    const Tensor frequencies =  // [n]
        exp(arange(0, static_cast<double>(n), 1, {f32, t.device()}) * rate);
    const Tensor angles = unsqueeze(to(t, f32), 1) * frequencies;  // [B, n]
    return concat({sin(angles), cos(angles)}, 1);
}

}  // namespace eps::nn
