#include "experiments/gan/gan.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "autograd/ops/elementwise/arithmetic.h"
#include "experiments/data/sets.h"
#include "models/gan/algorithm1.h"
#include "experiments/gan/diagnostics.h"
#include "experiments/gan/domain.h"
#include "experiments/run/named_state.h"
#include "experiments/run/task.h"
#include "experiments/run/task_step.h"
#include "nn/optim/scheduler.h"

namespace eps::models {
namespace {

using namespace gan;

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, training, pictures_noise, look_noise };

Pair make_pair(const Settings& s, Generator& training) {
    Generator init = Generator(s.seed).fork(Stream::initial_weights);
    if (s.net == "maxout") return maxout_mlp(s.network, init, training);
    if (s.net == "dcgan") return dcgan_28(s.network, init);
    return s.images ? image_mlp(s.network, init) : planar_mlp(s.network, init);
}

std::unique_ptr<nn::Optimizer> make_optimizer(const Settings& s, const nn::Module& player,
                                              double lr) {
    if (s.optimizer == "sgd")
        return std::make_unique<nn::SGD>(player.parameters(),
                                         nn::SGDOptions{.lr = lr, .momentum = s.beta1});
    return std::make_unique<nn::Adam>(
        player.parameters(), nn::AdamOptions{.lr = lr, .beta1 = s.beta1, .beta2 = s.beta2});
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

class GanTask final : public Task {
public:
    explicit GanTask(const Config& config)
        : settings_(Settings::of(config)),
          noise_(Generator(settings_.seed).fork(Stream::training)),
          domain_(settings_.images ? images(settings_) : plane(settings_)),
          pair_(make_pair(settings_, noise_)),
          generator_optimizer_(make_optimizer(settings_, *pair_.generator, settings_.lr)),
          discriminator_optimizer_(make_optimizer(settings_, *pair_.discriminator, settings_.lr_d)),
          game_({*pair_.generator, *pair_.discriminator, *generator_optimizer_,
                 *discriminator_optimizer_},
                {[this] { return domain_->batch([this] { return next_batch_++; }, noise_); },
                 [this] { return sampler_->noise(settings_.batch, noise_); }},
                {.classes = settings_.network.classes, .pac = settings_.network.pac},
                {.objective = *settings_.objective,
                 .discriminator_steps = settings_.discriminator_steps,
                 .real_label = 1 - settings_.label_smoothing,
                 .penalty = settings_.penalty,
                 .penalty_weight = settings_.penalty_weight,
                 .unrolled_steps = settings_.unrolled_steps,
                 .loss_scaling = settings_.loss_scaling}),
          diagnostics_(diagnostic_context(settings_)),
          step_(settings_.device, [this] { return one_step(); }) {
        pair_.generator->to(settings_.device);
        pair_.discriminator->to(settings_.device);
        if (settings_.ema > 0) average_.emplace(*pair_.generator, settings_.ema, true, true);
        sampler_.emplace(*pair_.generator, *pair_.discriminator, average_ ? &*average_ : nullptr,
                         settings_);
    }

    Scalars step(std::int64_t index) override {
        if (settings_.decays) {
            generator_optimizer_->set_learning_rate(
                nn::LinearLR{.lr = settings_.lr, .steps = settings_.steps}.at(index));
            discriminator_optimizer_->set_learning_rate(
                nn::LinearLR{.lr = settings_.lr_d, .steps = settings_.steps}.at(index));
        }
        game_.set_instance_noise(instance_noise(index));
        // without noise D draws none
        if (std::exchange(noisy_, instance_noise(index) > 0) != noisy_) step_.forget();
        next_batch_ = index * batches_a_step();
        Scalars scalars = step_();
        std::erase_if(scalars, [](const auto& scalar) {
            return scalar.first == "gradient_ratio" && !std::isfinite(scalar.second);
        });
        if (const std::int64_t every = domain_->look_every();
            every > 0 && (index + 1) % every == 0) {
            Generator generator = Generator(settings_.seed).fork(Stream::look_noise);
            for (const auto& metric : domain_->look(*sampler_, instance_noise(index), generator))
                scalars.push_back(metric);
        }
        for (std::string& note : diagnostics_.observe(index + 1, scalars))
            notes_.push_back(std::move(note));
        return scalars;
    }
    std::vector<std::string> notes() override {
        for (std::string& note : step_.notes()) notes_.push_back(std::move(note));
        return std::exchange(notes_, {});
    }

    std::int64_t steps_per_epoch() override {
        const std::int64_t batches = domain_->batches_per_epoch();
        return batches == 0 ? 0 : std::max<std::int64_t>(1, batches / batches_a_step());
    }
    std::int64_t parameter_count() const override {
        return pair_.generator->parameter_count() + pair_.discriminator->parameter_count();
    }

    std::vector<Picture> pictures() override {
        // the same noise each time: one sees the model change
        Generator generator = Generator(settings_.seed).fork(Stream::pictures_noise);
        return domain_->pictures(*sampler_, generator);
    }
    std::vector<Picture> sample(std::int64_t count, Generator& generator) override {
        return {domain_->samples(*sampler_, count, generator)};
    }
    Scalars evaluate(Generator& generator) override {
        return domain_->evaluate(*sampler_, generator);
    }

    NamedTensors state() const override {
        NamedTensors state;
        append_part(state, "generator.", pair_.generator->state_dict());
        append_part(state, "discriminator.", pair_.discriminator->state_dict());
        append_part(state, "generator_optimizer.", generator_optimizer_->state_dict());
        append_part(state, "discriminator_optimizer.", discriminator_optimizer_->state_dict());
        append_part(state, "generator_scaler.", game_.scalers.generator.state_dict());
        append_part(state, "discriminator_scaler.", game_.scalers.discriminator.state_dict());
        if (average_) append_part(state, "ema.", average_->state_dict());
        state.emplace_back("noise", pack(noise_));
        return state;
    }

    void load_state(const NamedTensors& state) override {
        const NamedTensors noise = part_of(state, "noise");
        check(noise.size() == 1, "gan",
              "the checkpoint has no random state; expected a tensor named noise");
        pair_.generator->load_state_dict(part_of(state, "generator."));
        pair_.discriminator->load_state_dict(part_of(state, "discriminator."));
        generator_optimizer_->load_state_dict(part_of(state, "generator_optimizer."));
        discriminator_optimizer_->load_state_dict(part_of(state, "discriminator_optimizer."));
        game_.scalers.generator.load_state_dict(part_of(state, "generator_scaler."));
        game_.scalers.discriminator.load_state_dict(part_of(state, "discriminator_scaler."));
        if (average_) average_->load_state_dict(part_of(state, "ema."));
        unpack(noise[0].second, noise_);
    }

private:
    NamedTensors one_step() {
        const Report report = game_.iteration(noise_);
        if (average_) average_->update();
        NamedTensors scalars{
            {"d_loss", report.discriminator_loss},
            {"g_loss", report.generator_loss},
            {"value", report.value},
            {"d_real", report.real_probability},
            {"d_fake", report.fake_probability},
            {"logit_gradient", report.logit_gradient},
            {"gradient_ratio", report.generator_gradient / report.discriminator_gradient}};
        if (settings_.penalty) scalars.emplace_back("penalty", report.penalty);
        append_scale(scalars, "d_", game_.scalers.discriminator);
        append_scale(scalars, "g_", game_.scalers.generator);
        return scalars;
    }

    /// In a line from the first step's to 0.
    double instance_noise(std::int64_t index) const {
        if (settings_.instance_noise == 0) return 0;
        return nn::LinearLR{.lr = settings_.instance_noise, .steps = settings_.instance_noise_steps}
            .at(index);
    }
    /// Minibatches of data that an iteration takes: what makes the batches of a step a function of
    /// its number.
    std::int64_t batches_a_step() const {
        return settings_.discriminator_steps + (settings_.unrolled_steps > 0 ? 1 : 0) +
               (settings_.objective->generator_reads_real ? 1 : 0);
    }

    Settings settings_;
    // of all that training draws: data of toys, z, dropout, penalties, instance noise
    Generator noise_;
    std::unique_ptr<Domain> domain_;
    Pair pair_;
    std::unique_ptr<nn::Optimizer> generator_optimizer_, discriminator_optimizer_;
    std::optional<nn::EMA> average_;
    std::optional<Sampler> sampler_;
    std::int64_t next_batch_ = 0;
    Algorithm1 game_;
    Diagnostics diagnostics_;
    std::vector<std::string> notes_;
    bool noisy_ = false;  // D sees instance noise in the step under way
    TaskStep step_;
};

}  // namespace

Family gan_family() {
    return {
        .name = "gan",
        .summary =
            "generative adversarial networks in the plane and on 28x28 images (Goodfellow et al. "
            "2014 and what followed)",
        .options = options_of(Settings::fields()),
        .make = make_task<GanTask>,
        .complete = complete};
}

}  // namespace eps::models
