// Densities in the plane.
#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/toy.h"
#include "experiments/gan/problem.h"
#include "experiments/metrics/modes.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/plot.h"
#include "models/distributions/pairwise_distances.h"
#include "models/distributions/parzen.h"
#include "tensor/capture/host_input.h"
#include "tensor/create.h"

namespace eps::models::gan {
namespace {

constexpr std::int64_t kPixels = 320;  // the side of a picture
constexpr std::int64_t kStrip = 32;    // lines of a picture that D evaluates at once: bounds memory
constexpr std::int64_t kTestSamples = 2500;  // PacGAN's protocol   (Lin et al. 2018, section 4.1)
constexpr std::int64_t kDots = 1000;         // samples in a picture, and points of data
constexpr std::int64_t kWindows = 2000;      // samples in a kernel estimate behind d_gap
constexpr std::int64_t kCompared = 250;      // points of data, and samples, at which D is compared
constexpr Colour kData{0.05f, 0.05f, 0.05f}, kSample{1.0f, 0.3f, 0.2f}, kInk{0.1f, 0.3f, 0.8f};

class Plane final : public GanProblem {
public:
    explicit Plane(const Settings& settings)
        : toy_(data::make_toy(settings.data)),
          device_(settings.device),
          batch_(settings.batch),
          observe_every_(settings.log_every),
          conditional_(settings.network.classes > 0),
          has_optimum_(settings.network.pac == 1 && !settings.network.minibatch_stddev &&
                       !conditional_ && settings.label_smoothing == 0 &&
                       settings.objective->discriminator_loss ==
                           objective("minimax").discriminator_loss) {
        Generator generator(1);
        window_ = window_around(toy_.sample(2000, generator));
    }

    /// None: points are drawn in the middle of the step, after the noise of the same minibatch.
    StepTensors inputs(std::int64_t, Generator&) override { return {}; }
    Minibatch batch(const StepTensors&, std::int64_t, Generator& generator) override {
        const std::vector<Tensor> drawn = host_tensors(device_, [this, &generator] {
            const Minibatch batch = draw(batch_, generator);
            return conditional_ ? std::vector<Tensor>{batch.x, batch.y}
                                : std::vector<Tensor>{batch.x};
        });
        return {drawn[0], conditional_ ? drawn[1] : Tensor()};
    }
    std::int64_t observe_every() const override { return observe_every_; }

    /// Samples over D = sigmoid of the logits: purple where D takes x for a sample, yellow where it
    /// takes x for data. Black: data.
    std::vector<Picture> pictures(Sampler& sampler, Generator& generator) override {
        const NoGrad guard;
        const Tensor made = sampler.samples(sampler.noise_in_turn(kDots, generator));
        const Tensor points = pixel_points(window_, kPixels, kPixels);
        std::vector<Tensor> logits;
        const auto company = [&](std::int64_t count) { return draw(count, generator); };
        for (const Tensor& x : split(points, kStrip * kPixels))
            logits.push_back(sampler.logits(with_classes(x), company));
        Tensor picture = heat_map(reshape(sigmoid(concat(logits)), {kPixels, kPixels}), 0, 1);
        scatter(picture, window_, toy_.sample(kDots, generator), kData, 2.5, 0.4);
        scatter(picture, window_, made, kSample, 1.5);
        return {{.name = "samples", .pixels = picture, .filmed = true, .scale = 1}};
    }

    std::vector<Picture> samples(Sampler& sampler, std::int64_t count,
                                 Generator& generator) override {
        const Tensor made = sampler.samples(sampler.noise_in_turn(count, generator));
        check_points(made, "sample");
        Tensor picture = ones({kPixels, kPixels, 3});
        scatter(picture, window_, made, kInk);
        return {{.name = "samples", .pixels = picture, .scale = 1}};
    }

    /// modes, hq and reverse_kl of mixtures, and d_gap: the mean of |D - D*| over data and samples,
    ///     D* = p_data / (p_data + p_g)   (Goodfellow et al. 2014, Proposition 1).
    /// p_g is known by its samples alone, so both densities are kernel estimates from as many
    /// draws, which blurs them alike. The kernel is the instance noise in D's inputs, which makes
    /// the estimates unbiased, but never narrower than the samples allow.
    Scalars observe(Sampler& sampler, double instance_noise, Generator& generator) override {
        Scalars scalars;
        if (toy_.modes.defined()) {
            const Tensor made = sampler.samples(sampler.noise(kTestSamples, generator));
            const metrics::ModeCoverage found =
                metrics::mode_coverage(made, toy_.modes, toy_.sigma);
            scalars = {{"modes", static_cast<double>(found.modes)},
                       {"hq", found.high_quality.value},
                       {"reverse_kl", found.reverse_kl.value}};
        }
        if (has_optimum_) scalars.emplace_back("d_gap", gap(sampler, instance_noise, generator));
        return scalars;
    }

    Scalars evaluate(Sampler& sampler, Generator& generator) override {
        return metrics::toy_report(sampler.samples(sampler.noise(kTestSamples, generator)), toy_,
                                   generator);
    }

private:
    Minibatch with_classes(const Tensor& x) const {
        return {x, conditional_ ? metrics::nearest_mode(x, toy_.modes) : Tensor()};
    }
    Minibatch draw(std::int64_t count, Generator& generator) const {
        return with_classes(toy_.sample(count, generator));
    }

    double gap(Sampler& sampler, double instance_noise, Generator& generator) const {
        const NoGrad guard;
        const double width =
            std::hypot(instance_noise, std::max(toy_.sigma, (window_.right - window_.left) / 80));
        const auto data = [&](std::int64_t count) { return toy_.sample(count, generator); };
        const auto made = [&](std::int64_t count) {
            return sampler.samples(sampler.noise(count, generator), true);
        };
        const Tensor clean = concat({data(kCompared), made(kCompared)});
        const Tensor at = clean + instance_noise * randn(clean.shape(), generator);
        const Tensor p = parzen_log_density(at, data(kWindows), width);
        const Tensor q = parzen_log_density(at, made(kWindows), width);
        return mean(abs(sigmoid(to(sampler.logits({at, {}}, {}), f64)) - sigmoid(p - q))).item();
    }

    data::Toy toy_;
    Device device_;
    std::int64_t batch_, observe_every_;
    bool conditional_, has_optimum_;
    Window window_{};
};

}  // namespace

std::unique_ptr<GanProblem> plane_problem(const Settings& settings) {
    return std::make_unique<Plane>(settings);
}

}  // namespace eps::models::gan
