#pragma once
// Every flow of points [B, D] by name: what the program offers, and what tests run over. A new one
// is a line in catalog.cpp.
#include <functional>

#include "models/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

struct FlowOptions {
    std::int64_t dim = 2, k = 32;  // dimensions, layers
    // of the networks in couplings and autoregressive flows
    std::int64_t width = 64, hidden = 2;
    std::int64_t bins = 8;  // of a spline, on [-bound, bound]
    double bound = 4;
    double limit = 2;          // of |log scale| in affine maps
    std::int64_t context = 0;  // width of the context; 0: none
};

struct FlowKind {
    std::string name;        // "planar"
    std::string about;       // one line for a list of flows
    std::int64_t least_dim;  // a coupling needs two: one stays, one moves
    bool takes_context;
    /// Layer `index` of a flow of this kind.
    std::function<std::unique_ptr<Bijector>(const FlowOptions& options, std::int64_t index,
                                            Generator& generator)>
        layer;
};

const std::vector<FlowKind>& flow_kinds();
/// The kind of that name; throws, listing the names, on another.
const FlowKind& flow_kind(const std::string& name);
/// k layers of a kind. Throws on k < 1, too few dimensions, and a context that the kind does not
/// take.
std::unique_ptr<Composition> make_flow(const std::string& name, const FlowOptions& options,
                                       Generator& generator);

}  // namespace eps::models::flow
