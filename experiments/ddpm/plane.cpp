// Densities in the plane. The network takes points that are centred and of unit variance.
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/toy.h"
#include "experiments/data/toy_units.h"
#include "experiments/ddpm/estimates.h"
#include "experiments/ddpm/problem.h"
#include "experiments/metrics/modes.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/plot.h"
#include "models/ddpm/likelihood.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kPixels = 320, kPanel = 128;  // sides of a picture, and of a strip's panel
constexpr std::int64_t kDots = 1000;
constexpr std::int64_t kReported = 2500;  // PacGAN's protocol   (Lin et al. 2018, section 4.1)
constexpr std::int64_t kBounded = 40000, kOde = 500;  // held-out points of the two likelihoods
constexpr Colour kData{0.75f, 0.75f, 0.75f}, kInk{0.1f, 0.3f, 0.8f};

class Plane final : public DdpmProblem {
public:
    explicit Plane(const Settings& settings)
        : toy_(data::make_toy(settings.data)),
          batch_(settings.batch),
          conditional_(settings.classes > 0),
          has_ode_(settings.schedule != "zero-snr" && !conditional_),
          points_(data::reference_points(toy_)),
          units_(points_),
          window_(window_around(narrow(points_, 0, 0, 2000))) {}

    Shape sample_shape() const override { return {2}; }
    /// "x", and "y" in a conditional run.
    StepTensors inputs(std::int64_t, Generator& generator) override {
        const Minibatch batch = draw(batch_, generator);
        return conditional_ ? StepTensors{{"x", batch.x}, {"y", batch.y}}
                            : StepTensors{{"x", batch.x}};
    }
    Minibatch batch(const StepTensors& inputs) override {
        return {inputs.at("x"), conditional_ ? inputs.at("y") : Tensor()};
    }

protected:
    Minibatch held_out(std::int64_t most, Generator& generator) override {
        return draw(most, generator);
    }

    std::int64_t report_count() override { return kReported; }
    std::int64_t shown_count() const override { return kDots; }
    std::int64_t strip_samples() const override { return kDots; }
    int scale() const override { return 1; }

    /// The gray dots are data.
    Tensor picture(const Tensor& x) const override { return panel(x, kPixels, 1.5); }
    /// Panels side by side.
    Tensor strip(const std::vector<Tensor>& states) const override {
        std::vector<Tensor> panels;
        for (const Tensor& x : states) panels.push_back(panel(x, kPanel, 0.75));
        return concat(panels, 1);
    }

    Scalars likelihood(EvaluationModel& model, Generator& generator) override {
        const Minibatch examples = draw(kBounded, generator);
        BoundEstimate bound = estimate_bound(model, examples, generator);
        bound.l_0.mean += units_.log_area();
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
        if (!has_ode_) return scalars;

        const Tensor x = narrow(examples.x, 0, 0, kOde);
        const Tensor nll = units_.log_area() - log_likelihood(model, x, generator);
        add("nll_ode", mean_with_error(nll));
        if (toy_.has_density()) {
            const NoGrad guard;
            const Tensor truth = -toy_.log_density(units_.to_plane(x));
            add("nll_true", mean_with_error(truth));
            add("kl_ode", mean_with_error(nll - truth));
        }
        scalars.emplace_back("ode_samples", static_cast<double>(kOde));
        return scalars;
    }

    Scalars report(const Tensor& samples, Generator& generator) override {
        return metrics::toy_report(units_.to_plane(samples), toy_, generator);
    }

private:
    Minibatch draw(std::int64_t count, Generator& generator) const {
        const Tensor x = toy_.sample(count, generator);
        return {units_.to_units(x), conditional_ ? metrics::nearest_mode(x, toy_.modes) : Tensor()};
    }

    static Tensor log_likelihood(EvaluationModel& model, const Tensor& x, Generator& generator) {
        const nn::Evaluation scope = model.evaluation();
        const Tensor log_p = ode_log_likelihood(model.schedule(), model.denoiser({}),
                                                to(x, model.device()), 0, 0, generator);
        return to(to(log_p, cpu), f64);
    }
    static BoundEstimate::Term mean_with_error(const Tensor& values) {
        Estimate estimate;
        estimate.add(values);
        return {estimate.mean(), estimate.standard_error()};
    }

    Tensor panel(const Tensor& x, std::int64_t side, double radius) const {
        Tensor picture = ones({side, side, 3});
        scatter(picture, window_, narrow(points_, 0, 0, kDots), kData, radius, 0.5);
        scatter(picture, window_, units_.to_plane(x), kInk, radius);
        return picture;
    }

    data::Toy toy_;
    std::int64_t batch_;
    bool conditional_;
    bool has_ode_;   // its likelihood is known
    Tensor points_;  // the same in every run; for units and pictures
    data::ToyUnits units_;
    Window window_;
};

}  // namespace

std::unique_ptr<DdpmProblem> plane_problem(const Settings& settings) {
    return std::make_unique<Plane>(settings);
}

}  // namespace eps::models::ddpm
