#include "nn/layers/activation.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/norm/softmax.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::nn {

Tensor Softmax::forward(const Tensor& x) { return softmax(x, dim_); }
Tensor LogSoftmax::forward(const Tensor& x) { return log_softmax(x, dim_); }

PReLU::PReLU(std::int64_t count, double start, DType dtype) {
    check(count >= 1, "PReLU", "needs at least one slope; got ", count);
    weight = full({count}, start, {.dtype = dtype});
    add_parameter("weight", weight);
}

Tensor PReLU::forward(const Tensor& x) {
    const std::int64_t count = weight.numel();
    check(x.defined() && (count == 1 || (x.rank() >= 2 && x.size(1) == count)), "PReLU",
          "needs x [B, ", count, ", ..]; got ", describe(x));
    Shape shape;
    for (int d = 0; d < x.rank(); ++d) shape.push_back(d == 1 ? count : 1);
    return relu(x) - reshape(weight, shape) * relu(-x);
}

Tensor GLU::forward(const Tensor& x) {
    check(x.defined() && dim_ >= -x.rank() && dim_ < x.rank(), "GLU", "no such dimension; got dim ",
          dim_, " of ", describe(x));
    const std::int64_t half = x.size(dim_) / 2;
    check(x.size(dim_) == 2 * half, "GLU", "the extent is odd; got dim ", dim_, " of ",
          describe(x));
    return narrow(x, dim_, 0, half) * sigmoid(narrow(x, dim_, half, half));
}

}  // namespace eps::nn
