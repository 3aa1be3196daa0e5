#include "experiments/vae/problem.h"

#include <algorithm>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/metrics/bits_per_dim.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/image_grid.h"
#include "models/distributions/estimate.h"
#include "models/free_energy.h"
#include "tensor/create.h"

namespace eps::models::vae {
namespace {

constexpr std::int64_t kSide = data::ImageSource::kSide, kPixels = data::ImageSource::kPixels;
constexpr std::int64_t kEvalBatch = 100;

}  // namespace

ImageProblem::ImageProblem(const Settings& settings, std::uint64_t order_seed)
    : settings_(settings),
      data_({.name = settings.data,
             .dir = settings.data_dir,
             .batch = settings.batch,
             .order_seed = order_seed,
             .device = settings.device,
             .binarised = settings.pixels == Pixels::fixed}) {}

StepTensors ImageProblem::inputs(std::int64_t index, Generator&) {
    return {{"rows", data_.rows(index)}, {"beta", Tensor(annealing(index))}};
}

double ImageProblem::annealing(std::int64_t index) const {
    return settings_.anneal > 0 ? models::annealing(index, settings_.anneal) : 1;
}

Tensor ImageProblem::batch(const Tensor& rows, Generator& generator) {
    return prepare(data_.train_pixels(rows), generator);
}

Tensor ImageProblem::prepare(const Tensor& grey, Generator& generator) const {
    if (settings_.pixels == Pixels::dynamic) return data::binarise_dynamic(grey, generator);
    if (!settings_.gaussian()) return grey;
    // Uniform dequantisation: a density of (p + u) / 256 bounds the probability of the 8-bit value
    // p   (Theis et al. 2016).
    return (grey * 255.0 + rand(grey.shape(), grey.options(), generator)) / 256.0;
}

Tensor ImageProblem::test_pixels(std::int64_t start, std::int64_t count) {
    return to(data::pixels_of(data_.test(), start, count), settings_.device);
}

std::vector<Picture> ImageProblem::pictures(Vae& model, Generator& generator) {
    std::vector<Picture> pictures = samples(model, 64, generator);
    const std::int64_t originals = std::min<std::int64_t>(data_.test().images.size(0), 32);
    if (originals >= 1)
        pictures.push_back(reconstructions(model, std::min<std::int64_t>(originals, 8),
                                           std::max<std::int64_t>(1, originals / 8)));
    if (originals >= 2)
        pictures.push_back(interpolation(model, std::min<std::int64_t>(originals / 2, 8)));
    return pictures;
}

std::vector<Picture> ImageProblem::samples(Vae& model, std::int64_t count, Generator& generator) {
    const Tensor images = model.mean_pixels(model.sample_prior(count, generator));
    return {{.name = "samples", .pixels = image_grid(reshape(images, {count, kSide, kSide}))}};
}

// Originals in the odd rows, their reconstructions below.
Picture ImageProblem::reconstructions(Vae& model, std::int64_t columns, std::int64_t pairs) {
    std::vector<Tensor> rows;
    for (std::int64_t row = 0; row < pairs; ++row) {
        const Tensor x = test_pixels(row * columns, columns);
        rows.push_back(x);
        rows.push_back(model.mean_pixels(model.code(x)));
    }
    const Tensor images = reshape(concat(rows), {2 * pairs * columns, kSide, kSide});
    return {.name = "reconstructions", .pixels = image_grid(images, columns)};
}

// Each row walks in a straight line of the latent space from one test image to another.
Picture ImageProblem::interpolation(Vae& model, std::int64_t rows) {
    constexpr std::int64_t columns = 10;
    const Tensor z = model.code(test_pixels(0, 2 * rows));  // [2 rows, latent]
    const Tensor from = unsqueeze(narrow(z, 0, 0, rows), 1);
    const Tensor to = unsqueeze(narrow(z, 0, rows, rows), 1);
    const Tensor t = reshape(linspace(0, 1, columns, z.options()), {1, columns, 1});
    const Tensor images = model.mean_pixels(flatten(lerp(from, to, t), 0, 1));
    return {.name = "interpolation",
            .pixels = image_grid(reshape(images, {rows * columns, kSide, kSide}), columns)};
}

Scalars ImageProblem::evaluate(Vae& model, Generator& generator) {
    Estimate elbo, reconstruction, kl, iwae;
    std::vector<Tensor> means;
    const std::int64_t tested = data_.test().images.size(0);
    for (std::int64_t start = 0; start < tested; start += kEvalBatch) {
        const Tensor x =
            prepare(test_pixels(start, std::min(kEvalBatch, tested - start)), generator);
        const Elbo bound = model.elbo(x, generator);
        elbo.add(bound.elbo);
        reconstruction.add(-bound.log_likelihood);
        kl.add(bound.kl);
        iwae.add(iwae_bound(model.log_weights(x, settings_.eval_samples, generator)));
        means.push_back(model.code(x));
    }
    Scalars scalars{{"elbo", elbo.mean()},
                    {"elbo_se", elbo.standard_error()},
                    {"reconstruction", reconstruction.mean()},
                    {"kl", kl.mean()},
                    {"iwae", iwae.mean()},
                    {"iwae_se", iwae.standard_error()},
                    {"iwae_k", static_cast<double>(settings_.eval_samples)},
                    {"nll", -iwae.mean()},
                    {"nll_se", iwae.standard_error()}};
    const bool gaussian = settings_.gaussian();
    // Grey pixels under a Bernoulli are no likelihood of the data.
    if (settings_.pixels != Pixels::grey || gaussian) {
        const double scaled_by_256 = gaussian ? 8 : 0;  // bits
        scalars.emplace_back("bits_per_dim",
                             metrics::bits_per_dim(-iwae.mean(), kPixels) + scaled_by_256);
        scalars.emplace_back("bits_per_dim_se",
                             metrics::bits_per_dim(iwae.standard_error(), kPixels));
    }
    // Units whose E_q[z|x] varies with x   (Burda et al. 2016, section 5.2)
    const Tensor variance = var(concat(means), {0});
    scalars.emplace_back("active_units", sum(to(variance > 1e-2, f64)).item());
    scalars.emplace_back("images", static_cast<double>(tested));
    if (data_.smaller_split() >= metrics::kFewestPoints)
        for (auto& scalar : sample_report(model, generator)) scalars.push_back(std::move(scalar));
    return scalars;
}

// Samples are mean pixels, which are grey whatever the model is trained on: they are compared with
// the grey images.
Scalars ImageProblem::sample_report(Vae& model, Generator& generator) {
    const data::ImageDataset train = data_.grey("train"), test = data_.grey("test");
    std::vector<Tensor> images;
    for (std::int64_t left = test.images.size(0); left > 0; left -= kEvalBatch) {
        const Tensor z = model.sample_prior(std::min(kEvalBatch, left), generator);
        images.push_back(to(model.mean_pixels(z), cpu));
    }
    return metrics::image_report(concat(images), train, test, generator);
}

}  // namespace eps::models::vae
