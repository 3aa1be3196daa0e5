#include "experiments/flow/flow.h"

#include <cmath>
#include <utility>

#include "autograd/ops/elementwise/cast.h"
#include "experiments/flow/problem.h"
#include "nn/evaluation.h"
#include "tensor/capture/captured_step.h"

namespace eps::models {
namespace flow {
namespace {

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, training, pictures_noise };

std::unique_ptr<FlowProblem> make_problem(const Settings& s) {
    switch (s.target) {
        case Target::energy: return energy_problem(s);
        case Target::toy: return plane_problem(s);
        case Target::images: return image_problem(s);
    }
    fail("flow", "no such target");
}

Model make_model_of(const Settings& s) {
    Generator init = Generator(s.seed).fork(Stream::initial_weights);
    Model model = make_model(s, init);
    model.q->to(s.device);
    return model;
}

LearnerOptions learner_options(const Settings& s) {
    return {.lr = s.lr,
            .lr_decay = s.lr_decay,
            .steps = s.steps,
            .grad_clip = s.grad_clip,
            .ema = s.ema,
            .average_buffers = true,
            .loss_scaling = s.loss_scaling};
}

class FlowTask final : public Task {
public:
    explicit FlowTask(const Config& config)
        : settings_(Settings::of(config)),
          noise_(Generator(settings_.seed).fork(Stream::training)),
          problem_(make_problem(settings_)),
          model_(make_model_of(settings_)),
          learner_(*model_.q, learner_options(settings_)),
          step_(settings_.device, [this](const StepTensors& inputs) {
              return learner_.step(problem_->loss(model_, inputs, noise_));
          }) {
        state_.add("model", *model_.q);
        learner_.add_to(state_);
        state_.add("noise", noise_);
    }

    Scalars step(std::int64_t index) override {
        learner_.begin(index);
        Scalars numbers = step_(problem_->inputs(index, noise_)).numbers();
        learner_.erase_skipped(numbers);
        return numbers;
    }
    const std::string& capture_fallback() const override { return step_.fallback_reason(); }

    std::int64_t steps_per_epoch() override { return problem_->steps_per_epoch(); }
    std::int64_t parameter_count() const override { return model_.q->parameter_count(); }

    std::vector<Picture> pictures() override {
        // The same noise each time shows how the model changes.
        Generator generator = Generator(settings_.seed).fork(Stream::pictures_noise);
        const nn::Evaluation evaluation(*model_.q, learner_.average());
        return problem_->pictures(model_, generator);
    }
    void set_sampling(const Config& given) override {
        const OdeOptions solver = solver_of(settings_, given);
        if (model_.continuous) model_.continuous->options = solver;
    }
    std::vector<Picture> sample(std::int64_t count, Generator& generator) override {
        const nn::Evaluation evaluation(*model_.q, learner_.average());
        return problem_->samples(model_, count, generator);
    }
    Scalars evaluate(Generator& generator) override {
        const nn::Evaluation evaluation(*model_.q, learner_.average());
        const Scalars scalars = problem_->evaluate(model_, generator);
        for (const auto& [name, value] : scalars)
            check(std::isfinite(value), "flow", name,
                  " is not finite; hint: the run may have diverged: a lower --lr, or --grad-clip");
        return scalars;
    }

    NamedTensors state() const override { return state_.save(); }
    void load_state(const NamedTensors& state) override { state_.load(state); }

private:
    Settings settings_;
    Generator noise_;  // for everything that training draws
    std::unique_ptr<FlowProblem> problem_;
    Model model_;
    Learner learner_;
    TrainState state_;
    Step step_;
};

}  // namespace
}  // namespace flow

Family flow_family() {
    return {.name = "flow",
            .summary =
                "normalizing flows: energies and points of the plane, 28x28 images "
                "(Rezende & Mohamed 2015 and what followed)",
            .options = options_of(flow::Settings::fields()),
            .make = make_task<flow::FlowTask>,
            .complete = flow::complete,
            .sample_options = options_of(flow::solver_fields())};
}

}  // namespace eps::models
