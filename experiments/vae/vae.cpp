#include "experiments/vae/vae.h"

#include <utility>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/run/learner.h"
#include "experiments/vae/options.h"
#include "experiments/vae/problem.h"
#include "models/flow/catalog.h"
#include "nn/evaluation.h"
#include "tensor/capture/captured_step.h"

namespace eps::models {
namespace vae {
namespace {

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, batch_order, training_noise, pictures_noise };

std::unique_ptr<Vae> make_model(const Settings& s) {
    Generator init = Generator(s.seed).fork(Stream::initial_weights);
    const MakeFlow make_posterior_flow = [&](std::int64_t dim, std::int64_t context,
                                             Generator& generator) {
        return flow::make_flow(s.flow, {.dim = dim, .k = s.flow_layers, .context = context},
                               generator);
    };
    auto model =
        std::make_unique<Vae>(s.network, init, s.flow == "none" ? nullptr : make_posterior_flow);
    model->to(s.device);
    return model;
}

LearnerOptions learner_options(const Settings& s) {
    return {.lr = s.lr, .lr_decay = s.lr_decay, .steps = s.steps, .loss_scaling = s.loss_scaling};
}

class VaeTask final : public Task {
public:
    explicit VaeTask(const Config& config)
        : settings_(Settings::of(config)),
          noise_(Generator(settings_.seed).fork(Stream::training_noise)),
          problem_(settings_, settings_.seed + Stream::batch_order),
          model_(make_model(settings_)),
          learner_(*model_, learner_options(settings_)),
          step_(settings_.device, [this](const StepTensors& inputs) { return train_on(inputs); }) {
        state_.add("model", *model_);
        learner_.add_to(state_);
        state_.add("noise", noise_);
    }

    Scalars step(std::int64_t index) override {
        learner_.begin(index);
        // The annealed bound has other terms.
        const bool annealed = problem_.annealing(index) < 1;
        if (std::exchange(annealed_, annealed) != annealed) step_.forget();
        return step_(problem_.inputs(index, noise_)).numbers();
    }
    const std::string& capture_fallback() const override { return step_.fallback_reason(); }

    std::int64_t steps_per_epoch() override { return problem_.steps_per_epoch(); }
    std::int64_t parameter_count() const override { return model_->parameter_count(); }

    std::vector<Picture> pictures() override {
        // The same noise each time shows how the model changes.
        Generator generator = Generator(settings_.seed).fork(Stream::pictures_noise);
        const nn::Evaluation evaluation(*model_);
        return problem_.pictures(*model_, generator);
    }
    std::vector<Picture> sample(std::int64_t count, Generator& generator) override {
        const nn::Evaluation evaluation(*model_);
        return problem_.samples(*model_, count, generator);
    }
    Scalars evaluate(Generator& generator) override {
        const nn::Evaluation evaluation(*model_);
        return problem_.evaluate(*model_, generator);
    }

    NamedTensors state() const override { return state_.save(); }
    void load_state(const NamedTensors& state) override { state_.load(state); }

private:
    NamedTensors train_on(const StepTensors& inputs) {
        const Tensor& rows = inputs.at("rows");
        for (const BatchPart& part : batch_parts(rows.numel(), settings_.parts)) {
            const Tensor x = problem_.batch(narrow(rows, 0, part.start, part.count), noise_);
            learner_.add(loss_of(x, inputs.at("beta")), part.share);
        }
        return learner_.step();
    }

    Loss loss_of(const Tensor& x, const Tensor& beta) {
        if (annealed_) {
            const Tensor loss = -mean(model_->annealed_bound(x, noise_, beta));
            return {loss, {{"loss", loss}, {"beta", beta}}};
        }
        if (settings_.importance_samples > 1) {
            const Tensor log_w = model_->log_weights(x, settings_.importance_samples, noise_);
            const Tensor loss = -mean(iwae_bound(log_w));
            return {loss, {{"loss", loss}}};
        }
        const Elbo bound = model_->elbo(x, noise_, settings_.beta);
        const Tensor loss = -mean(bound.elbo);
        const NoGrad guard;
        return {loss,
                {{"loss", loss},
                 {"reconstruction", -mean(bound.log_likelihood)},
                 {"kl", mean(bound.kl)}}};
    }

    Settings settings_;
    Generator noise_;  // for everything that training draws
    ImageProblem problem_;
    std::unique_ptr<Vae> model_;
    Learner learner_;
    TrainState state_;
    bool annealed_ = false;  // the bound of this step
    Step step_;
};

}  // namespace
}  // namespace vae

Family vae_family() {
    return {.name = "vae",
            .summary =
                "variational autoencoder on 28x28 images (Kingma & Welling 2014; Burda et "
                "al. 2016; flows: Rezende & Mohamed 2015)",
            .options = options_of(vae::Settings::fields()),
            .make = make_task<vae::VaeTask>,
            .complete = vae::complete};
}

}  // namespace eps::models
