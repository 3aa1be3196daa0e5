// Toys: densities in the plane. The network has them centred and of unit variance.
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/toy.h"
#include "experiments/ddpm/domain.h"
#include "experiments/ddpm/estimates.h"
#include "models/ddpm/likelihood.h"
#include "experiments/metrics/modes.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/plot.h"
#include "tensor/create.h"
#include "tensor/capture/host_input.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kPixels = 320, kPanel = 128;  // a side of a picture, and of each of a strip
constexpr std::int64_t kDots = 1000;
// of PacGAN's protocol   (Lin et al. 2018, section 4.1)
constexpr std::int64_t kReported = 2500;
constexpr std::int64_t kBounded = 40000, kOde = 500;
constexpr Colour kData{0.75f, 0.75f, 0.75f}, kInk{0.1f, 0.3f, 0.8f};

class Plane final : public Domain {
public:
    explicit Plane(const Settings& settings)
        : toy_(data::make_toy(settings.data)),
          device_(settings.device),
          batch_(settings.batch),
          conditional_(settings.classes > 0),
          ode_(settings.schedule != "zero-snr" && !conditional_) {
        Generator generator(1);
        const Tensor x = toy_.sample(20000, generator);
        centre_ = mean(x, {0});
        deviation_ = std::sqrt(mean(square(x - centre_)).item());
        window_ = window_around(narrow(x, 0, 0, 2000));
        data_ = narrow(x, 0, 0, kDots);
    }

    Shape sample_shape() const override { return {2}; }
    Minibatch batch(const std::function<std::int64_t()>&, Generator& generator) override {
        Minibatch batch{
            host_tensor(device_,
                        [this, &generator] { return (drawn_ = draw(batch_, generator)).x; }),
            {}};
        if (conditional_) batch.y = host_tensor(device_, [this] { return drawn_.y; });
        return batch;
    }
    std::int64_t batches_per_epoch() override { return 0; }
    Minibatch held_out(std::int64_t most, Generator& generator) override {
        return draw(most, generator);
    }

    std::int64_t report_count() override { return kReported; }
    std::int64_t shown_count() const override { return kDots; }
    std::int64_t strip_rows() const override { return kDots; }
    int scale() const override { return 1; }

    /// Gray: data.
    Tensor picture(const Tensor& x) const override { return panel(x, kPixels, 1.5); }
    /// Panels side by side.
    Tensor strip(const std::vector<Tensor>& states) const override {
        std::vector<Tensor> panels;
        for (const Tensor& x : states) panels.push_back(panel(x, kPanel, 0.75));
        return concat(panels, 1);
    }

    Scalars likelihood(Trained& model, Generator& generator) override {
        const Minibatch examples = draw(kBounded, generator);
        BoundEstimate bound = estimate_bound(model, examples, generator);
        bound.l_0.mean += unit();
        Scalars scalars;
        const auto add = [&](const std::string& name, const BoundEstimate::Term& term) {
            scalars.emplace_back(name, term.mean);
            scalars.emplace_back(name + "_se", term.se);
        };
        add("nll_bound", bound.total());
        add("l_T", bound.l_T);
        add("l_mid", bound.l_mid);
        add("l_0", bound.l_0);
        scalars.emplace_back("bound_samples", static_cast<double>(kBounded));
        if (!ode_) return scalars;

        const Tensor x = narrow(examples.x, 0, 0, kOde);
        const Tensor at = to(x, device_);
        const Tensor log_p = model.with_weights([&] {
            return ode_log_likelihood(model.schedule(), model.denoiser({}), at, 0, 0, generator);
        });
        const Tensor nll = unit() - to(to(log_p, cpu), f64);
        add("nll_ode", mean_with_error(nll));
        if (toy_.has_density()) {
            const NoGrad guard;
            const Tensor truth = -toy_.log_density(shown(x));
            add("nll_true", mean_with_error(truth));
            add("kl_ode", mean_with_error(nll - truth));
        }
        scalars.emplace_back("ode_samples", static_cast<double>(kOde));
        return scalars;
    }

    Scalars report(const Tensor& samples, Generator& generator) override {
        return metrics::toy_report(shown(samples), toy_, generator);
    }

private:
    Minibatch draw(std::int64_t count, Generator& generator) const {
        const NoGrad guard;
        const Tensor x = toy_.sample(count, generator);
        return {(x - centre_) / deviation_,
                conditional_ ? metrics::nearest_mode(x, toy_.modes) : Tensor()};
    }
    Tensor shown(const Tensor& x) const {
        const NoGrad guard;
        return x * deviation_ + centre_;
    }
    /// What -log p of the data is more than that of what the network has.
    double unit() const { return 2 * std::log(deviation_); }

    static BoundEstimate::Term mean_with_error(const Tensor& values) {
        Estimate estimate;
        estimate.add(values);
        return {estimate.mean(), estimate.standard_error()};
    }

    Tensor panel(const Tensor& x, std::int64_t side, double radius) const {
        Tensor picture = ones({side, side, 3});
        scatter(picture, window_, data_, kData, radius, 0.5);
        scatter(picture, window_, shown(x), kInk, radius);
        return picture;
    }

    data::Toy toy_;
    Device device_;
    std::int64_t batch_;
    bool conditional_, ode_;
    Tensor centre_, data_;
    double deviation_ = 1;
    Window window_{};
    Minibatch drawn_;
};

}  // namespace

std::unique_ptr<Domain> plane(const Settings& settings) {
    return std::make_unique<Plane>(settings);
}

}  // namespace eps::models::ddpm
