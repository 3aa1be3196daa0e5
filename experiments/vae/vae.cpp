#include "experiments/vae/vae.h"

#include <utility>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/metrics/bits_per_dim.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/image_grid.h"
#include "experiments/run/accumulate.h"
#include "models/distributions/estimate.h"
#include "experiments/run/learning_rate.h"
#include "experiments/run/named_state.h"
#include "experiments/run/task.h"
#include "experiments/run/task_step.h"
#include "experiments/vae/images.h"
#include "experiments/vae/options.h"
#include "models/flow/catalog.h"
#include "nn/optim/optimizer.h"
#include "tensor/create.h"

namespace eps::models {
namespace {

using vae::kPixels;
using vae::kSide;

constexpr std::int64_t kEvalBatch = 100;

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, batch_order, training_noise, pictures_noise };

class VaeTask final : public Task {
public:
    explicit VaeTask(const Config& config)
        : settings_(vae::Settings::of(config)),
          images_(settings_, settings_.seed + Stream::batch_order),
          weights_generator_(Generator(settings_.seed).fork(Stream::initial_weights)),
          model_(settings_.network, weights_generator_, posterior_flow()),
          optimizer_(model_.parameters(), {.lr = settings_.lr}),
          scaler_(settings_.loss_scaling),
          noise_(Generator(settings_.seed).fork(Stream::training_noise)),
          step_(settings_.device, [this] { return one_step(); }) {
        model_.to(settings_.device);
    }

    Scalars step(std::int64_t index) override {
        index_ = index;
        optimizer_.set_learning_rate(
            decayed(settings_.lr_decay, settings_.lr, settings_.steps, index));
        // the bound that is not annealed has other terms
        if (std::exchange(annealed_, annealing(index) < 1) != annealed_) step_.forget();
        return step_();
    }
    std::vector<std::string> notes() override { return step_.notes(); }

    std::int64_t steps_per_epoch() override { return images_.order().steps_per_epoch(); }
    std::int64_t parameter_count() const override { return model_.parameter_count(); }

    std::vector<Picture> pictures() override {
        // the same noise each time: one sees the model change
        Generator generator = Generator(settings_.seed).fork(Stream::pictures_noise);
        std::vector<Picture> pictures{samples(64, generator)};
        const std::int64_t originals = std::min<std::int64_t>(images_.test().images.size(0), 32);
        if (originals >= 1)
            pictures.push_back(reconstructions(std::min<std::int64_t>(originals, 8),
                                               std::max<std::int64_t>(1, originals / 8)));
        if (originals >= 2)
            pictures.push_back(interpolation(std::min<std::int64_t>(originals / 2, 8)));
        return pictures;
    }

    std::vector<Picture> sample(std::int64_t count, Generator& generator) override {
        return {samples(count, generator)};
    }

    Scalars evaluate(Generator& generator) override {
        NoGrad guard;
        Estimate elbo, reconstruction, kl, iwae;
        std::vector<Tensor> means;
        const std::int64_t tested = images_.test().images.size(0);
        for (std::int64_t start = 0; start < tested; start += kEvalBatch) {
            const Tensor x = images_.prepare(
                images_.test_rows(start, std::min(kEvalBatch, tested - start)), generator);
            const vae::Elbo bound = model_.elbo(x, generator);
            elbo.add(bound.elbo);
            reconstruction.add(-bound.log_likelihood);
            kl.add(bound.kl);
            iwae.add(vae::iwae_bound(model_.log_weights(x, settings_.eval_samples, generator)));
            means.push_back(model_.code(x));
        }
        // of E_q[z|x] over x   (Burda et al. 2016, section 5.2)
        const Tensor variance = var(concat(means), {0});
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
        // grey pixels under a Bernoulli are no likelihood of the data
        if (settings_.pixels != vae::Pixels::grey || gaussian) {
            // 8: pixels are in units of 256
            scalars.emplace_back("bits_per_dim",
                                 metrics::bits_per_dim(-iwae.mean(), kPixels) + (gaussian ? 8 : 0));
            scalars.emplace_back("bits_per_dim_se",
                                 metrics::bits_per_dim(iwae.standard_error(), kPixels));
        }
        scalars.emplace_back("active_units", sum(to(variance > 1e-2, f64)).item());
        scalars.emplace_back("images", static_cast<double>(tested));
        if (std::min(images_.train().images.size(0), tested) >= metrics::kFewestPoints)
            for (auto& scalar : sample_report(generator)) scalars.push_back(std::move(scalar));
        return scalars;
    }

    NamedTensors state() const override {
        NamedTensors state;
        append_part(state, "model.", model_.state_dict());
        append_part(state, "optimizer.", optimizer_.state_dict());
        append_part(state, "scaler.", scaler_.state_dict());
        state.emplace_back("noise", pack(noise_));
        return state;
    }

    void load_state(const NamedTensors& state) override {
        const NamedTensors noise = part_of(state, "noise");
        check(noise.size() == 1, "vae",
              "the checkpoint has no random state; expected a tensor named noise");
        model_.load_state_dict(part_of(state, "model."));
        optimizer_.load_state_dict(part_of(state, "optimizer."));
        scaler_.load_state_dict(part_of(state, "scaler."));
        unpack(noise[0].second, noise_);
    }

private:
    NamedTensors one_step() {
        optimizer_.zero_grad();
        const Tensor rows =
            host_tensor(settings_.device, [this] { return images_.order().indices(index_); });
        NamedTensors scalars = accumulate(rows, settings_.parts, scaler_,
                                          [&](const Tensor& part) { return loss_of(part); });
        scaler_.step(optimizer_);
        scaler_.update();
        append_scale(scalars, "", scaler_);
        return scalars;
    }

    PartLoss loss_of(const Tensor& rows) {
        const Tensor x = images_.prepare(images_.train_rows(rows), noise_);
        if (annealing(index_) < 1) {
            const Tensor beta = host_number(x.options(), [this] { return annealing(index_); });
            const Tensor loss = -mean(model_.annealed_bound(x, noise_, beta));
            return {loss, {{"loss", loss}, {"beta", beta}}};
        }
        if (settings_.importance_samples > 1) {
            const Tensor loss =
                -mean(vae::iwae_bound(model_.log_weights(x, settings_.importance_samples, noise_)));
            return {loss, {{"loss", loss}}};
        }
        const vae::Elbo bound = model_.elbo(x, noise_, settings_.beta);
        const Tensor loss = -mean(bound.elbo);
        NoGrad guard;
        return {loss,
                {{"loss", loss},
                 {"reconstruction", -mean(bound.log_likelihood)},
                 {"kl", mean(bound.kl)}}};
    }
    vae::MakeFlow posterior_flow() const {
        if (settings_.flow == "none") return nullptr;
        return [this](std::int64_t dim, std::int64_t context, Generator& generator) {
            return flow::make_flow(settings_.flow,
                                   {.dim = dim, .k = settings_.flow_layers, .context = context},
                                   generator);
        };
    }
    double annealing(std::int64_t index) const {
        return settings_.anneal > 0 ? models::annealing(index, settings_.anneal) : 1;
    }

    Picture samples(std::int64_t count, Generator& generator) {
        NoGrad guard;
        const Tensor images = model_.mean_pixels(model_.sample_prior(count, generator));
        return {"samples", image_grid(reshape(images, {count, kSide, kSide}))};
    }

    // Of mean pixels, which are grey whatever the model was shown: they are compared with the grey
    // images.
    Scalars sample_report(Generator& generator) {
        const data::ImageDataset train = images_.grey("train"), test = images_.grey("test");
        std::vector<Tensor> images;
        for (std::int64_t left = test.images.size(0); left > 0; left -= kEvalBatch)
            images.push_back(
                to(model_.mean_pixels(model_.sample_prior(std::min(kEvalBatch, left), generator)),
                   cpu));
        return metrics::image_report(concat(images), train, test, generator);
    }

    // Originals in the odd rows, their reconstructions below.
    Picture reconstructions(std::int64_t columns, std::int64_t pairs) {
        NoGrad guard;
        std::vector<Tensor> rows;
        for (std::int64_t row = 0; row < pairs; ++row) {
            const Tensor x = images_.test_rows(row * columns, columns);
            rows.push_back(x);
            rows.push_back(model_.mean_pixels(model_.code(x)));
        }
        return {"reconstructions",
                image_grid(reshape(concat(rows), {2 * pairs * columns, kSide, kSide}), columns)};
    }

    // Each row walks in a straight line of the latent space from one test image to another.
    Picture interpolation(std::int64_t rows) {
        NoGrad guard;
        constexpr std::int64_t columns = 10;
        // [2 rows, latent]
        const Tensor z = model_.code(images_.test_rows(0, 2 * rows));
        const Tensor from = unsqueeze(narrow(z, 0, 0, rows), 1),
                     to = unsqueeze(narrow(z, 0, rows, rows), 1);
        const Tensor t = reshape(linspace(0, 1, columns, z.options()), {1, columns, 1});
        // [rows * columns, P]
        const Tensor images = model_.mean_pixels(flatten(lerp(from, to, t), 0, 1));
        return {"interpolation",
                image_grid(reshape(images, {rows * columns, kSide, kSide}), columns)};
    }

    vae::Settings settings_;
    vae::Images images_;
    Generator weights_generator_;
    vae::Vae model_;
    nn::Adam optimizer_;
    nn::GradScaler scaler_;
    Generator noise_;
    std::int64_t index_ = 0;  // of the step under way
    bool annealed_ = false;   // it is
    TaskStep step_;
};

}  // namespace

Family vae_family() {
    return {
        .name = "vae",
        .summary =
            "variational autoencoder on 28x28 images (Kingma & Welling 2014; Burda et al. 2016; "
            "flows: Rezende & Mohamed 2015)",
        .options = options_of(vae::Settings::fields()),
        .make = make_task<VaeTask>,
        .complete = vae::complete};
}

}  // namespace eps::models
