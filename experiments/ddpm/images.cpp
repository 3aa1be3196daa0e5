// Images of 28x28 pixels of 8 bits. The network takes them in [-1, 1], [m, 1, 28, 28].
#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/image_source.h"
#include "experiments/ddpm/estimates.h"
#include "experiments/ddpm/problem.h"
#include "experiments/metrics/bits_per_dim.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/image_grid.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kSide = data::ImageSource::kSide, kPixels = data::ImageSource::kPixels;
constexpr std::int64_t kShown = 64, kStripSamples = 6;
constexpr std::int64_t kReported = 1000, kBounded = 4000;  // images: minutes on two cores

class Images final : public DdpmProblem {
public:
    explicit Images(const Settings& settings)
        : data_({.name = settings.data,
                 .dir = settings.data_dir,
                 .batch = settings.batch,
                 .order_seed = settings.seed + 1,
                 .device = settings.device}),
          classes_(settings.classes) {}

    Shape sample_shape() const override { return {1, kSide, kSide}; }
    /// "rows": the indices of the minibatch.
    StepTensors inputs(std::int64_t index, Generator&) override {
        return {{"rows", data_.rows(index)}};
    }
    Minibatch batch(const StepTensors& inputs) override {
        const Tensor& rows = inputs.at("rows");
        return {as_network_input(data_.train_pixels(rows)),
                classes_ > 0 ? data_.train_labels(rows) : Tensor()};
    }
    std::int64_t steps_per_epoch() override { return data_.steps_per_epoch(); }

protected:
    Minibatch held_out(std::int64_t most, Generator&) override { return first(data_.test(), most); }

    std::int64_t report_count() override {
        return std::min(kReported, data_.test().images.size(0));
    }
    std::int64_t shown_count() const override { return kShown; }
    std::int64_t strip_samples() const override { return kStripSamples; }
    int scale() const override { return 2; }

    /// With classes, a column is a class.
    Tensor picture(const Tensor& x) const override {
        return image_grid(reshape(pixels(x), {x.size(0), kSide, kSide}), classes_);
    }
    /// Each row is a sample.
    Tensor strip(const std::vector<Tensor>& states) const override {
        std::vector<Tensor> columns;
        for (const Tensor& x : states) columns.push_back(pixels(x));
        const std::int64_t times = static_cast<std::int64_t>(states.size());
        return image_grid(reshape(stack(columns, 1), {-1, kSide, kSide}), times);
    }

    Scalars likelihood(EvaluationModel& model, Generator& generator) override {
        const Minibatch test = first(data_.test(), kBounded);
        const Minibatch train = first(data_.train(), test.x.size(0));
        const BoundEstimate bound = estimate_bound(model, test, generator);
        Scalars scalars;
        const auto add = [&](const std::string& name, const BoundEstimate::Term& term) {
            scalars.emplace_back(name, metrics::bits_per_dim(term.mean, kPixels));
            scalars.emplace_back(name + "_se", metrics::bits_per_dim(term.se, kPixels));
        };
        add("bits_per_dim", bound.total());
        add("l_T", bound.l_T);
        add("l_mid", bound.l_mid);
        add("l_0", bound.l_0);
        add("bits_per_dim_train", estimate_bound(model, train, generator).total());
        scalars.emplace_back("bound_samples", static_cast<double>(test.x.size(0)));
        return scalars;
    }

    Scalars report(const Tensor& samples, Generator& generator) override {
        if (data_.smaller_split() < metrics::kFewestPoints) return {};
        return metrics::image_report(pixels(samples), data_.train(), data_.test(), generator);
    }

private:
    static Tensor as_network_input(const Tensor& pixels) {
        const NoGrad guard;
        return reshape(pixels, {pixels.size(0), 1, kSide, kSide}) * 2.0 - 1.0;
    }
    Minibatch first(const data::ImageDataset& set, std::int64_t most) const {
        const std::int64_t count = std::min(most, set.images.size(0));
        return {as_network_input(data::pixels_of(set, 0, count)),
                classes_ > 0 ? narrow(set.labels, 0, 0, count) : Tensor()};
    }
    /// [m, 784] in [0, 1]; values beyond, on the way from noise, become black or white.
    static Tensor pixels(const Tensor& x) {
        const NoGrad guard;
        return clamp(reshape(x, {x.size(0), kPixels}) * 0.5 + 0.5, {.lo = 0, .hi = 1});
    }

    data::ImageSource data_;
    std::int64_t classes_;
};

}  // namespace

std::unique_ptr<DdpmProblem> image_problem(const Settings& settings) {
    return std::make_unique<Images>(settings);
}

}  // namespace eps::models::ddpm
