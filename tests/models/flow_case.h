#pragma once
// What the tests of flows share: flows away from where they start, Jacobians, distances.
#include <cmath>
#include <string>

#include "models/flow/catalog.h"
#include "nn/init.h"
#include "varepsilon.h"

namespace eps::test {

inline const Options doubles{.dtype = f64};

inline double largest(const Tensor& x) { return x.numel() == 0 ? 0 : max(abs(detach(x))).item(); }

/// f64, and every parameter moved: zeros of last layers would make the identity of a coupling.
/// Matrices by less, the wider they are, so that what comes out of a layer is moved alike whatever
/// the width.
inline void disturb(nn::Module& module, Generator& generator, double by = 0.3) {
    module.to(f64);
    const NoGrad guard;
    for (Tensor& p : module.parameters()) {
        const double scale =
            p.rank() < 2 ? by : by / std::sqrt(static_cast<double>(p.numel() / p.size(0)));
        p.copy_(p + scale * randn(p.shape(), p.options(), generator));
    }
}

inline std::unique_ptr<models::Composition> disturbed(const std::string& name,
                                                      const models::flow::FlowOptions& options,
                                                      Generator& generator, double by = 0.3) {
    auto flow = models::flow::make_flow(name, options, generator);
    flow->eval();  // no initialisation by the first batch
    disturb(*flow, generator, by);
    return flow;
}

/// J [B, D, D] of f: [B, D] -> [B, D], where each sample goes its own way.
template <class F> Tensor jacobian(const F& f, const Tensor& at) {
    const Tensor z = clone(detach(at)).requires_grad_(), y = f(z);
    std::vector<Tensor> rows;
    for (std::int64_t i = 0; i < y.size(1); ++i) {
        const Tensor row =
            grad(sum(select(y, 1, i)), {z}, {.retain_graph = true, .allow_unused = true})[0];
        rows.push_back(row.defined() ? row : zeros_like(z));
    }
    return stack(rows, 1);
}

}  // namespace eps::test
