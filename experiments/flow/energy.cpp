// Energies: densities known up to a constant, fitted by the reverse KL divergence.
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/flow/plots.h"
#include "experiments/flow/problem.h"
#include "models/distributions/pairwise_distances.h"
#include "models/flow/target.h"
#include "models/free_energy.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr std::int64_t kPixels = 240;                 // the side of a density
constexpr std::int64_t kAtOnce = 5000, kGroups = 20;  // evaluation: 100 000 samples
constexpr Window kWindow{-5, 5, -5, 5};

class EnergyProblem final : public FlowProblem {
public:
    explicit EnergyProblem(const Settings& settings)
        : energy_(energy(settings.target_name)),
          device_(settings.device),
          batch_(settings.batch),
          anneal_(settings.anneal),
          gradient_(settings.path ? Gradient::path : Gradient::total) {}

    /// "beta": the weight of the energy, which is annealed.
    StepTensors inputs(std::int64_t index, Generator&) override {
        return {{"beta", Tensor(anneal_ > 0 ? annealing(index, anneal_) : 1)}};
    }
    Loss loss(Model& model, const StepTensors& inputs, Generator& generator) override {
        const Tensor& beta = inputs.at("beta");
        const auto annealed = [&](const Tensor& z) { return beta * energy_.energy(z); };
        const Tensor loss = model.q->reverse_kl(annealed, batch_, generator, gradient_);
        return {loss, {{"loss", loss}, {"beta", beta}}};
    }

    /// The target's density, and beside it the flow's.
    std::vector<Picture> pictures(Model& model, Generator& generator) override {
        const Tensor target = target_log_density();
        const Tensor fitted = log_density_at_pixels(
            [&](const Tensor& x) { return to(model.q->log_prob(to(x, device_)), cpu); }, kWindow,
            kPixels);
        const double peak = max(target).item();
        return {samples_over(target, model.q->sample(kDots, generator)),
                {.name = "density",
                 .pixels = side_by_side(density_map(target, peak), density_map(fitted, peak)),
                 .filmed = true,
                 .scale = 1},
                warp(model, kWindow, generator)};
    }

    std::vector<Picture> samples(Model& model, std::int64_t count, Generator& generator) override {
        const Tensor z = model.q->sample(count, generator);
        check_points(z, "sample");
        return {samples_over(target_log_density(), z), warp(model, kWindow, generator)};
    }

    /// kl = E_q[log q + U] + ln Z. The error of the effective sample size comes from groups of
    /// samples.
    Scalars evaluate(Model& model, Generator& generator) override {
        Estimate free_energy, kl, effective;
        LayerMeans layers;
        std::vector<Tensor> weights;
        for (std::int64_t group = 0; group < kGroups; ++group) {
            const LayerDraw draw = draw_with_densities(model, kAtOnce, generator);
            const Tensor log_weight = -(energy_.energy(draw.z) + draw.densities.log_prob);
            free_energy.add(-log_weight);
            kl.add(energy_.log_z - log_weight);
            effective.add(Tensor(importance(log_weight).effective_share, {.dtype = f64}));
            layers.add(draw.densities.log_det);
            weights.push_back(log_weight);
        }
        const Importance all = importance(concat(weights));
        const double count = static_cast<double>(kGroups * kAtOnce);
        Scalars scalars;
        append(scalars, "kl", kl);
        append(scalars, "free_energy", free_energy);
        scalars.emplace_back("ln_z", all.log_z);
        const double by_delta_method = std::sqrt((1 / all.effective_share - 1) / count);
        scalars.emplace_back("ln_z_se", by_delta_method);
        scalars.emplace_back("ln_z_true", energy_.log_z);
        scalars.emplace_back("ess", all.effective_share);
        scalars.emplace_back("ess_se", effective.standard_error());
        scalars.emplace_back("samples", count);
        layers.append_to(scalars);
        return scalars;
    }

private:
    Tensor target_log_density() const {
        return log_density_at_pixels(
            [&](const Tensor& x) { return -energy_.energy(x) - energy_.log_z; }, kWindow, kPixels);
    }
    Picture samples_over(const Tensor& target, const Tensor& samples) const {
        Tensor picture = density_map(target, max(target).item());
        scatter(picture, kWindow, samples, kSamples);
        return {.name = "samples", .pixels = picture, .filmed = true, .scale = 1};
    }

    const Energy& energy_;
    Device device_;
    std::int64_t batch_, anneal_;
    Gradient gradient_;
};

}  // namespace

std::unique_ptr<FlowProblem> energy_problem(const Settings& settings) {
    return std::make_unique<EnergyProblem>(settings);
}

}  // namespace eps::models::flow
