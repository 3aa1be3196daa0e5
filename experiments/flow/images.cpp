// Images of 28x28 pixels of 8 bits, by maximum likelihood: dequantised by uniform noise, which
// makes -log p a bound on that of the pixels.
#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/image_source.h"
#include "experiments/flow/problem.h"
#include "experiments/metrics/bits_per_dim.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/image_grid.h"
#include "models/flow/pixels.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr std::int64_t kSide = data::ImageSource::kSide, kPixels = data::ImageSource::kPixels;
constexpr std::int64_t kLevels = 256;
constexpr std::int64_t kShown = 64, kAtOnce = 100;
constexpr std::int64_t kReported = 1000, kHeldOut = 4000;  // images: minutes on two cores

class Images final : public FlowProblem {
public:
    explicit Images(const Settings& settings)
        : device_(settings.device),
          data_({.name = settings.target_name,
                 .dir = settings.data_dir,
                 .batch = settings.batch,
                 .order_seed = settings.seed + 1,
                 .device = settings.device}) {}

    /// "rows": the indices of the batch.
    StepTensors inputs(std::int64_t index, Generator&) override {
        return {{"rows", data_.rows(index)}};
    }
    Loss loss(Model& model, const StepTensors& inputs, Generator& generator) override {
        const Tensor x = dequantised(data_.train_pixels(inputs.at("rows")), generator);
        const Tensor loss = mean(bits(model.q->log_prob(x)));
        return {loss, {{"loss", loss}}};
    }
    std::int64_t steps_per_epoch() override { return data_.steps_per_epoch(); }

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
        const std::int64_t count = std::min(kHeldOut, data_.smaller_split());
        for (std::int64_t start = 0; start < count; start += kAtOnce) {
            const std::int64_t now = std::min(kAtOnce, count - start);
            const auto images_of = [&](const data::ImageDataset& set) {
                return to(dequantised(data::pixels_of(set, start, now), generator), device_);
            };
            const LayerDensities at = densities_at(model, images_of(data_.test()));
            of_test.add(bits(at.log_prob));
            layers.add(at.log_det);
            of_train.add(bits(model.q->log_prob(images_of(data_.train()))));
        }
        Scalars scalars;
        append(scalars, "bits_per_dim", of_test);
        append(scalars, "bits_per_dim_train", of_train);
        const double nats = std::log(2.0) * kPixels;
        scalars.emplace_back("nll", of_test.mean() * nats);
        scalars.emplace_back("nll_se", of_test.standard_error() * nats);
        scalars.emplace_back("images", static_cast<double>(count));
        layers.append_to(scalars);
        if (data_.smaller_split() < metrics::kFewestPoints) return scalars;
        const Tensor drawn =
            draw(model, std::min(kReported, data_.test().images.size(0)), generator);
        for (auto& scalar : metrics::image_report(drawn, data_.train(), data_.test(), generator))
            scalars.push_back(std::move(scalar));
        return scalars;
    }

private:
    /// [m, 784] in [0, 1] -> dequantised, [m, 1, 28, 28] in [0, 1).
    static Tensor dequantised(const Tensor& pixels, Generator& generator) {
        const NoGrad guard;
        const Tensor x = round(pixels * 255.0);
        return dequantise(reshape(x, {x.size(0), 1, kSide, kSide}), kLevels, generator).y;
    }
    static Tensor bits(const Tensor& log_prob) {
        return metrics::bits_per_dim(log_prob, kPixels, kLevels);
    }
    /// [count, 784] in [0, 1]; values beyond become black or white.
    static Tensor draw(Model& model, std::int64_t count, Generator& generator) {
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

std::unique_ptr<FlowProblem> image_problem(const Settings& settings) {
    return std::make_unique<Images>(settings);
}

}  // namespace eps::models::flow
