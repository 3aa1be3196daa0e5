#pragma once
// Every structured op: its struct and its name. Declared here, so that apply() can refuse an op
// that is not listed; defined, with its function, in the file of its subject.
// tests/autograd/op_cases.cpp has gradient cases for each name, or fails.
#include "autograd/op.h"

/// X(struct, name)
// clang-format off
#define EPS_STRUCTURED_OPS(X)                \
    X(Cast, "to")                            \
    X(Transfer, "transfer")                  \
    X(Reshape, "reshape")                    \
    X(Permute, "permute")                    \
    X(Expand, "expand")                      \
    X(Slice, "slice")                        \
    X(SliceBackward, "slice_backward")       \
    X(Pad, "pad")                            \
    X(Diagonal, "diagonal")                  \
    X(DiagonalBackward, "diagonal_backward") \
    X(Clone, "clone")                        \
    X(Concat, "concat")                      \
    X(Sum, "sum")                            \
    X(Extremum, "max")                       \
    X(MatMul, "matmul")                      \
    X(Linear, "linear")                      \
    X(Conv2d, "conv2d")                      \
    X(Conv2dInput, "conv_transpose2d")       \
    X(Conv2dWeight, "conv2d_weight")         \
    X(MaxPool2d, "max_pool2d")               \
    X(Resample, "resample")                  \
    X(Gather, "gather")                      \
    X(Scatter, "scatter")                    \
    X(ScatterAdd, "scatter_add")             \
    X(Cumsum, "cumsum")                      \
    X(Cholesky, "cholesky")                  \
    X(LuPacked, "lu")                        \
    X(QrPacked, "qr")                        \
    X(EighPacked, "eigh")                    \
    X(TriangularSolve, "solve_triangular")   \
    X(Solve, "solve")                        \
    X(Det, "det")                            \
    X(LogAbsDet, "slogdet")
// clang-format on

/// Fused ops, which also have a compose(): the tests run every case of theirs both ways.
// clang-format off
#define EPS_COMPOSED_OPS(X)      \
    X(GroupNorm, "group_norm")   \
    X(BatchNorm, "batch_norm")   \
    X(LayerNorm, "layer_norm")   \
    X(RmsNorm, "rms_norm")       \
    X(Softmax, "softmax")        \
    X(LogSoftmax, "log_softmax") \
    X(Attention, "scaled_dot_product_attention")
// clang-format on

namespace eps {
namespace ops {
#define EPS_DECLARE_STRUCT(S, name) struct S;
EPS_STRUCTURED_OPS(EPS_DECLARE_STRUCT)
EPS_COMPOSED_OPS(EPS_DECLARE_STRUCT)
#undef EPS_DECLARE_STRUCT
}  // namespace ops

#define EPS_NAME_OP(S, name) template <> inline constexpr const char* op_name<ops::S> = name;
EPS_STRUCTURED_OPS(EPS_NAME_OP)
EPS_COMPOSED_OPS(EPS_NAME_OP)
#undef EPS_NAME_OP
#define EPS_NAME_FUSED_OP(S, name) template <> inline constexpr bool listed_as_fused<ops::S> = true;
EPS_COMPOSED_OPS(EPS_NAME_FUSED_OP)
#undef EPS_NAME_FUSED_OP
}  // namespace eps
