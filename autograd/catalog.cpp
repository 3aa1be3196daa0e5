#include "autograd/catalog.h"

#include <vector>

#include "autograd/ops/list.h"
#include "autograd/record_pointwise.h"

namespace eps {
namespace {

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
    const auto add_composition = [&](const char* name, const char* why_not = nullptr) {
        add(name, "composition", why_not ? 0 : -1, why_not);
    };
#define EPS_ADD_COMPOSITION(name, ...) add_composition(#name __VA_OPT__(, ) __VA_ARGS__);
    EPS_COMPOSITIONS(EPS_ADD_COMPOSITION)
    return catalog;
}

}  // namespace

std::span<const OpInfo> op_catalog() {
    static const std::vector<OpInfo> catalog = make_catalog();
    return catalog;
}

}  // namespace eps
