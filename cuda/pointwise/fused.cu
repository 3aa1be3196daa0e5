// CUDA kernels of EPS_FUSED_OPS: the family of each op, all rows, all dtypes.
#include "cuda/pointwise/rows.cuh"
#include "tensor/formulas/list.h"

namespace eps::kernels::cuda {
#define EPS_INSTANTIATE(arity, S, name) template PointwiseKernels pointwise_kernels<math::S>();
EPS_FUSED_OPS(EPS_INSTANTIATE)
}  // namespace eps::kernels::cuda
