// CUDA kernels of the ops in tensor/formulas/predicate.h: all entries of their derivative tables.
#include "cuda/pointwise/entries.cuh"
#include "tensor/formulas/predicate.h"
#include "tensor/formulas/list.h"

namespace eps::kernels::cuda {
#define EPS_INSTANTIATE(arity, S, ...) template PointwiseKernels pointwise_kernels<math::S>();
EPS_PREDICATE_OPS(EPS_INSTANTIATE)
}  // namespace eps::kernels::cuda
