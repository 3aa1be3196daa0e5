#pragma once
// Every pointwise op. To add one: write its struct in one of these files and name it in the list
// below it. The function, both devices' kernels, derivatives, gradient tests, bench row and table
// row follow.
#include "tensor/formulas/activations.h"
#include "tensor/formulas/arithmetic.h"
#include "tensor/formulas/elementary.h"
#include "tensor/formulas/fused.h"

// clang-format off
#define EPS_POINTWISE_OPS(X) \
    EPS_ARITHMETIC_OPS(X)    \
    EPS_PREDICATE_OPS(X)     \
    EPS_ELEMENTARY_OPS(X)    \
    EPS_ACTIVATION_OPS(X)    \
    EPS_FUSED_OPS(X)
// clang-format on
