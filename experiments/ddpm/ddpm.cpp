#include "experiments/ddpm/ddpm.h"

#include <cmath>
#include <optional>
#include <utility>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/ddpm/problem.h"
#include "experiments/run/learner.h"
#include "models/ddpm/guidance.h"
#include "models/ddpm/times.h"
#include "tensor/capture/captured_step.h"
#include "tensor/create.h"

namespace eps::models {
namespace ddpm {
namespace {

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, training, dropout_masks, pictures_noise };

std::unique_ptr<DdpmProblem> make_problem(const Settings& s) {
    return s.images ? image_problem(s) : plane_problem(s);
}

std::unique_ptr<Network> make_network(const Settings& s, Generator& masks) {
    Generator init = Generator(s.seed).fork(Stream::initial_weights);
    std::unique_ptr<Network> network;
    if (s.images) {
        UNetOptions options = s.unet;
        options.generator = &init;
        options.masks = &masks;
        network = std::make_unique<UNet>(options);
    } else {
        MlpOptions options = s.mlp;
        options.generator = &init;
        options.masks = &masks;
        network = std::make_unique<Mlp>(options);
    }
    network->to(s.device);
    return network;
}

LearnerOptions learner_options(const Settings& s) {
    return {.lr = s.lr,
            .lr_decay = s.lr_decay,
            .steps = s.steps,
            .grad_clip = s.grad_clip,
            .ema = s.ema,
            .loss_scaling = s.loss_scaling};
}

std::optional<ImportanceTimes> make_importance_times(const Settings& s) {
    return s.importance ? std::optional(ImportanceTimes(s.timesteps)) : std::nullopt;
}

// The mean loss of a step in each quarter of 1 .. T, which shows where denoising is hard.
class QuarterMeans {
public:
    explicit QuarterMeans(std::int64_t timesteps) : timesteps_(timesteps) {}

    void add(const Tensor& t, const Tensor& losses) {
        const NoGrad guard;
        const Tensor quarter = floor(to(t - 1.0, f64) * 4.0 / static_cast<double>(timesteps_));
        const Tensor quarters = unsqueeze(arange(0, 4, 1, quarter.options()), 1);
        const Tensor is_in = to(eq(unsqueeze(quarter, 0), quarters), f64);  // [4, B]
        const Tensor sums = sum(is_in * to(losses, f64), {1}), counts = sum(is_in, {1});
        sums_ = sums_.defined() ? sums_ + sums : sums;
        counts_ = counts_.defined() ? counts_ + counts : counts;
    }
    /// "loss_t1" .. "loss_t4", NaN for a quarter without a t.
    void append_to(NamedTensors& numbers) const {
        const std::vector<Tensor> means = split(sums_ / counts_, 1);
        for (std::size_t q = 0; q < means.size(); ++q)
            numbers.emplace_back(str("loss_t", q + 1), means[q]);
    }

private:
    std::int64_t timesteps_;
    Tensor sums_, counts_;  // f64 [4]
};

class DdpmTask final : public Task {
public:
    explicit DdpmTask(const Config& config)
        : settings_(Settings::of(config)),
          schedule_(make_schedule(settings_.schedule, settings_.timesteps).on(settings_.device)),
          noise_(Generator(settings_.seed).fork(Stream::training)),
          masks_(Generator(settings_.seed).fork(Stream::dropout_masks)),
          problem_(make_problem(settings_)),
          network_(make_network(settings_, masks_)),
          learner_(*network_, learner_options(settings_)),
          uniform_times_(settings_.timesteps),
          importance_times_(make_importance_times(settings_)),
          model_(*network_, learner_.average(), settings_, problem_->sample_shape()),
          step_(settings_.device, [this](const StepTensors& inputs) { return train_on(inputs); }) {
        state_.add("model", *network_);
        learner_.add_to(state_);
        if (importance_times_)
            state_.add_named(
                "times.", [this] { return importance_times_->state(); },
                [this](const NamedTensors& times) { importance_times_->load_state(times); });
        state_.add("noise", noise_);
        state_.add("masks", masks_);
    }

    Scalars step(std::int64_t index) override {
        learner_.begin(index);
        Scalars numbers = step_(problem_->inputs(index, noise_)).numbers();
        learner_.erase_skipped(numbers);
        std::erase_if(numbers, [](const auto& number) {
            return number.first.starts_with("loss_t") && std::isnan(number.second);
        });
        return numbers;
    }
    const std::string& capture_fallback() const override { return step_.fallback_reason(); }

    std::int64_t steps_per_epoch() override { return problem_->steps_per_epoch(); }
    std::int64_t parameter_count() const override { return network_->parameter_count(); }

    std::vector<Picture> pictures() override {
        // The same noise each time shows how the model changes.
        Generator generator = Generator(settings_.seed).fork(Stream::pictures_noise);
        return problem_->pictures(model_, generator);
    }
    void set_sampling(const Config& given) override {
        model_.set_sampling(Sampling(settings_, given));
    }
    std::vector<Picture> sample(std::int64_t count, Generator& generator) override {
        return problem_->samples(model_, count, generator);
    }
    Scalars evaluate(Generator& generator) override {
        return problem_->evaluate(model_, generator);
    }

    NamedTensors state() const override { return state_.save(); }
    void load_state(const NamedTensors& state) override { state_.load(state); }

private:
    NamedTensors train_on(const StepTensors& inputs) {
        const Minibatch batch = problem_->batch(inputs);
        QuarterMeans quarters(settings_.timesteps);
        for (const BatchPart& part : batch_parts(batch.x.size(0), settings_.parts)) {
            const auto rows = [&](const Tensor& x) {
                return x.defined() ? narrow(x, 0, part.start, part.count) : x;
            };
            learner_.add(loss_of({rows(batch.x), rows(batch.y)}, quarters), part.share);
        }
        NamedTensors numbers = learner_.step();
        quarters.append_to(numbers);
        return numbers;
    }

    Loss loss_of(const Minibatch& batch, QuarterMeans& quarters) {
        const DrawnTimes times = draw_times(batch.x.size(0));
        const Tensor noise = randn(batch.x.shape(), batch.x.options(), noise_);
        const Tensor classes = batch.y.defined() ? drop_classes(batch.y, network_->class_count(),
                                                                settings_.class_dropout, noise_)
                                                 : Tensor();
        const Denoiser denoiser(
            [&](const Tensor& x, const Tensor& t) { return network_->forward(x, t, classes); },
            settings_.prediction, settings_.loss.variance == Variance::learned);
        const Tensor losses =
            training_loss(schedule_, denoiser, batch.x, times.t, noise, settings_.loss);
        quarters.add(times.t, losses);
        if (!importance_times_) {
            const Tensor loss = mean(losses);
            return {loss, {{"loss", loss}}};
        }
        importance_times_->update(times.t, losses);
        const Tensor loss = mean(losses * to(times.weight, losses.dtype()));
        return {loss, {{"loss", loss}}};
    }

    DrawnTimes draw_times(std::int64_t count) {
        if (!importance_times_) return uniform_times_.draw(count, noise_, settings_.device);
        const DrawnTimes drawn = importance_times_->draw(count, noise_);
        return {to(drawn.t, settings_.device), to(drawn.weight, settings_.device)};
    }

    Settings settings_;
    Schedule schedule_;
    Generator noise_, masks_;  // for everything that training draws, and for dropout
    std::unique_ptr<DdpmProblem> problem_;
    std::unique_ptr<Network> network_;
    Learner learner_;
    UniformTimes uniform_times_;
    std::optional<ImportanceTimes> importance_times_;
    EvaluationModel model_;
    TrainState state_;
    Step step_;
};

}  // namespace
}  // namespace ddpm

Family ddpm_family() {
    return {.name = "ddpm",
            .summary =
                "denoising diffusion models in the plane and on 28x28 images (Ho et al. "
                "2020 and what followed)",
            .options = options_of(ddpm::Settings::fields()),
            .make = make_task<ddpm::DdpmTask>,
            .complete = ddpm::complete,
            .sample_options = options_of(ddpm::Sampling::fields())};
}

}  // namespace eps::models
