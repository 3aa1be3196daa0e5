// CPU kernels of the ops in tensor/formulas/activations.h: all entries of their derivative tables.
#include "cpu/pointwise/entries.h"
#include "tensor/formulas/activations.h"
#include "tensor/formulas/list.h"

namespace eps::kernels::cpu {
#define EPS_INSTANTIATE(arity, S, ...) template PointwiseKernels pointwise_kernels<math::S>();
EPS_ACTIVATION_OPS(EPS_INSTANTIATE)
}  // namespace eps::kernels::cpu
