// Toys: densities in the plane.
#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/toy.h"
#include "experiments/gan/domain.h"
#include "experiments/metrics/modes.h"
#include "models/distributions/parzen.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/plot.h"
#include "tensor/create.h"
#include "tensor/capture/host_input.h"

namespace eps::models::gan {
namespace {

constexpr std::int64_t kPixels = 320;  // a side of a picture
constexpr std::int64_t kStrip = 32;    // rows of it that D sees at once: bounds memory
// of PacGAN's protocol   (Lin et al. 2018, section 4.1)
constexpr std::int64_t kTestSamples = 2500;
constexpr std::int64_t kDots = 1000;     // in a picture, of samples and of data
constexpr std::int64_t kWindows = 2000;  // of the kernel estimates behind d_gap
constexpr std::int64_t kPlaces = 250;    // where D is compared, among data and among samples
constexpr Colour kData{0.05f, 0.05f, 0.05f}, kSample{1.0f, 0.3f, 0.2f}, kInk{0.1f, 0.3f, 0.8f};

class Plane final : public Domain {
public:
    explicit Plane(const Settings& settings)
        : toy_(data::make_toy(settings.data)),
          device_(settings.device),
          batch_(settings.batch),
          look_every_(settings.log_every),
          conditional_(settings.network.classes > 0),
          has_optimum_(settings.network.pac == 1 && !settings.network.minibatch_stddev &&
                       !conditional_ && settings.label_smoothing == 0 &&
                       settings.objective->discriminator_loss ==
                           objective("minimax").discriminator_loss) {
        Generator generator(1);
        window_ = window_around(toy_.sample(2000, generator));
    }

    Minibatch batch(const std::function<std::int64_t()>&, Generator& generator) override {
        Minibatch batch{
            host_tensor(device_,
                        [this, &generator] { return (drawn_ = draw(batch_, generator)).x; }),
            {}};
        if (conditional_) batch.y = host_tensor(device_, [this] { return drawn_.y; });
        return batch;
    }
    std::int64_t batches_per_epoch() override { return 0; }
    std::int64_t look_every() const override { return look_every_; }

    /// Samples over D = sigmoid of the logits: purple where it sees samples, yellow where it sees
    /// data. Black: data.
    std::vector<Picture> pictures(Sampler& sampler, Generator& generator) override {
        const NoGrad guard;
        const Tensor made = sampler.samples(sampler.noise_in_turn(kDots, generator)),
                     points = pixel_points(window_, kPixels, kPixels);
        std::vector<Tensor> logits;
        for (const Tensor& x : split(points, kStrip * kPixels)) {
            const Minibatch places{x,
                                   conditional_ ? metrics::nearest_mode(x, toy_.modes) : Tensor()};
            logits.push_back(
                sampler.logits(places, [&](std::int64_t count) { return draw(count, generator); }));
        }
        Tensor picture = heat_map(reshape(sigmoid(concat(logits)), {kPixels, kPixels}), 0, 1);
        scatter(picture, window_, toy_.sample(kDots, generator), kData, 2.5, 0.4);
        scatter(picture, window_, made, kSample, 1.5);
        return {{.name = "samples", .pixels = picture, .filmed = true, .scale = 1}};
    }

    Picture samples(Sampler& sampler, std::int64_t count, Generator& generator) override {
        Tensor picture = ones({kPixels, kPixels, 3});
        scatter(picture, window_, sampler.samples(sampler.noise_in_turn(count, generator)), kInk);
        return {.name = "samples", .pixels = picture, .scale = 1};
    }

    /// modes, hq, reverse_kl of mixtures, and d_gap: the mean of |D - D*| where data and samples
    /// are, D* = p_data / (p_data + p_g)   (Goodfellow et al. 2014, Proposition 1). p_g is known by
    /// its samples alone; so that both densities are blurred alike, both are kernel estimates from
    /// as many draws. The kernel is the instance noise that D sees, which makes them unbiased, but
    /// never narrower than the samples allow.
    Scalars look(Sampler& sampler, double instance_noise, Generator& generator) override {
        Scalars scalars;
        if (toy_.modes.defined()) {
            const Tensor made = sampler.samples(sampler.noise(kTestSamples, generator));
            const metrics::ModeCoverage found =
                metrics::mode_coverage(made, toy_.modes, toy_.sigma);
            scalars = {{"modes", static_cast<double>(found.modes)},
                       {"hq", found.hq},
                       {"reverse_kl", found.reverse_kl}};
        }
        if (has_optimum_) scalars.emplace_back("d_gap", gap(sampler, instance_noise, generator));
        return scalars;
    }

    Scalars evaluate(Sampler& sampler, Generator& generator) override {
        return metrics::toy_report(sampler.samples(sampler.noise(kTestSamples, generator)), toy_,
                                   generator);
    }

private:
    Minibatch draw(std::int64_t count, Generator& generator) const {
        const Tensor x = toy_.sample(count, generator);
        return {x, conditional_ ? metrics::nearest_mode(x, toy_.modes) : Tensor()};
    }

    double gap(Sampler& sampler, double instance_noise, Generator& generator) const {
        const NoGrad guard;
        const double width =
            std::hypot(instance_noise, std::max(toy_.sigma, (window_.right - window_.left) / 80));
        const auto data = [&](std::int64_t count) { return toy_.sample(count, generator); };
        const auto made = [&](std::int64_t count) {
            return sampler.samples(sampler.noise(count, generator), true);
        };
        const Tensor clean = concat({data(kPlaces), made(kPlaces)}),
                     at = clean + instance_noise * randn(clean.shape(), generator);
        const Tensor p = parzen_log_density(at, data(kWindows), width);
        const Tensor q = parzen_log_density(at, made(kWindows), width);
        return mean(abs(sigmoid(to(sampler.logits({at, {}}, {}), f64)) - sigmoid(p - q))).item();
    }

    data::Toy toy_;
    Device device_;
    std::int64_t batch_, look_every_;
    bool conditional_, has_optimum_;
    Window window_{};
    Minibatch drawn_;
};

}  // namespace

std::unique_ptr<Domain> plane(const Settings& settings) {
    return std::make_unique<Plane>(settings);
}

}  // namespace eps::models::gan
