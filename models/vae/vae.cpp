#include "models/vae/vae.h"

#include <optional>
#include <utility>

#include "autograd/grad_mode.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/join.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "models/data/batches.h"
#include "models/data/images.h"
#include "models/metrics/bits_per_dim.h"
#include "models/metrics/report.h"
#include "models/picture/image_grid.h"
#include "models/training/accumulate.h"
#include "models/training/estimate.h"
#include "models/training/learning_rate.h"
#include "models/training/machine.h"
#include "models/training/named_state.h"
#include "models/training/task_step.h"
#include "models/vae/network.h"
#include "nn/optimizer.h"
#include "tensor/create.h"

namespace eps::models {
namespace {

using vae::Decoder;
using vae::Vae;

constexpr std::int64_t kSide = 28, kPixels = kSide * kSide;
constexpr std::int64_t kEvalBatch = 100;

enum class Pixels { dynamic, fixed, grey };

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, batch_order, training_noise, pictures_noise };

vae::NetworkOptions network_options(const Config& config) {
    return {.pixels = kPixels,
            .hidden = config.integer("hidden"),
            .latent = config.integer("latent"),
            .latent_top = config.integer("latent-top"),
            .stochastic_layers = static_cast<int>(config.integer("layers")),
            .decoder = config.text("decoder") == "gaussian" ? Decoder::gaussian : Decoder::bernoulli,
            .flow = config.text("flow"),
            .flow_layers = config.integer("flow-k")};
}

Pixels pixels_of(const Config& config) {
    const std::string& name = config.text("pixels");
    const bool gaussian = config.text("decoder") == "gaussian";
    check(!gaussian || name == "grey", "vae", "a Gaussian decoder models grey pixels; got --pixels ", name, "; hint: --pixels grey");
    return name == "dynamic" ? Pixels::dynamic : name == "static" ? Pixels::fixed : Pixels::grey;
}

class VaeTask final : public Task {
public:
    explicit VaeTask(const Config& config)
        : pixels_(pixels_of(config)),
          gaussian_(config.text("decoder") == "gaussian"),
          beta_(config.number("beta")),
          anneal_(config.integer("anneal")),
          importance_samples_(config.integer("k")),
          eval_samples_(config.integer("eval-k")),
          seed_(static_cast<std::uint64_t>(config.integer("seed"))),
          batch_(config.integer("batch")),
          parts_(config.integer("accumulate")),
          config_(config),
          device_(device_of(config)),
          weights_generator_(Generator(seed_).fork(Stream::initial_weights)),
          model_(network_options(config), weights_generator_),
          optimizer_(model_.parameters(), {.lr = config.number("lr")}),
          noise_(Generator(seed_).fork(Stream::training_noise)),
          step_(device_, [this] { return one_step(); }) {
        check(importance_samples_ == 1 || beta_ == 1, "vae", "beta applies to the one-sample bound; got k = ", importance_samples_,
              " and beta = ", beta_, "; hint: drop one of them");
        check(anneal_ == 0 || (importance_samples_ == 1 && beta_ == 1 && config.integer("layers") == 1), "vae",
              "the annealed bound is of one sample, one stochastic layer and beta 1; got --anneal ", anneal_, " with --k ", importance_samples_, ", --layers ",
              config.integer("layers"), ", --beta ", beta_);
        check_decay("vae", config.text("lr-decay"), config.integer("steps"));
        const bool flow = config.text("flow") != "none";
        check(flow == (config.integer("flow-k") > 0), "vae", "--flow and --flow-k go together; got --flow ", config.text("flow"), " --flow-k ",
              config.integer("flow-k"), "; expected both, or neither");
        model_.to(device_);
        check(parts_ <= batch_, "vae", "a batch has more parts than images; got --accumulate ", parts_, " and --batch ", batch_);
    }

    Scalars step(std::int64_t index) override {
        index_ = index;
        optimizer_.set_learning_rate(decayed(config_.text("lr-decay"), config_.number("lr"), config_.integer("steps"), index));
        if (std::exchange(annealed_, annealing(index) < 1) != annealed_) step_.forget();  // the bound that is not annealed has other terms
        return step_();
    }
    std::vector<std::string> notes() override { return step_.notes(); }

    std::int64_t steps_per_epoch() override { return order().steps_per_epoch(); }
    std::int64_t parameter_count() const override { return model_.parameter_count(); }

    std::vector<Picture> pictures() override {
        Generator generator = Generator(seed_).fork(Stream::pictures_noise);  // the same noise each time: one sees the model change
        std::vector<Picture> pictures{samples(64, generator)};
        const std::int64_t originals = std::min<std::int64_t>(test().images.size(0), 32);
        if (originals >= 1) pictures.push_back(reconstructions(std::min<std::int64_t>(originals, 8), std::max<std::int64_t>(1, originals / 8)));
        if (originals >= 2) pictures.push_back(interpolation(std::min<std::int64_t>(originals / 2, 8)));
        return pictures;
    }

    std::vector<Picture> sample(std::int64_t count, Generator& generator) override { return {samples(count, generator)}; }

    Scalars evaluate(Generator& generator) override {
        NoGrad guard;
        Estimate elbo, reconstruction, kl, iwae;
        std::vector<Tensor> means;
        for (std::int64_t start = 0; start < test().images.size(0); start += kEvalBatch) {
            const std::int64_t count = std::min(kEvalBatch, test().images.size(0) - start);
            const Tensor x = prepare(test_rows(start, count), generator);
            const vae::Elbo bound = model_.elbo(x, generator);
            elbo.add(bound.elbo);
            reconstruction.add(-bound.log_likelihood);
            kl.add(bound.kl);
            iwae.add(vae::iwae_bound(model_.log_weights(x, eval_samples_, generator)));
            means.push_back(model_.code(x));
        }
        const Tensor variance = var(concat(means), {0});  // of E_q[z|x] over x   (Burda et al. 2016, section 5.2)
        Scalars scalars{{"elbo", elbo.mean()}, {"elbo_se", elbo.standard_error()}, {"reconstruction", reconstruction.mean()}, {"kl", kl.mean()},
                        {"iwae", iwae.mean()}, {"iwae_se", iwae.standard_error()}, {"iwae_k", static_cast<double>(eval_samples_)},
                        {"nll", -iwae.mean()}, {"nll_se", iwae.standard_error()}};
        if (pixels_ != Pixels::grey || gaussian_) {  // grey pixels under a Bernoulli are no likelihood of the data
            scalars.emplace_back("bits_per_dim", metrics::bits_per_dim(-iwae.mean(), kPixels) + (gaussian_ ? 8 : 0));  // 8: pixels are in units of 256
            scalars.emplace_back("bits_per_dim_se", metrics::bits_per_dim(iwae.standard_error(), kPixels));
        }
        scalars.emplace_back("active_units", sum(to(variance > 1e-2, f64)).item());
        scalars.emplace_back("images", static_cast<double>(test().images.size(0)));
        if (std::min(train().images.size(0), test().images.size(0)) >= metrics::kFewestPoints)
            for (auto& scalar : sample_report(generator)) scalars.push_back(std::move(scalar));
        return scalars;
    }

    NamedTensors state() const override {
        NamedTensors state;
        append_part(state, "model.", model_.state_dict());
        append_part(state, "optimizer.", optimizer_.state_dict());
        state.emplace_back("noise", pack(noise_));
        return state;
    }

    void load_state(const NamedTensors& state) override {
        const NamedTensors noise = part_of(state, "noise");
        check(noise.size() == 1, "vae", "the checkpoint has no random state; expected a tensor named noise");
        model_.load_state_dict(part_of(state, "model."));
        optimizer_.load_state_dict(part_of(state, "optimizer."));
        unpack(noise[0].second, noise_);
    }

private:
    NamedTensors one_step() {
        optimizer_.zero_grad();
        const Tensor rows = host_tensor(device_, [this] { return order().indices(index_); });
        NamedTensors scalars = accumulate(rows, parts_, [&](const Tensor& part) { return loss_of(part); });
        optimizer_.step();
        return scalars;
    }

    PartLoss loss_of(const Tensor& rows) {
        const Tensor x = prepare(data::take_rows_u8_as_f32(train_images(), rows), noise_);
        if (annealing(index_) < 1) {
            const Tensor beta = host_number(x.options(), [this] { return annealing(index_); });
            const Tensor loss = -mean(model_.annealed_bound(x, noise_, beta));
            return {loss, {{"loss", loss}, {"beta", beta}}};
        }
        if (importance_samples_ > 1) {
            const Tensor loss = -mean(vae::iwae_bound(model_.log_weights(x, importance_samples_, noise_)));
            return {loss, {{"loss", loss}}};
        }
        const vae::Elbo bound = model_.elbo(x, noise_, beta_);
        const Tensor loss = -mean(bound.elbo);
        NoGrad guard;
        return {loss, {{"loss", loss}, {"reconstruction", -mean(bound.log_likelihood)}, {"kl", mean(bound.kl)}}};
    }
    double annealing(std::int64_t index) const { return anneal_ > 0 ? flow::annealing(index, anneal_) : 1; }

    // Data are read when they are first needed: sampling needs none.
    const data::ImageDataset& loaded(std::optional<data::ImageDataset>& set, const std::string& split) const {
        if (set) return *set;
        set = data::load_images(config_.text("data"), split, config_.text("data-dir"));
        // The binarised data set is the same for every seed of the run: one set, comparable results.
        if (pixels_ == Pixels::fixed) set->images = data::binarise_static(set->images, split == "train" ? 1 : 2);
        return *set;
    }
    const data::ImageDataset& train() { return loaded(train_, "train"); }
    const data::ImageDataset& test() { return loaded(test_, "test"); }
    /// On the device.
    const Tensor& train_images() {
        if (!train_images_.defined()) train_images_ = copy_to(train().images, device_);
        return train_images_;
    }
    const data::BatchOrder& order() {
        if (!order_) order_.emplace(train().images.size(0), batch_, seed_ + Stream::batch_order);
        return *order_;
    }

    // What the model sees of a batch in [0, 1].
    Tensor prepare(const Tensor& batch, Generator& generator) const {
        if (pixels_ == Pixels::dynamic) return data::binarise_dynamic(batch, generator);
        if (!gaussian_) return batch;
        // Uniform dequantisation: a density of (p + u) / 256 bounds the probability of the 8-bit value p   (Theis et al. 2016).
        return (batch * 255.0 + rand(batch.shape(), batch.options(), generator)) / 256.0;
    }

    Tensor test_rows(std::int64_t start, std::int64_t count) {
        const Tensor rows = arange(static_cast<double>(start), static_cast<double>(start + count), 1, {.dtype = i64});
        return copy_to(data::take_rows_u8_as_f32(test().images, rows), device_);
    }

    Picture samples(std::int64_t count, Generator& generator) {
        NoGrad guard;
        const Tensor images = model_.mean_pixels(model_.sample_prior(count, generator));
        return {"samples", image_grid(reshape(images, {count, kSide, kSide}))};
    }

    // Of mean pixels, which are grey whatever the model was shown: they are compared with the grey images.
    Scalars sample_report(Generator& generator) {
        const auto grey = [&](const data::ImageDataset& set, const char* split) {
            return pixels_ == Pixels::fixed ? data::load_images(config_.text("data"), split, config_.text("data-dir")) : set;
        };
        std::vector<Tensor> images;
        for (std::int64_t start = 0; start < test().images.size(0); start += kEvalBatch)
            images.push_back(copy_to(model_.mean_pixels(model_.sample_prior(std::min(kEvalBatch, test().images.size(0) - start), generator)), cpu));
        return metrics::image_report(concat(images), grey(train(), "train"), grey(test(), "test"), generator);
    }

    // Originals in the odd rows, their reconstructions below.
    Picture reconstructions(std::int64_t columns, std::int64_t pairs) {
        NoGrad guard;
        std::vector<Tensor> rows;
        for (std::int64_t row = 0; row < pairs; ++row) {
            const Tensor x = test_rows(row * columns, columns);
            rows.push_back(x);
            rows.push_back(model_.mean_pixels(model_.code(x)));
        }
        return {"reconstructions", image_grid(reshape(concat(rows), {2 * pairs * columns, kSide, kSide}), columns)};
    }

    // Each row walks in a straight line of the latent space from one test image to another.
    Picture interpolation(std::int64_t rows) {
        NoGrad guard;
        constexpr std::int64_t columns = 10;
        const Tensor z = model_.code(test_rows(0, 2 * rows));                                        // [2 rows, latent]
        const Tensor from = unsqueeze(narrow(z, 0, 0, rows), 1), to = unsqueeze(narrow(z, 0, rows, rows), 1);
        const Tensor t = reshape(linspace(0, 1, columns, z.options()), {1, columns, 1});
        const Tensor images = model_.mean_pixels(flatten(lerp(from, to, t), 0, 1));                  // [rows * columns, P]
        return {"interpolation", image_grid(reshape(images, {rows * columns, kSide, kSide}), columns)};
    }

    Pixels pixels_;
    bool gaussian_;
    double beta_;
    std::int64_t anneal_;  // steps; 0: none
    std::int64_t importance_samples_, eval_samples_;
    std::uint64_t seed_;
    std::int64_t batch_, parts_;
    Config config_;
    Device device_;
    std::optional<data::ImageDataset> train_, test_;
    Tensor train_images_;
    std::optional<data::BatchOrder> order_;
    Generator weights_generator_;
    Vae model_;
    nn::Adam optimizer_;
    Generator noise_;
    std::int64_t index_ = 0;  // of the step under way
    bool annealed_ = false;   // it is
    TaskStep step_;
};

}  // namespace

Family vae_family() {
    return {"vae", "variational autoencoder on 28x28 images (Kingma & Welling 2014; Burda et al. 2016; flows: Rezende & Mohamed 2015)",
            {{"data", std::string("fashion-mnist"), "image data set", {"fashion-mnist", "mnist"}},
             {"data-dir", std::string(""), "folder of the data set's four files"},
             {"pixels", std::string("dynamic"), "dynamic or static binarisation, or grey values", {"dynamic", "static", "grey"}},
             {"decoder", std::string("bernoulli"), "distribution of a pixel", {"bernoulli", "gaussian"}},
             {"layers", std::int64_t{1}, "stochastic layers, 1 or 2", {}, 1, 2},
             {"latent", std::int64_t{20}, "latent variables of the first layer", {}, 1},
             {"latent-top", std::int64_t{10}, "latent variables of the second layer", {}, 1},
             {"hidden", std::int64_t{400}, "width of the hidden layers", {}, 1},
             {"flow", std::string("none"), "flow that the posterior goes through", {"none", "planar", "radial", "nice", "iaf"}},
             {"flow-k", std::int64_t{0}, "its layers", {}, 0, 1000},
             {"beta", 1.0, "weight of the KL term (beta-VAE)"},
             {"anneal", std::int64_t{0}, "steps over which the weight of log p(x, z) rises from 0.01 to 1; 0: it is 1", {}, 0},
             {"k", std::int64_t{1}, "importance samples of the training bound (IWAE for k > 1)", {}, 1},
             {"eval-k", std::int64_t{50}, "importance samples of the bound that eval reports", {}, 1},
             {"batch", std::int64_t{100}, "images a step", {}, 1},
             accumulate_option(),
             {"lr", 1e-3, "learning rate of Adam", {}, 0},
             {"lr-decay", std::string("none"), "to 0 at the last step, or not", {"linear", "cosine", "none"}}},
            [](const Config& config) -> std::unique_ptr<Task> { return std::make_unique<VaeTask>(config); }};
}

}  // namespace eps::models
