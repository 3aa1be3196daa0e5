// CPU kernels of EPS_FUSED_OPS: the family of each op, all rows, all dtypes.
#include "cpu/pointwise/rows.h"
#include "tensor/formulas/list.h"

namespace eps::kernels::cpu {
#define EPS_INSTANTIATE(arity, S, name) template PointwiseKernels pointwise_kernels<math::S>();
EPS_FUSED_OPS(EPS_INSTANTIATE)
}  // namespace eps::kernels::cpu
