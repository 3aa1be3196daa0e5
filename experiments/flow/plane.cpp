// Toys: densities in the plane. The flow has them centred and of unit variance.
#include <cmath>
#include <utility>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/toy.h"
#include "experiments/flow/domain.h"
#include "models/flow/flow_matching.h"
#include "experiments/flow/portrait.h"
#include "models/flow/transport.h"
#include "experiments/metrics/report.h"
#include "tensor/create.h"
#include "tensor/capture/host_input.h"

namespace eps::models::flow {
namespace {

// a side of each density; of a continuous flow's, which takes an integral a pixel
constexpr std::int64_t kPixels = 240, kFewPixels = 80;
// of PacGAN's protocol   (Lin et al. 2018, section 4.1)
constexpr std::int64_t kReported = 2500;
constexpr std::int64_t kAtOnce = 5000, kHeldOut = 100000;
constexpr std::int64_t kHeldOutContinuous = 5000;
constexpr double kLeastNoise = 0.01;    // of the first
constexpr Window kUnits{-4, 4, -4, 4};  // of the film: units of the flow

// A continuous flow, solved no better than eyes can see, until the end of the scope.
class Coarse {
public:
    explicit Coarse(Model& model) : flow_(model.continuous) {
        if (flow_)
            before_ = std::exchange(flow_->options, {.method = OdeMethod::heun, .steps = 12});
    }
    ~Coarse() {
        if (flow_) flow_->options = before_;
    }
    Coarse(const Coarse&) = delete;
    Coarse& operator=(const Coarse&) = delete;

private:
    ContinuousFlow* flow_;
    OdeOptions before_;
};

class Plane final : public Domain {
public:
    explicit Plane(const Settings& settings)
        : toy_(data::make_toy(settings.target_name)),
          device_(settings.device),
          batch_(settings.batch),
          held_out_(settings.continuous() ? kHeldOutContinuous : kHeldOut),
          side_(settings.continuous() ? kFewPixels : kPixels),
          noise_(settings.noise),
          anneal_(settings.anneal),
          transport_(settings.transport) {
        Generator generator(1);
        const Tensor x = toy_.sample(20000, generator);
        centre_ = mean(x, {0});
        deviation_ = std::sqrt(mean(square(x - centre_)).item());
        const Tensor few = narrow(x, 0, 0, 2000);
        window_ = window_around(few);
        background_ = toy_.has_density() ? log_density_at_pixels(toy_.log_density, window_, kPixels)
                                         : Tensor();
        data_ = narrow(x, 0, 0, kDots);
    }

    PartLoss loss(Model& model, const std::function<std::int64_t()>& index,
                  Generator& generator) override {
        const Tensor x = host_tensor(device_, [this, index, &generator] {
            const NoGrad guard;
            return with_noise(in_units(toy_.sample(batch_, generator)), index(), generator);
        });
        if (model.continuous) {
            const Tensor loss = matching(model.continuous->velocity(),
                                         model.q->base().sample(batch_, generator), x, generator);
            return {loss, {{"loss", loss}}};
        }
        const Tensor loss = model.q->forward_kl(x);
        return {loss, {{"loss", to(detach(loss), f64) + unit()}}};
    }

    /// The target's density (or data), and beside it the flow's.
    std::vector<Picture> pictures(Model& model, Generator& generator) override {
        const Coarse solver(model);
        const Tensor fitted = log_density_at_pixels(
            [&](const Tensor& x) {
                return to(model.q->log_prob(to(in_units(x), device_)), cpu) - unit();
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
        return {picture(model.q->sample(count, generator)), warp(model, kUnits, generator)};
    }

    /// On fresh data. The gap to the entropy is of the same data: what both have of their luck
    /// cancels.
    Scalars evaluate(Model& model, Generator& generator) override {
        Estimate nll, entropy, gap;
        LayerMeans layers;
        for (std::int64_t start = 0; start < held_out_; start += kAtOnce) {
            const Tensor x = toy_.sample(kAtOnce, generator);
            const LayerDensities at = densities_at(model, to(in_units(x), device_));
            const Tensor log_prob = to(to(at.log_prob, cpu), f64) - unit();
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
    Tensor in_units(const Tensor& x) const { return (x - centre_) / deviation_; }
    Tensor in_plane(const Tensor& z) const { return to(z, cpu) * deviation_ + centre_; }
    /// What -log p of points of the plane is more than that of what the flow has.
    double unit() const { return 2 * std::log(deviation_); }

    /// Modes that noise joins and that part slowly are found; between modes of the last size there
    /// is no gradient that would show a flow the way.
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
        scatter(picture, window_, data_, {0.3f, 0.3f, 0.3f}, side == kPixels ? 1.5 : 0.7);
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
    Tensor centre_, background_, data_;
    double deviation_ = 1;
    Window window_{};
};

}  // namespace

std::unique_ptr<Domain> plane(const Settings& settings) {
    return std::make_unique<Plane>(settings);
}

}  // namespace eps::models::flow
