// CPU kernels of the ops in tensor/formulas/predicate.h: all entries of their derivative tables.
#include "cpu/pointwise/entries.h"
#include "tensor/formulas/predicate.h"
#include "tensor/formulas/list.h"

namespace eps::kernels::cpu {
#define EPS_INSTANTIATE(arity, S, ...) template PointwiseKernels pointwise_kernels<math::S>();
EPS_PREDICATE_OPS(EPS_INSTANTIATE)
}  // namespace eps::kernels::cpu
