#include "experiments/flow/model.h"

#include <algorithm>

#include "autograd/ops/elementwise/arithmetic.h"
#include "models/flow/image.h"
#include "models/flow/reversible.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr std::int64_t kPixels = 28 * 28;
// More components than modes: if two begin near one mode, no other mode is left without one.
constexpr std::int64_t kComponents = 32;

std::unique_ptr<Base> make_base(const Settings& s, Generator& generator) {
    const Shape event{s.target == Target::images ? kPixels : s.layers.dim};
    if (s.base == "uniform")
        return std::make_unique<UniformBase>(full(event, -s.layers.bound),
                                             full(event, s.layers.bound));
    if (s.base == "mixture")
        return std::make_unique<MixtureBase>(kComponents, s.layers.dim, generator);
    return std::make_unique<NormalBase>(event, s.base == "learned");
}

std::unique_ptr<Composition> make_layers(const Settings& s, Generator& generator) {
    if (s.target != Target::images) return make_flow(s.flow, s.layers, generator);
    const ImageFlowOptions options{
        .levels = s.levels, .steps = s.layers.k, .filters = s.layers.width};
    return s.flow == "glow" ? glow(options, generator) : realnvp(options, generator);
}

}  // namespace

Model make_model(const Settings& s, Generator& generator) {
    Model model;
    std::unique_ptr<Bijector> flow;
    if (s.continuous()) {
        auto continuous = std::make_unique<ContinuousFlow>(std::make_unique<VelocityMlp>(
            s.layers.dim, s.layers.width, s.layers.hidden, generator));
        model.continuous = continuous.get();
        flow = std::move(continuous);
    } else {
        auto layers = make_layers(s, generator);
        model.layers = layers.get();
        if (s.reversible)
            flow = std::make_unique<Reversible>(std::move(layers));
        else
            flow = std::move(layers);
    }
    model.q = std::make_unique<FlowDistribution>(make_base(s, generator), std::move(flow));
    return model;
}

std::vector<Tensor> trajectory(Model& model, const Tensor& z0, std::int64_t most) {
    check(most >= 2, "flow", "a trajectory has two states at least; got ", most);
    std::vector<Tensor> states{z0};
    if (model.continuous) {
        Velocity& velocity = model.continuous->velocity();
        const OdeField field = [&](double t, const Tensor& x) {
            return velocity(x, full({x.size(0)}, t, x.options()));
        };
        const double frame = 1 / static_cast<double>(most - 1);
        for (std::int64_t i = 1; i < most; ++i) {
            const double start = static_cast<double>(i - 1) * frame;
            states.push_back(solve_ode(field, states.back(), start, start + frame,
                                       {.method = OdeMethod::heun, .steps = 1})
                                 .y);
        }
        return states;
    }
    for (std::int64_t k = 0; k < model.layers->size(); ++k)
        states.push_back(model.layers->layer(k).map(states.back()));
    const auto count = static_cast<std::int64_t>(states.size());
    if (count <= most) return states;
    std::vector<Tensor> chosen;
    for (std::int64_t i = 0; i < most; ++i)
        chosen.push_back(states[static_cast<std::size_t>(i * (count - 1) / (most - 1))]);
    return chosen;
}

LayerDensities densities_at(Model& model, const Tensor& x) {
    LayerDensities densities;
    Transformed back{x, zero_log_det(x)};
    const auto step = [&](Bijector& flow) {
        const Transformed next = flow.inverse(back.z);
        back = {next.z, back.log_det + next.log_det};
        densities.log_det.insert(densities.log_det.begin(), -next.log_det);
    };
    if (model.continuous)
        step(*model.continuous);
    else
        for (std::int64_t k = model.layers->size(); k-- > 0;) step(model.layers->layer(k));
    densities.log_prob = model.q->base().log_prob(back.z) + back.log_det;
    return densities;
}

LayerDraw draw_with_densities(Model& model, std::int64_t count, Generator& generator) {
    const Tensor z0 = model.q->base().sample(count, generator);
    LayerDraw draw{z0, {model.q->base().log_prob(z0), {}}};
    const auto step = [&](Bijector& flow) {
        const Transformed next = flow.transform(draw.z);
        draw.z = next.z;
        draw.densities.log_prob = draw.densities.log_prob - next.log_det;
        draw.densities.log_det.push_back(next.log_det);
    };
    if (model.continuous)
        step(*model.continuous);
    else
        for (std::int64_t k = 0; k < model.layers->size(); ++k) step(model.layers->layer(k));
    return draw;
}

}  // namespace eps::models::flow
