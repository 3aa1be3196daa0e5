// Images of 28x28 pixels of 8 bits, by maximum likelihood: dequantised by uniform noise, which
// makes -log p a bound on that of the pixels.
#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/image_source.h"
#include "experiments/flow/domain.h"
#include "models/flow/pixels.h"
#include "experiments/metrics/bits_per_dim.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/image_grid.h"
#include "tensor/create.h"
#include "tensor/capture/host_input.h"

namespace eps::models::flow {
namespace {

constexpr std::int64_t kSide = 28, kPixels = kSide * kSide, kLevels = 256;
constexpr std::int64_t kShown = 64, kAtOnce = 100;
// images: what minutes on two cores allow
constexpr std::int64_t kReported = 1000, kHeldOut = 4000;

class Images final : public Domain {
public:
    explicit Images(const Settings& settings)
        : device_(settings.device),
          data_(settings.target_name, settings.data_dir, settings.batch, settings.seed + 1) {}

    PartLoss loss(Model& model, const std::function<std::int64_t()>& index,
                  Generator& generator) override {
        const data::ImageDataset& train = data_.train_on(device_);
        const Tensor rows =
            host_tensor(device_, [this, index] { return data_.order().indices(index()); });
        const Tensor loss = mean(bits(model.q->log_prob(take(train, rows, generator))));
        return {loss, {{"loss", loss}}};
    }
    std::int64_t batches_per_epoch() override { return data_.order().steps_per_epoch(); }

    std::vector<Picture> pictures(Model& model, Generator& generator) override {
        return samples(model, kShown, generator);
    }
    std::vector<Picture> samples(Model& model, std::int64_t count, Generator& generator) override {
        return {
            {.name = "samples",
             .pixels = image_grid(reshape(draw(model, count, generator), {count, kSide, kSide})),
             .filmed = true}};
    }

    Scalars evaluate(Model& model, Generator& generator) override {
        Estimate of_test, of_train;
        LayerMeans layers;
        const std::int64_t count =
            std::min({kHeldOut, data_.test().images.size(0), data_.train().images.size(0)});
        for (std::int64_t start = 0; start < count; start += kAtOnce) {
            const Tensor rows =
                arange(static_cast<double>(start),
                       static_cast<double>(std::min(start + kAtOnce, count)), 1, {.dtype = i64});
            const LayerDensities at =
                densities_at(model, to(take(data_.test(), rows, generator), device_));
            of_test.add(bits(at.log_prob));
            layers.add(at.log_det);
            of_train.add(
                bits(model.q->log_prob(to(take(data_.train(), rows, generator), device_))));
        }
        Scalars scalars;
        append(scalars, "bits_per_dim", of_test);
        append(scalars, "bits_per_dim_train", of_train);
        const double nats = std::log(2.0) * kPixels;
        scalars.emplace_back("nll", of_test.mean() * nats);
        scalars.emplace_back("nll_se", of_test.standard_error() * nats);
        scalars.emplace_back("images", static_cast<double>(count));
        layers.append_to(scalars);
        if (std::min(data_.train().images.size(0), data_.test().images.size(0)) <
            metrics::kFewestPoints)
            return scalars;
        const Tensor drawn =
            draw(model, std::min(kReported, data_.test().images.size(0)), generator);
        for (auto& scalar : metrics::image_report(drawn, data_.train(), data_.test(), generator))
            scalars.push_back(std::move(scalar));
        return scalars;
    }

private:
    /// Dequantised, [m, 1, 28, 28] in [0, 1).
    static Tensor take(const data::ImageDataset& set, const Tensor& rows, Generator& generator) {
        const NoGrad guard;
        const Tensor x = round(data::take_rows_u8_as_f32(set.images, rows) * 255.0);
        return dequantise(reshape(x, {x.size(0), 1, kSide, kSide}), kLevels, generator).y;
    }
    static Tensor bits(const Tensor& log_prob) {
        return metrics::bits_per_dim(log_prob, kPixels, kLevels);
    }
    /// [count, 784] in [0, 1]; the rim around it is black or white.
    static Tensor draw(Model& model, std::int64_t count, Generator& generator) {
        const NoGrad guard;
        std::vector<Tensor> parts;
        for (std::int64_t start = 0; start < count; start += kAtOnce)
            parts.push_back(
                flatten(clamp(to(model.q->sample(std::min(kAtOnce, count - start), generator), cpu),
                              {.lo = 0, .hi = 1}),
                        1));
        return concat(parts);
    }

    Device device_;
    data::ImageSource data_;
};

}  // namespace

std::unique_ptr<Domain> images(const Settings& settings) {
    return std::make_unique<Images>(settings);
}

}  // namespace eps::models::flow
