#include "autograd/accumulate.h"

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/record_pointwise.h"
#include "tensor/contract/kernels.h"

namespace eps {

void accumulate(Tensor& total, const Tensor& gradient) {
    if (!total.defined()) {
        total = gradient;
        return;
    }
    const bool is_ours =
        total.impl()->unique() && total.storage().unique() && total.is_contiguous();
    if (grad_enabled() || !is_ours) {
        total = total + gradient;
        return;
    }
    // The same kernel, in place: out and the first input are one buffer, and each element is read
    // before it is written.
    const PointwiseOp& op = pointwise_op<math::Add>();
    const Tensor inputs[] = {total, gradient};
    if (total.numel() > 0)
        kernels::run_pointwise(op, op.default_attributes, 0, {total, Tensor(), inputs});
}

}  // namespace eps
