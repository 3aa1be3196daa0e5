#pragma once
// For files that define ops of their own, beside <varepsilon.h>: how to run and record an op, and
// the kernels of pointwise formulas for the device that the file is compiled for.
// docs/adding-an-op.md explains it by an example.
#ifdef __CUDACC__
#include "cuda/runtime/context.h"
#include "cuda/pointwise/entries.cuh"
#else
#include "autograd/op.h"
#include "autograd/pointwise_op.h"
#include "cpu/pointwise/entries.h"
#include "tensor/runtime/parallel.h"
#endif
