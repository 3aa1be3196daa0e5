#include "models/flow/catalog.h"

#include "tensor/names.h"
#include "models/flow/actnorm.h"
#include "models/flow/autoregressive.h"
#include "models/flow/coupling.h"
#include "models/flow/invertible_linear.h"
#include "models/flow/planar.h"
#include "models/flow/radial.h"
#include "models/flow/spline.h"

namespace eps::models::flow {
namespace {

using Layer = std::unique_ptr<Bijector>;
using MakeMap = std::unique_ptr<ElementwiseBijector> (*)(const FlowOptions&);

std::unique_ptr<ElementwiseBijector> additive(const FlowOptions&) {
    return std::make_unique<Additive>();
}
std::unique_ptr<ElementwiseBijector> affine(const FlowOptions& o) {
    return std::make_unique<Affine>(o.limit);
}
std::unique_ptr<ElementwiseBijector> spline(const FlowOptions& o) {
    return std::make_unique<RationalQuadratic>(SplineOptions{.bins = o.bins, .bound = o.bound});
}

Layer planar_layer(const FlowOptions& o, std::int64_t, Generator& generator) {
    return std::make_unique<Planar>(o.dim, generator, o.context);
}
Layer radial_layer(const FlowOptions& o, std::int64_t, Generator& generator) {
    return std::make_unique<Radial>(o.dim, generator, o.context);
}

// Each layer keeps the part that the layer before transformed.
template <MakeMap map, Mask mask>
Layer coupling_layer(const FlowOptions& o, std::int64_t index, Generator& generator) {
    return coupling(index % 2 == 0 ? mask : opposite(mask), map(o), o.dim,
                    {.width = o.width, .hidden = o.hidden, .context = o.context}, generator);
}

Layer glow_layer(const FlowOptions& o, std::int64_t, Generator& generator) {
    auto step = std::make_unique<Composition>();
    step->add(coupling(Mask::first_half, affine(o), o.dim,
                       {.width = o.width, .hidden = o.hidden, .context = o.context}, generator));
    step->add<InvertibleLinear>(o.dim, generator).add<ActNorm>(o.dim);
    return step;
}

// Every other layer runs over the elements in reverse order.
template <MakeMap map, Quick quick>
Layer autoregressive_layer(const FlowOptions& o, std::int64_t index, Generator& generator) {
    auto layer = std::make_unique<Autoregressive>(
        o.dim, map(o),
        Autoregressive::Options{
            .quick = quick, .width = o.width, .hidden = o.hidden, .context = o.context},
        generator);
    if (index % 2 == 0) return layer;
    auto reversed = std::make_unique<Composition>();
    reversed->add<Permutation>(o.dim).add(std::move(layer)).add<Permutation>(o.dim);
    return reversed;
}

Layer actnorm_layer(const FlowOptions& o, std::int64_t, Generator&) {
    return std::make_unique<ActNorm>(o.dim);
}
Layer linear_layer(const FlowOptions& o, std::int64_t, Generator& generator) {
    return std::make_unique<InvertibleLinear>(o.dim, generator);
}

}  // namespace

const std::vector<FlowKind>& flow_kinds() {
    static const std::vector<FlowKind> kinds{
        {"planar", "planes push and pull (Rezende & Mohamed 2015)", 1, true, planar_layer},
        {"radial", "points push and pull (Rezende & Mohamed 2015)", 1, true, radial_layer},
        {"nice", "additive couplings (Dinh et al. 2015)", 2, true,
         coupling_layer<additive, Mask::first_half>},
        {"realnvp", "affine couplings (Dinh et al. 2017)", 2, true,
         coupling_layer<affine, Mask::even>},
        {"spline", "rational-quadratic spline couplings (Durkan et al. 2019)", 2, true,
         coupling_layer<spline, Mask::even>},
        {"glow", "affine couplings, invertible linear maps, actnorm (Kingma & Dhariwal 2018)", 2,
         true, glow_layer},
        {"maf", "masked autoregressive, quick densities (Papamakarios et al. 2017)", 1, true,
         autoregressive_layer<affine, Quick::inverse>},
        {"iaf", "masked autoregressive, quick samples (Kingma et al. 2016)", 1, true,
         autoregressive_layer<affine, Quick::transform>},
        {"maf_spline", "masked autoregressive splines (Durkan et al. 2019)", 1, true,
         autoregressive_layer<spline, Quick::inverse>},
        {"actnorm", "a scale and a shift a feature", 1, false, actnorm_layer},
        {"linear", "an invertible matrix by its LU factors", 1, false, linear_layer},
    };
    return kinds;
}

const FlowKind& flow_kind(const std::string& name) {
    return by_name("flow", "flow", flow_kinds(), name);
}

std::unique_ptr<Composition> make_flow(const std::string& name, const FlowOptions& options,
                                       Generator& generator) {
    const FlowKind& kind = flow_kind(name);
    check(options.k >= 1, "flow", "needs at least one layer; got k = ", options.k);
    check(options.dim >= kind.least_dim, "flow", name, " needs at least ", kind.least_dim,
          " dimensions; got ", options.dim);
    check(options.context == 0 || kind.takes_context, "flow", name,
          " takes no context; got one of width ", options.context);
    auto flow = std::make_unique<Composition>();
    for (std::int64_t i = 0; i < options.k; ++i) flow->add(kind.layer(options, i, generator));
    return flow;
}

}  // namespace eps::models::flow
