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
    const bool ours_alone =
        total.impl()->unique() && total.storage().unique() && total.is_contiguous();
    if (grad_enabled() || !ours_alone) {
        total = total + gradient;
        return;
    }
    // In place through the same kernel: out and the first input are one buffer, read and written at
    // the same index.
    const PointwiseOp& op = pointwise_op<math::Add>();
    const Tensor inputs[] = {total, gradient};
    if (total.numel() > 0)
        kernels::run_pointwise(op, op.default_attributes, 0, {total, Tensor(), inputs});
}

}  // namespace eps
