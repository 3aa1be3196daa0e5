#include "experiments/gan/gan.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "experiments/data/sets.h"
#include "experiments/gan/diagnostics.h"
#include "experiments/gan/problem.h"
#include "experiments/run/train_state.h"
#include "models/gan/algorithm1.h"
#include "nn/optim/scheduler.h"
#include "tensor/capture/captured_step.h"

namespace eps::models {
namespace gan {
namespace {

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, training, pictures_noise, observation_noise };

std::unique_ptr<GanProblem> make_problem(const Settings& s) {
    return s.images ? image_problem(s) : plane_problem(s);
}

Pair make_networks(const Settings& s, Generator& training) {
    Generator init = Generator(s.seed).fork(Stream::initial_weights);
    if (s.net == "maxout") return maxout_mlp(s.network, init, training);
    if (s.net == "dcgan") return dcgan_28(s.network, init);
    return s.images ? image_mlp(s.network, init) : planar_mlp(s.network, init);
}

Pair make_pair(const Settings& s, Generator& training) {
    Pair pair = make_networks(s, training);
    pair.generator->to(s.device);
    pair.discriminator->to(s.device);
    return pair;
}

std::unique_ptr<nn::Optimizer> make_optimizer(const Settings& s, const nn::Module& player,
                                              double lr) {
    if (s.optimizer == "sgd")
        return std::make_unique<nn::SGD>(player.parameters(),
                                         nn::SGDOptions{.lr = lr, .momentum = s.beta1});
    return std::make_unique<nn::Adam>(
        player.parameters(), nn::AdamOptions{.lr = lr, .beta1 = s.beta1, .beta2 = s.beta2});
}

std::optional<nn::EMA> make_average(const Settings& s, const nn::Module& generator) {
    if (s.ema == 0) return std::nullopt;
    return nn::EMA(generator, s.ema, true, true);
}

Rules make_rules(const Settings& s) {
    return {.objective = *s.objective,
            .discriminator_steps = s.discriminator_steps,
            .real_label = 1 - s.label_smoothing,
            .penalty = s.penalty,
            .penalty_weight = s.penalty_weight,
            .unrolled_steps = s.unrolled_steps,
            .loss_scaling = s.loss_scaling};
}

DiagnosticContext diagnostic_context(const Settings& s) {
    return {.loss = s.objective->name,
            .penalty = s.penalty ? s.penalty->name : "none",
            .pac = s.network.pac,
            .modes = s.images ? 0 : data::classes_of(s.data),
            .lr_d = s.lr_d,
            .spectral_norm = s.network.spectral_norm,
            .minibatch_stddev = s.network.minibatch_stddev,
            .instance_noise_steps = s.instance_noise_steps};
}

void append_scale(NamedTensors& numbers, const std::string& name, const nn::GradScaler& scaler) {
    if (scaler.is_enabled()) numbers.emplace_back(name, scaler.current_scale());
}

class GanTask final : public Task {
public:
    explicit GanTask(const Config& config)
        : settings_(Settings::of(config)),
          noise_(Generator(settings_.seed).fork(Stream::training)),
          problem_(make_problem(settings_)),
          pair_(make_pair(settings_, noise_)),
          generator_optimizer_(make_optimizer(settings_, *pair_.generator, settings_.lr)),
          discriminator_optimizer_(make_optimizer(settings_, *pair_.discriminator, settings_.lr_d)),
          average_(make_average(settings_, *pair_.generator)),
          sampler_(*pair_.generator, *pair_.discriminator, average_ ? &*average_ : nullptr,
                   settings_),
          game_(players(), sources(),
                {.classes = settings_.network.classes, .pac = settings_.network.pac},
                make_rules(settings_)),
          diagnostics_(diagnostic_context(settings_)),
          step_(settings_.device, [this](const StepTensors& inputs) { return iterate(inputs); }) {
        state_.add("generator", *pair_.generator);
        state_.add("discriminator", *pair_.discriminator);
        state_.add("generator_optimizer", *generator_optimizer_);
        state_.add("discriminator_optimizer", *discriminator_optimizer_);
        state_.add("generator_scaler", game_.scalers.generator);
        state_.add("discriminator_scaler", game_.scalers.discriminator);
        if (average_) state_.add("ema", *average_);
        state_.add("noise", noise_);
    }

    Scalars step(std::int64_t index) override {
        schedule(index);
        Scalars numbers = step_(problem_->inputs(index, noise_)).numbers();
        std::erase_if(numbers, [](const auto& number) {
            return number.first == "gradient_ratio" && !std::isfinite(number.second);
        });
        const std::int64_t every = problem_->observe_every();
        if (every > 0 && (index + 1) % every == 0) {
            Generator generator = Generator(settings_.seed).fork(Stream::observation_noise);
            for (auto& metric : problem_->observe(sampler_, instance_noise(index), generator))
                numbers.push_back(std::move(metric));
        }
        for (std::string& note : diagnostics_.observe(index + 1, numbers))
            notes_.push_back(std::move(note));
        return numbers;
    }
    std::vector<std::string> notes() override { return std::exchange(notes_, {}); }
    const std::string& capture_fallback() const override { return step_.fallback_reason(); }

    std::int64_t steps_per_epoch() override { return problem_->steps_per_epoch(); }
    std::int64_t parameter_count() const override {
        return pair_.generator->parameter_count() + pair_.discriminator->parameter_count();
    }

    std::vector<Picture> pictures() override {
        // The same noise each time shows how the model changes.
        Generator generator = Generator(settings_.seed).fork(Stream::pictures_noise);
        return problem_->pictures(sampler_, generator);
    }
    std::vector<Picture> sample(std::int64_t count, Generator& generator) override {
        return problem_->samples(sampler_, count, generator);
    }
    Scalars evaluate(Generator& generator) override {
        return problem_->evaluate(sampler_, generator);
    }

    NamedTensors state() const override { return state_.save(); }
    void load_state(const NamedTensors& state) override { state_.load(state); }

private:
    Players players() {
        return {*pair_.generator, *pair_.discriminator, *generator_optimizer_,
                *discriminator_optimizer_};
    }
    Sources sources() {
        return {.data = [this] { return problem_->batch(*inputs_, next_batch_++, noise_); },
                .noise = [this] { return sampler_.noise(settings_.batch, noise_); }};
    }

    /// Sets what changes from step to step.
    void schedule(std::int64_t index) {
        if (settings_.decays) {
            const nn::LinearLR lr{.lr = settings_.lr, .steps = settings_.steps};
            const nn::LinearLR lr_d{.lr = settings_.lr_d, .steps = settings_.steps};
            generator_optimizer_->set_learning_rate(lr.at(index));
            discriminator_optimizer_->set_learning_rate(lr_d.at(index));
        }
        game_.set_instance_noise(instance_noise(index));
        // Without instance noise D draws none: another graph.
        const bool noisy = instance_noise(index) > 0;
        if (std::exchange(noisy_, noisy) != noisy) step_.forget();
    }
    /// Falls in a line from the first step's value to 0.
    double instance_noise(std::int64_t index) const {
        if (settings_.instance_noise == 0) return 0;
        return nn::LinearLR{.lr = settings_.instance_noise, .steps = settings_.instance_noise_steps}
            .at(index);
    }

    NamedTensors iterate(const StepTensors& inputs) {
        inputs_ = &inputs;
        next_batch_ = 0;
        const Report report = game_.iteration(noise_);
        if (average_) average_->update();
        NamedTensors numbers{
            {"d_loss", report.discriminator_loss},
            {"g_loss", report.generator_loss},
            {"value", report.value},
            {"d_real", report.real_probability},
            {"d_fake", report.fake_probability},
            {"logit_gradient", report.logit_gradient},
            {"gradient_ratio", report.generator_gradient / report.discriminator_gradient}};
        if (settings_.penalty) numbers.emplace_back("penalty", report.penalty);
        append_scale(numbers, "d_loss_scale", game_.scalers.discriminator);
        append_scale(numbers, "g_loss_scale", game_.scalers.generator);
        return numbers;
    }

    Settings settings_;
    Generator noise_;  // for everything that training draws
    std::unique_ptr<GanProblem> problem_;
    Pair pair_;
    std::unique_ptr<nn::Optimizer> generator_optimizer_, discriminator_optimizer_;
    std::optional<nn::EMA> average_;
    Sampler sampler_;
    Algorithm1 game_;
    TrainState state_;
    Diagnostics diagnostics_;
    std::vector<std::string> notes_;
    bool noisy_ = false;  // D sees instance noise in this step
    // Of the step that runs: where its minibatches come from, and how many it has taken.
    const StepTensors* inputs_ = nullptr;
    std::int64_t next_batch_ = 0;
    Step step_;
};

}  // namespace

std::int64_t batches_per_step(const Settings& s) {
    return s.discriminator_steps + (s.unrolled_steps > 0 ? 1 : 0) +
           (s.objective->generator_reads_real ? 1 : 0);
}

}  // namespace gan

Family gan_family() {
    return {.name = "gan",
            .summary =
                "generative adversarial networks in the plane and on 28x28 images "
                "(Goodfellow et al. 2014 and what followed)",
            .options = options_of(gan::Settings::fields()),
            .make = make_task<gan::GanTask>,
            .complete = gan::complete};
}

}  // namespace eps::models
