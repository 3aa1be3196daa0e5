#pragma once
// All flows of points [B, D] by name. Tests run over this list; a new flow is one line in
// catalog.cpp.
#include <functional>

#include "models/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

struct FlowOptions {
    std::int64_t dim = 2, k = 32;         // dimensions, layers
    std::int64_t width = 64, hidden = 2;  // networks of couplings and autoregressive flows
    std::int64_t bins = 8;                // bins of a spline on [-bound, bound]
    double bound = 4;
    double limit = 2;          // on |log scale| in affine maps
    std::int64_t context = 0;  // width of the context; 0: none
};

struct FlowKind {
    std::string name;        // "planar"
    std::string about;       // one line for a list of flows
    std::int64_t least_dim;  // couplings need two dimensions
    bool takes_context;
    /// Makes layer `index` of a flow of this kind.
    std::function<std::unique_ptr<Bijector>(const FlowOptions& options, std::int64_t index,
                                            Generator& generator)>
        layer;
};

const std::vector<FlowKind>& flow_kinds();
/// The kind of that name.
/// Throws: on an unknown name, listing the known ones.
const FlowKind& flow_kind(const std::string& name);
/// A flow of k layers of one kind.
/// Throws: on k < 1, on too few dimensions, and on a context that the kind does not take.
std::unique_ptr<Composition> make_flow(const std::string& name, const FlowOptions& options,
                                       Generator& generator);

}  // namespace eps::models::flow
