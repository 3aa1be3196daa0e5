#pragma once
// The functions of every pointwise op: `silu(x)`, `leaky_relu(x, {.slope = 0.2})`,
// `where(condition, a, b)`. Formulas are in tensor/formulas/. Inputs broadcast and promote
// (tensor/dtype.h); ops of real functions convert integers to f32.
#include "tensor/formulas/list.h"
#include "tensor/tensor.h"

namespace eps {

#define EPS_DECLARE_1(S, name) Tensor name(const Tensor& x, const math::S& attributes = {});
#define EPS_DECLARE_2(S, name) \
    Tensor name(const Tensor& a, const Tensor& b, const math::S& attributes = {});
#define EPS_DECLARE_3(S, name) \
    Tensor name(const Tensor& a, const Tensor& b, const Tensor& c, const math::S& attributes = {});
#define EPS_DECLARE(arity, S, name) EPS_DECLARE_##arity(S, name)
EPS_POINTWISE_OPS(EPS_DECLARE)
#undef EPS_DECLARE
#undef EPS_DECLARE_1
#undef EPS_DECLARE_2
#undef EPS_DECLARE_3

}  // namespace eps
