// Toys: densities in the plane. The flow has them centred and of unit variance.
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/index.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "models/data/toy.h"
#include "models/flow/domain.h"
#include "models/flow/portrait.h"
#include "models/metrics/report.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr std::int64_t kPixels = 240;                       // a side of each density
constexpr std::int64_t kDots = 1000, kFrames = 33;
constexpr std::int64_t kReported = 2500;                    // of PacGAN's protocol   (Lin et al. 2018, section 4.1)
constexpr std::int64_t kAtOnce = 5000, kHeldOut = 100000;
constexpr std::int64_t kHeldOutContinuous = 10000;          // whose density takes an integral
constexpr Window kUnits{-4, 4, -4, 4};                      // of the film: units of the flow
constexpr Colour kInk{1.0f, 0.3f, 0.2f};

class Plane final : public Domain {
public:
    explicit Plane(const Settings& settings)
        : toy_(data::make_toy(settings.target_name)), batch_(settings.batch), held_out_(settings.continuous() ? kHeldOutContinuous : kHeldOut), transport_(settings.transport) {
        Generator generator(1);
        const Tensor x = toy_.sample(20000, generator);
        centre_ = mean(x, {0});
        deviation_ = std::sqrt(mean(square(x - centre_)).item());
        const Tensor few = narrow(x, 0, 0, 2000);
        window_ = window_around(few);
        background_ = toy_.has_density() ? log_density_at_pixels(toy_.log_density, window_, kPixels) : Tensor();
        data_ = narrow(x, 0, 0, kDots);
    }

    PartLoss loss(Model& model, std::int64_t, Generator& generator) override {
        const Tensor x = in_units(toy_.sample(batch_, generator));
        if (model.continuous) {
            const Tensor loss = matching(model.continuous->velocity(), model.q->base().sample(batch_, generator), x, generator);
            return {loss, {{"loss", loss.item()}}};
        }
        const Tensor loss = model.q->forward_kl(x);
        return {loss, {{"loss", loss.item() + unit()}}};
    }

    /// The target's density (or data), and beside it the flow's.
    std::vector<Picture> pictures(Model& model, Generator& generator) override {
        const Tensor fitted = log_density_at_pixels([&](const Tensor& x) { return model.q->log_prob(in_units(x)) - unit(); }, window_, kPixels);
        const double peak = max(background_.defined() ? background_ : fitted).item();
        return {picture(model.q->sample(kDots, generator)),
                {.name = "density", .pixels = side_by_side(target(peak), density_map(fitted, peak)), .filmed = true, .scale = 1}, warp(model, generator)};
    }

    std::vector<Picture> samples(Model& model, std::int64_t count, Generator& generator) override {
        return {picture(model.q->sample(count, generator)), warp(model, generator)};
    }

    /// On fresh data. The gap to the entropy is of the same data: what both have of their luck cancels.
    Scalars evaluate(Model& model, Generator& generator) override {
        Estimate nll, entropy, gap;
        LayerMeans layers;
        for (std::int64_t start = 0; start < held_out_; start += kAtOnce) {
            const Tensor x = toy_.sample(kAtOnce, generator);
            const LayerDensities at = densities_at(model, in_units(x));
            const Tensor log_prob = to(at.log_prob, f64) - unit();
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
        for (auto& scalar : metrics::toy_report(in_plane(model.q->sample(kReported, generator)), toy_, generator)) scalars.push_back(std::move(scalar));
        return scalars;
    }

private:
    Tensor in_units(const Tensor& x) const { return (x - centre_) / deviation_; }
    Tensor in_plane(const Tensor& z) const { return z * deviation_ + centre_; }
    /// What -log p of points of the plane is more than that of what the flow has.
    double unit() const { return 2 * std::log(deviation_); }

    Tensor matching(Velocity& velocity, Tensor noise, const Tensor& x, Generator& generator) const {
        if (transport_) noise = index_select(noise, 0, transport_order(noise, x));
        return mean(flow_matching_loss(velocity, noise, x, rand({batch_}, generator)));
    }

    Tensor target(double peak) const {
        if (background_.defined()) return density_map(background_, peak);
        Tensor picture = ones({kPixels, kPixels, 3});
        scatter(picture, window_, data_, {0.3f, 0.3f, 0.3f});
        return picture;
    }
    Picture picture(const Tensor& z) const {
        Tensor picture = target(background_.defined() ? max(background_).item() : 0);
        scatter(picture, window_, in_plane(z), kInk);
        return {.name = "samples", .pixels = picture, .filmed = true, .scale = 1};
    }
    Picture warp(Model& model, Generator& generator) const {
        const std::vector<Tensor> grid = on_the_way(model, grid_points(), kFrames);
        const std::vector<Tensor> dots = on_the_way(model, model.q->base().sample(kDots, generator), kFrames);
        return {.name = "warp", .pixels = warp_film(grid, dots, kUnits), .scale = 1};
    }

    data::Toy toy_;
    std::int64_t batch_, held_out_;
    bool transport_;
    Tensor centre_, background_, data_;
    double deviation_ = 1;
    Window window_{};
};

}  // namespace

std::unique_ptr<Domain> plane(const Settings& settings) { return std::make_unique<Plane>(settings); }

}  // namespace eps::models::flow
