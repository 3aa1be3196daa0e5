#pragma once
// Every operation by name: what `eps ops` prints and what the tests must cover.
#include <span>
#include <string>

namespace eps {

struct OpInfo {
    const char* name;
    const char* kind;    // "pointwise", "structured", "fused", "composition"
    bool cuda;           // has a CUDA kernel, in a build with CUDA
    bool differentiable;
    int max_order;       // highest derivative; -1: any
};

std::span<const OpInfo> op_catalog();

}  // namespace eps
