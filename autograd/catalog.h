#pragma once
// Every operation by name: `eps ops` prints this catalog, docs/ops.md describes it, and the tests
// must cover it.
#include <span>
#include <string>

namespace eps {

struct OpInfo {
    const char* name;
    const char* kind;  // "pointwise", "structured", "fused", "composition"
    bool cuda;         // has a CUDA kernel, in a build with CUDA
    bool differentiable;
    int max_order;        // highest derivative; -1: any
    const char* why_not;  // why there is no derivative: "gives bool"; null where there is one
};

std::span<const OpInfo> op_catalog();

}  // namespace eps
