// Images of 28x28 pixels.
#include <algorithm>
#include <numbers>
#include <optional>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/image_source.h"
#include "experiments/gan/problem.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/image_grid.h"
#include "tensor/create.h"

namespace eps::models::gan {
namespace {

constexpr std::int64_t kSide = data::ImageSource::kSide, kPixels = data::ImageSource::kPixels;
constexpr std::int64_t kObserved = 500, kEvaluated = 10000;  // samples

/// cos(pi t / 2) a + sin(pi t / 2) b, t from 0 to 1. Where a and b are independent samples of the
/// prior, so is this at every t, while a straight line passes closer to 0 than samples ever are
/// (White 2016).
/// Shapes: a, b [rows, D], t [steps] -> [rows steps, D].
Tensor slerp(const Tensor& a, const Tensor& b, const Tensor& t) {
    const Tensor angle = reshape(t * (std::numbers::pi / 2), {1, -1, 1});
    return flatten(cos(angle) * unsqueeze(a, 1) + sin(angle) * unsqueeze(b, 1), 0, 1);
}

class Images final : public GanProblem {
public:
    explicit Images(const Settings& settings)
        : data_({.name = settings.data,
                 .dir = settings.data_dir,
                 .batch = settings.batch,
                 .order_seed = settings.seed + 1,
                 .device = settings.device}),
          batches_(batches_per_step(settings)),
          observe_every_(settings.picture_every),
          maps_(settings.net == "dcgan"),
          classes_(settings.network.classes) {}

    /// "rows": the indices of the step's minibatches, [batches_per_step, B].
    StepTensors inputs(std::int64_t index, Generator&) override {
        std::vector<Tensor> rows;
        for (std::int64_t k = 0; k < batches_; ++k)
            rows.push_back(data_.rows(index * batches_ + k));
        return {{"rows", stack(rows)}};
    }
    Minibatch batch(const StepTensors& inputs, std::int64_t k, Generator&) override {
        const Tensor rows = flatten(narrow(inputs.at("rows"), 0, k, 1));
        return {presented(data_.train_pixels(rows)),
                classes_ > 0 ? data_.train_labels(rows) : Tensor()};
    }
    std::int64_t steps_per_epoch() override {
        return std::max<std::int64_t>(1, data_.steps_per_epoch() / batches_);
    }
    std::int64_t observe_every() const override { return observe_every_; }

    std::vector<Picture> pictures(Sampler& sampler, Generator& generator) override {
        std::vector<Picture> pictures = samples(sampler, 64, generator);
        pictures.push_back(interpolation(sampler, generator));
        return pictures;
    }

    /// In a conditional game a column is a class.
    std::vector<Picture> samples(Sampler& sampler, std::int64_t count,
                                 Generator& generator) override {
        const Tensor made = pixels(sampler.samples(sampler.noise_in_turn(count, generator)));
        return {{.name = "samples",
                 .pixels = image_grid(reshape(made, {count, kSide, kSide}), classes_)}};
    }

    Scalars observe(Sampler& sampler, double, Generator& generator) override {
        if (!classifier_) classifier_.emplace(data_.train());
        const Tensor made = pixels(sampler.samples(
            sampler.noise(std::min(kObserved, data_.test().images.size(0)), generator)));
        return metrics::image_diagnostics(made, data_.test(), *classifier_);
    }

    Scalars evaluate(Sampler& sampler, Generator& generator) override {
        const std::int64_t count = std::min(kEvaluated, data_.test().images.size(0));
        return metrics::image_report(pixels(sampler.samples(sampler.noise(count, generator))),
                                     data_.train(), data_.test(), generator);
    }

private:
    /// Pixels in [0, 1], [m, 784], as the networks have them, and back.
    Tensor presented(const Tensor& x) const {
        return maps_ ? reshape(x, {x.size(0), 1, kSide, kSide}) * 2.0 - 1.0 : x;
    }
    Tensor pixels(const Tensor& x) const {
        return maps_ ? reshape(x, {x.size(0), kPixels}) * 0.5 + 0.5 : x;
    }

    /// Each row walks from one noise sample to another.
    Picture interpolation(Sampler& sampler, Generator& generator) const {
        constexpr std::int64_t rows = 8, columns = 10;
        const NoGrad guard;
        const Minibatch ends = sampler.noise_in_turn(2 * rows, generator);
        Minibatch path;
        path.x = slerp(narrow(ends.x, 0, 0, rows), narrow(ends.x, 0, rows, rows),
                       linspace(0, 1, columns));
        if (classes_ > 0)
            path.y = reshape(expand(unsqueeze(narrow(ends.y, 0, 0, rows), 1), {rows, columns}),
                             {rows * columns});
        const Tensor images = reshape(pixels(sampler.samples(path)), {-1, kSide, kSide});
        return {.name = "interpolation", .pixels = image_grid(images, columns)};
    }

    data::ImageSource data_;
    std::int64_t batches_, observe_every_;
    bool maps_;  // the networks take images [m, 1, 28, 28], not vectors
    std::int64_t classes_;
    std::optional<metrics::Classifier> classifier_;
};

}  // namespace

std::unique_ptr<GanProblem> image_problem(const Settings& settings) {
    return std::make_unique<Images>(settings);
}

}  // namespace eps::models::gan
