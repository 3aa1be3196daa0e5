#pragma once
// Every op but the pointwise ones (tensor/formulas/list.h), as `eps ops` and docs/ops.md list them.
// The structs are declared here, so that apply() can reject an op that is not listed, and defined
// with their functions in the file of their subject. tests/autograd/op_cases.cpp must have gradient
// cases for each name.
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
    X(SvdPacked, "svd")                      \
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

/// Compositions: plain functions of other ops, by the header that declares them. Their derivatives
/// of any order are those of their parts. X(name), or X(name, why there is no derivative). A test
/// fails where a function of autograd/ops is in none of these lists.
// clang-format off
#define EPS_COMPOSITIONS(X)                \
    /* elementwise/composed_functions.h */ \
    X(logit)                               \
    X(nan_to_num)                          \
    /* shape/shape.h */                    \
    X(contiguous)                          \
    X(flatten)                             \
    X(transpose)                           \
    X(squeeze)                             \
    X(unsqueeze)                           \
    X(narrow)                              \
    X(select)                              \
    /* shape/join.h */                     \
    X(stack)                               \
    X(split)                               \
    /* shape/repeat.h */                   \
    X(tile)                                \
    X(repeat_interleave)                   \
    X(meshgrid)                            \
    /* shape/rearrange.h */                \
    X(flip)                                \
    X(roll)                                \
    X(pixel_shuffle)                       \
    X(pixel_unshuffle)                     \
    X(tril)                                \
    X(triu)                                \
    /* reduction/reduce.h */               \
    X(sum_to)                              \
    X(mean)                                \
    X(min)                                 \
    X(prod)                                \
    X(logsumexp)                           \
    X(var)                                 \
    X(stddev)                              \
    X(argmax, "gives indices")             \
    X(argmin, "gives indices")             \
    X(any, "gives bool")                   \
    X(all, "gives bool")                   \
    /* reduction/norms.h */                \
    X(norm)                                \
    X(normalize)                           \
    X(cdist)                               \
    X(matrix_norm)                         \
    /* indexing/index.h */                 \
    X(index_select)                        \
    X(index_add)                           \
    X(index_copy)                          \
    X(embedding)                           \
    X(cumprod)                             \
    X(sort)                                \
    X(argsort, "gives indices")            \
    X(topk)                                \
    X(one_hot, "takes indices")            \
    /* indexing/index_nd.h */              \
    X(scatter_reduce)                      \
    X(index_put)                           \
    X(gather_nd)                           \
    X(scatter_nd)                          \
    /* indexing/masked.h */                \
    X(masked_fill)                         \
    X(masked_select)                       \
    X(nonzero, "gives indices")            \
    X(unique)                              \
    /* indexing/search.h */                \
    X(searchsorted, "gives indices")       \
    X(bucketize, "gives indices")          \
    /* norm/norm.h */                      \
    X(local_response_norm)                 \
    /* linalg/linalg.h */                  \
    X(svdvals)                             \
    X(diag)                                \
    X(diag_embed)                          \
    X(trace)                               \
    X(inverse)                             \
    X(logdet)                              \
    X(logdet_triangular)                   \
    /* linalg/einsum.h */                  \
    X(einsum)                              \
    /* linalg/fourier.h */                 \
    X(dft)                                 \
    X(stft)                                \
    /* image/conv.h */                     \
    X(conv1d)                              \
    X(conv_transpose1d)                    \
    X(channels_last)                       \
    /* image/pool.h */                     \
    X(max_pool1d)                          \
    X(avg_pool1d)                          \
    X(avg_pool2d)                          \
    X(adaptive_avg_pool1d)                 \
    X(adaptive_avg_pool2d)                 \
    X(adaptive_max_pool1d)                 \
    X(adaptive_max_pool2d)                 \
    /* image/upsample.h */                 \
    X(upsample_nearest)                    \
    X(interpolate)                         \
    /* image/grid_sample.h */              \
    X(grid_sample)                         \
    X(affine_grid)                         \
    /* image/conv3d.h */                   \
    X(conv3d)                              \
    X(conv_transpose3d)                    \
    /* image/pool3d.h */                   \
    X(max_pool3d)                          \
    X(avg_pool3d)                          \
    X(adaptive_avg_pool3d)                 \
    X(adaptive_max_pool3d)                 \
    /* image/lp_pool.h */                  \
    X(lp_pool1d)                           \
    X(lp_pool2d)                           \
    X(lp_pool3d)                           \
    /* image/max_unpool.h */               \
    X(max_unpool2d)                        \
    /* image/roi_align.h */                \
    X(roi_align)                           \
    /* image/deform_conv.h */              \
    X(deform_conv2d)                       \
    /* image/unfold.h */                   \
    X(unfold)                              \
    X(fold)                                \
    X(unfold3d)                            \
    X(fold3d)                              \
    /* norm/norm.h */                      \
    X(instance_norm)                       \
    /* norm/attention.h */                 \
    X(attention_weights)                   \
    /* norm/rotary.h */                    \
    X(rotary_table)                        \
    X(rotary_embedding)
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
