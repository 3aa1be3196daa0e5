// Images of 28x28 pixels.
#include <algorithm>
#include <numbers>
#include <optional>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/image_source.h"
#include "experiments/gan/domain.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/image_grid.h"
#include "tensor/create.h"
#include "tensor/capture/host_input.h"

namespace eps::models::gan {
namespace {

constexpr std::int64_t kSide = 28, kPixels = kSide * kSide;
constexpr std::int64_t kLookSamples = 500, kEvalSamples = 10000;

/// cos(pi t / 2) a + sin(pi t / 2) b, t from 0 to 1: of the prior's law at every t where a and b
/// are independent of it, while a straight line passes closer to 0 than samples ever are   (White
/// 2016). a, b [rows, D], t [steps] -> [rows steps, D].
Tensor slerp(const Tensor& a, const Tensor& b, const Tensor& t) {
    const Tensor angle = reshape(t * (std::numbers::pi / 2), {1, -1, 1});
    return flatten(cos(angle) * unsqueeze(a, 1) + sin(angle) * unsqueeze(b, 1), 0, 1);
}

class Images final : public Domain {
public:
    explicit Images(const Settings& settings)
        : data_(settings.data, settings.data_dir, settings.batch, settings.seed + 1),
          device_(settings.device),
          look_every_(settings.picture_every),
          maps_(settings.net == "dcgan"),
          classes_(settings.network.classes) {}

    Minibatch batch(const std::function<std::int64_t()>& number, Generator&) override {
        const data::ImageDataset& train = data_.train_on(device_);
        const Tensor rows =
            host_tensor(device_, [this, number] { return data_.order().indices(number()); });
        return {presented(data::take_rows_u8_as_f32(train.images, rows)),
                classes_ > 0 ? take(train.labels, rows) : Tensor()};
    }
    std::int64_t batches_per_epoch() override { return data_.order().steps_per_epoch(); }
    std::int64_t look_every() const override { return look_every_; }

    std::vector<Picture> pictures(Sampler& sampler, Generator& generator) override {
        return {samples(sampler, 64, generator), interpolation(sampler, generator)};
    }

    /// In a conditional game a column is a class.
    Picture samples(Sampler& sampler, std::int64_t count, Generator& generator) override {
        const Tensor made = pixels(sampler.samples(sampler.noise_in_turn(count, generator)));
        return {"samples", image_grid(reshape(made, {count, kSide, kSide}), classes_)};
    }

    Scalars look(Sampler& sampler, double, Generator& generator) override {
        if (!classifier_) classifier_.emplace(data_.train());
        const Tensor made = pixels(sampler.samples(
            sampler.noise(std::min(kLookSamples, data_.test().images.size(0)), generator)));
        return metrics::image_diagnostics(made, data_.test(), *classifier_);
    }

    Scalars evaluate(Sampler& sampler, Generator& generator) override {
        const std::int64_t count = std::min(kEvalSamples, data_.test().images.size(0));
        return metrics::image_report(pixels(sampler.samples(sampler.noise(count, generator))),
                                     data_.train(), data_.test(), generator);
    }

private:
    static Tensor take(const Tensor& labels, const Tensor& rows) {
        const NoGrad guard;
        return index_select(labels, 0, rows);
    }

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
        Minibatch path{slerp(narrow(ends.x, 0, 0, rows), narrow(ends.x, 0, rows, rows),
                             linspace(0, 1, columns)),
                       {}};
        if (classes_ > 0)
            path.y = reshape(expand(unsqueeze(narrow(ends.y, 0, 0, rows), 1), {rows, columns}),
                             {rows * columns});
        return {"interpolation",
                image_grid(reshape(pixels(sampler.samples(path)), {rows * columns, kSide, kSide}),
                           columns)};
    }

    data::ImageSource data_;
    Device device_;
    std::int64_t look_every_;
    bool maps_;
    std::int64_t classes_;
    std::optional<metrics::Classifier> classifier_;
};

}  // namespace

std::unique_ptr<Domain> images(const Settings& settings) {
    return std::make_unique<Images>(settings);
}

}  // namespace eps::models::gan
