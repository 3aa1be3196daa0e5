#pragma once
// For files that define ops of their own, beside <varepsilon.h>: how to run and record an op, and
// the kernels of pointwise formulas, for the GPU in a .cu file and for the CPU in others.
// docs/adding-an-op.md explains it by two examples.
#ifdef __CUDACC__
#include "cuda/pointwise/entries.cuh"
#include "cuda/runtime/context.h"
#else
#include "autograd/op.h"
#include "autograd/pointwise_op.h"
#include "cpu/pointwise/entries.h"
#include "tensor/runtime/parallel.h"
#endif
