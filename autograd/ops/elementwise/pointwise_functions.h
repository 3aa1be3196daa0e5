#pragma once
// The functions of every pointwise op: `silu(x)`, `leaky_relu(x, {.slope = 0.2})`,
// `where(condition, a, b)`. Inputs broadcast and promote (tensor/dtype.h); ops of real functions
// convert integers to f32.
//
// The functions are declared from the list of ops, tensor/formulas/list.h. The formula of silu is
// struct Silu in the file that stands beside its group below.
#include "tensor/formulas/attributes.h"
#include "tensor/formulas/list.h"
#include "tensor/tensor.h"

namespace eps {

// The last parameter of an op with attributes.
#define EPS_ATTRIBUTES(...) __VA_OPT__(, const math::__VA_ARGS__& attributes = {})
#define EPS_DECLARE_1(name, ...) Tensor name(const Tensor& x EPS_ATTRIBUTES(__VA_ARGS__));
#define EPS_DECLARE_2(name, ...) \
    Tensor name(const Tensor& a, const Tensor& b EPS_ATTRIBUTES(__VA_ARGS__));
#define EPS_DECLARE_3(name, ...) \
    Tensor name(const Tensor& a, const Tensor& b, const Tensor& c EPS_ATTRIBUTES(__VA_ARGS__));
#define EPS_DECLARE(arity, S, ...) EPS_DECLARE_##arity(__VA_ARGS__)

EPS_ARITHMETIC_OPS(EPS_DECLARE)  // tensor/formulas/arithmetic.h
EPS_PREDICATE_OPS(EPS_DECLARE)   // tensor/formulas/predicate.h
EPS_ELEMENTARY_OPS(EPS_DECLARE)  // tensor/formulas/elementary.h
EPS_ACTIVATION_OPS(EPS_DECLARE)  // tensor/formulas/activations.h
EPS_FUSED_OPS(EPS_DECLARE)       // tensor/formulas/fused.h

#undef EPS_DECLARE
#undef EPS_DECLARE_1
#undef EPS_DECLARE_2
#undef EPS_DECLARE_3
#undef EPS_ATTRIBUTES

}  // namespace eps
