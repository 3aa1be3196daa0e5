#pragma once
// The images that a VAE is trained on, its pictures and its metrics.
#include "experiments/data/image_source.h"
#include "experiments/run/problem.h"
#include "experiments/vae/options.h"

namespace eps::models::vae {

class ImageProblem final : public Problem<Vae> {
public:
    ImageProblem(const Settings& settings, std::uint64_t order_seed);

    /// "rows": the indices of the batch; "beta": annealing(index).
    StepTensors inputs(std::int64_t index, Generator& generator) override;
    std::int64_t steps_per_epoch() override { return data_.steps_per_epoch(); }
    /// The weight that log p(x, z) has at step `index`: below 1 while the bound is annealed.
    double annealing(std::int64_t index) const;
    /// The training images of these rows as the model takes them: [B, 784].
    Tensor batch(const Tensor& rows, Generator& generator);

    std::vector<Picture> pictures(Vae& model, Generator& generator) override;
    std::vector<Picture> samples(Vae& model, std::int64_t count, Generator& generator) override;
    Scalars evaluate(Vae& model, Generator& generator) override;

private:
    Tensor prepare(const Tensor& grey, Generator& generator) const;
    Tensor test_pixels(std::int64_t start, std::int64_t count);
    Picture reconstructions(Vae& model, std::int64_t columns, std::int64_t pairs);
    Picture interpolation(Vae& model, std::int64_t rows);
    Scalars sample_report(Vae& model, Generator& generator);

    Settings settings_;
    data::ImageSource data_;
};

}  // namespace eps::models::vae
