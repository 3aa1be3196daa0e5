// Points of a density in the plane. The flow takes them centred and of unit variance.
#include <cmath>
#include <utility>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/toy.h"
#include "experiments/data/toy_units.h"
#include "experiments/flow/plots.h"
#include "experiments/flow/problem.h"
#include "experiments/metrics/report.h"
#include "models/distributions/pairwise_distances.h"
#include "models/flow/flow_matching.h"
#include "models/flow/transport.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

// The side of a density; that of a continuous flow takes an integral a pixel.
constexpr std::int64_t kPixels = 240, kFewPixels = 80;
constexpr std::int64_t kReported = 2500;  // PacGAN's protocol   (Lin et al. 2018, section 4.1)
constexpr std::int64_t kAtOnce = 5000, kHeldOut = 100000, kHeldOutContinuous = 5000;
constexpr double kLeastNoise = 0.01;    // share of the first noise that is left at the end
constexpr Window kUnits{-4, 4, -4, 4};  // window of the film, in units of the flow

// Solves a continuous flow only as well as eyes can see, until the end of the scope.
class CoarseSolver {
public:
    explicit CoarseSolver(Model& model) : flow_(model.continuous) {
        if (flow_)
            before_ = std::exchange(flow_->options, {.method = OdeMethod::heun, .steps = 12});
    }
    ~CoarseSolver() {
        if (flow_) flow_->options = before_;
    }
    CoarseSolver(const CoarseSolver&) = delete;
    CoarseSolver& operator=(const CoarseSolver&) = delete;

private:
    ContinuousFlow* flow_;
    OdeOptions before_;
};

class Plane final : public FlowProblem {
public:
    explicit Plane(const Settings& settings)
        : toy_(data::make_toy(settings.target_name)),
          device_(settings.device),
          batch_(settings.batch),
          held_out_(settings.continuous() ? kHeldOutContinuous : kHeldOut),
          side_(settings.continuous() ? kFewPixels : kPixels),
          noise_(settings.noise),
          anneal_(settings.anneal),
          transport_(settings.transport),
          points_(data::reference_points(toy_)),
          units_(points_),
          window_(window_around(narrow(points_, 0, 0, 2000))) {
        if (toy_.has_density())
            background_ = log_density_at_pixels(toy_.log_density, window_, kPixels);
    }

    /// "x": the points of the batch.
    StepTensors inputs(std::int64_t index, Generator& generator) override {
        const Tensor x = units_.to_units(toy_.sample(batch_, generator));
        return {{"x", with_noise(x, index, generator)}};
    }
    Loss loss(Model& model, const StepTensors& inputs, Generator& generator) override {
        const Tensor& x = inputs.at("x");
        if (model.continuous) {
            const Tensor base = model.q->base().sample(batch_, generator);
            const Tensor loss = matching(model.continuous->velocity(), base, x, generator);
            return {loss, {{"loss", loss}}};
        }
        const Tensor loss = model.q->forward_kl(x);
        return {loss, {{"loss", to(detach(loss), f64) + units_.log_area()}}};
    }

    /// The target's density (or data), and beside it the flow's.
    std::vector<Picture> pictures(Model& model, Generator& generator) override {
        const CoarseSolver solver(model);
        const Tensor fitted = log_density_at_pixels(
            [&](const Tensor& x) {
                return to(model.q->log_prob(to(units_.to_units(x), device_)), cpu) -
                       units_.log_area();
            },
            window_, side_);
        const double peak = max(background_.defined() ? background_ : fitted).item();
        const Tensor both = side_by_side(target(side_, peak), density_map(fitted, peak));
        return {picture(model.q->sample(kDots, generator)),
                {.name = "density",
                 .pixels = both,
                 .filmed = true,
                 .scale = static_cast<int>(kPixels / side_)},
                warp(model, kUnits, generator)};
    }

    std::vector<Picture> samples(Model& model, std::int64_t count, Generator& generator) override {
        const Tensor z = model.q->sample(count, generator);
        check_points(z, "sample");
        return {picture(z), warp(model, kUnits, generator)};
    }

    /// Evaluates fresh data. The gap to the entropy is estimated from the same data as both, so
    /// that their common error cancels.
    Scalars evaluate(Model& model, Generator& generator) override {
        Estimate nll, entropy, gap;
        LayerMeans layers;
        for (std::int64_t start = 0; start < held_out_; start += kAtOnce) {
            const Tensor x = toy_.sample(kAtOnce, generator);
            const LayerDensities at = densities_at(model, to(units_.to_units(x), device_));
            const Tensor log_prob = to(to(at.log_prob, cpu), f64) - units_.log_area();
            nll.add(-log_prob);
            layers.add(at.log_det);
            if (!toy_.has_density()) continue;
            const Tensor truth = toy_.log_density(x);
            entropy.add(-truth);
            gap.add(truth - log_prob);
        }
        Scalars scalars;
        append(scalars, "nll", nll);
        if (toy_.has_density()) {
            append(scalars, "entropy", entropy);
            append(scalars, "nll_gap", gap);
        }
        scalars.emplace_back("nll_samples", static_cast<double>(held_out_));
        layers.append_to(scalars);
        for (auto& scalar :
             metrics::toy_report(in_plane(model.q->sample(kReported, generator)), toy_, generator))
            scalars.push_back(std::move(scalar));
        return scalars;
    }

private:
    Tensor in_plane(const Tensor& z) const { return units_.to_plane(to(z, cpu)); }

    /// Noise that joins the modes at first and lets them part slowly: between modes of their final
    /// size there is no gradient that would lead a flow to them.
    Tensor with_noise(const Tensor& x, std::int64_t step, Generator& generator) const {
        if (step >= anneal_) return x;
        const double deviation = noise_ * std::pow(kLeastNoise, static_cast<double>(step) /
                                                                    static_cast<double>(anneal_));
        return x + deviation * randn(x.shape(), x.options(), generator);
    }

    Tensor matching(Velocity& velocity, Tensor noise, const Tensor& x, Generator& generator) const {
        if (transport_) noise = index_select(noise, 0, to(transport_order(noise, x), device_));
        return mean(flow_matching_loss(velocity, noise, x, rand({batch_}, x.options(), generator)));
    }

    Tensor target(std::int64_t side, double peak) const {
        if (toy_.has_density())
            return density_map(side == kPixels
                                   ? background_
                                   : log_density_at_pixels(toy_.log_density, window_, side),
                               peak);
        Tensor picture = ones({side, side, 3});
        scatter(picture, window_, narrow(points_, 0, 0, kDots), {0.3f, 0.3f, 0.3f},
                side == kPixels ? 1.5 : 0.7);
        return picture;
    }
    Picture picture(const Tensor& z) const {
        Tensor picture = target(kPixels, background_.defined() ? max(background_).item() : 0);
        scatter(picture, window_, in_plane(z), kSamples);
        return {.name = "samples", .pixels = picture, .filmed = true, .scale = 1};
    }

    data::Toy toy_;
    Device device_;
    std::int64_t batch_, held_out_, side_;
    double noise_;
    std::int64_t anneal_;
    bool transport_;
    Tensor points_;  // the same in every run; for units and pictures
    data::ToyUnits units_;
    Window window_;
    Tensor background_;  // log-density at the pixels; undefined if it is not known
};

}  // namespace

std::unique_ptr<FlowProblem> plane_problem(const Settings& settings) {
    return std::make_unique<Plane>(settings);
}

}  // namespace eps::models::flow
