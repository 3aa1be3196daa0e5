#include "autograd/catalog.h"

#include <vector>

#include "autograd/ops/list.h"
#include "autograd/record_pointwise.h"

namespace eps {
namespace {

/// Plain functions of other ops: derivatives of any order come from their parts.
/// X(name, differentiable), or X(name, false, why not)
// clang-format off
#define EPS_COMPOSITIONS(X)                 \
    X(contiguous, true)                     \
    X(flatten, true)                        \
    X(transpose, true)                      \
    X(squeeze, true)                        \
    X(unsqueeze, true)                      \
    X(narrow, true)                         \
    X(select, true)                         \
    X(stack, true)                          \
    X(split, true)                          \
    X(sum_to, true)                         \
    X(mean, true)                           \
    X(min, true)                            \
    X(prod, true)                           \
    X(logsumexp, true)                      \
    X(var, true)                            \
    X(stddev, true)                         \
    X(norm, true)                           \
    X(argmax, false, "gives indices")       \
    X(argmin, false, "gives indices")       \
    X(any, false, "gives bool")             \
    X(all, false, "gives bool")             \
    X(index_select, true)                   \
    X(index_add, true)                      \
    X(index_copy, true)                     \
    X(embedding, true)                      \
    X(cumprod, true)                        \
    X(scatter_reduce, true)                 \
    X(index_put, true)                      \
    X(gather_nd, true)                      \
    X(scatter_nd, true)                     \
    X(masked_fill, true)                    \
    X(masked_select, true)                  \
    X(nonzero, false, "gives indices")      \
    X(unique, true)                         \
    X(tile, true)                           \
    X(repeat_interleave, true)              \
    X(meshgrid, true)                       \
    X(searchsorted, false, "gives indices") \
    X(bucketize, false, "gives indices")    \
    X(einsum, true)                         \
    X(sort, true)                           \
    X(argsort, false, "gives indices")      \
    X(topk, true)                           \
    X(one_hot, false, "takes indices")      \
    X(conv1d, true)                         \
    X(conv_transpose1d, true)               \
    X(channels_last, true)                  \
    X(instance_norm, true)                  \
    X(upsample_nearest, true)               \
    X(diag, true)                           \
    X(diag_embed, true)                     \
    X(trace, true)                          \
    X(inverse, true)                        \
    X(logdet_triangular, true)              \
    X(interpolate, true)                    \
    X(max_pool1d, true)                     \
    X(avg_pool1d, true)                     \
    X(avg_pool2d, true)                     \
    X(adaptive_avg_pool1d, true)            \
    X(adaptive_avg_pool2d, true)            \
    X(adaptive_max_pool1d, true)            \
    X(adaptive_max_pool2d, true)            \
    X(unfold, true)                         \
    X(fold, true)                           \
    X(flip, true)                           \
    X(roll, true)                           \
    X(pixel_shuffle, true)                  \
    X(pixel_unshuffle, true)                \
    X(tril, true)                           \
    X(triu, true)
// clang-format on

std::vector<OpInfo> make_catalog() {
    std::vector<OpInfo> catalog;
    const auto add = [&](const char* name, const char* kind, int max_order,
                         const char* why_not = nullptr) {
        catalog.push_back({name, kind, true, max_order != 0, max_order, why_not});
    };
    for (const PointwiseOp* op : all_pointwise_ops())
        add(op->name, "pointwise", op->max_order,
            op->kind == PointwiseKind::predicate ? "gives bool" : nullptr);
#define EPS_ADD_STRUCTURED(S, name) add(name, "structured", -1);
    EPS_STRUCTURED_OPS(EPS_ADD_STRUCTURED)
#define EPS_ADD_FUSED(S, name) add(name, "fused", -1);
    EPS_COMPOSED_OPS(EPS_ADD_FUSED)
#define EPS_ADD_COMPOSITION(name, differentiable, ...) \
    add(#name, "composition", differentiable ? -1 : 0 __VA_OPT__(, ) __VA_ARGS__);
    EPS_COMPOSITIONS(EPS_ADD_COMPOSITION)
    return catalog;
}

}  // namespace

std::span<const OpInfo> op_catalog() {
    static const std::vector<OpInfo> catalog = make_catalog();
    return catalog;
}

}  // namespace eps
