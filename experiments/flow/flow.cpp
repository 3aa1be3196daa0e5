#include "experiments/flow/flow.h"

#include <optional>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "experiments/flow/domain.h"
#include "experiments/run/learning_rate.h"
#include "experiments/run/named_state.h"
#include "experiments/run/task.h"
#include "experiments/run/task_step.h"
#include "nn/optim/ema.h"
#include "nn/evaluation.h"
#include "nn/optim/optimizer.h"

namespace eps::models {
namespace {

using namespace flow;

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, training, pictures_noise };

std::unique_ptr<Domain> make_domain(const Settings& s) {
    switch (s.target) {
        case Target::energy: return energy_domain(s);
        case Target::toy: return plane(s);
        case Target::images: return images(s);
    }
    fail("flow", "no such target");
}

Model make_model_of(const Settings& s) {
    Generator init = Generator(s.seed).fork(Stream::initial_weights);
    return make_model(s, init);
}

class FlowTask final : public Task {
public:
    explicit FlowTask(const Config& config)
        : settings_(Settings::of(config)),
          noise_(Generator(settings_.seed).fork(Stream::training)),
          domain_(make_domain(settings_)),
          model_(make_model_of(settings_)),
          optimizer_(model_.q->parameters(), {.lr = settings_.lr}),
          scaler_(settings_.loss_scaling),
          step_(settings_.device, [this] { return one_step(); }) {
        model_.q->to(settings_.device);
        if (settings_.ema > 0) average_.emplace(*model_.q, settings_.ema, true, true);
    }

    Scalars step(std::int64_t index) override {
        index_ = index;
        optimizer_.set_learning_rate(
            decayed(settings_.lr_decay, settings_.lr, settings_.steps, index));
        Scalars scalars = step_();
        drop_skipped(scalars, "grad_norm", scaler_);
        return scalars;
    }
    std::vector<std::string> notes() override { return step_.notes(); }

    std::int64_t steps_per_epoch() override { return domain_->batches_per_epoch(); }
    std::int64_t parameter_count() const override { return model_.q->parameter_count(); }

    std::vector<Picture> pictures() override {
        // the same noise each time: one sees the model change
        Generator generator = Generator(settings_.seed).fork(Stream::pictures_noise);
        return looking([&] { return domain_->pictures(model_, generator); });
    }
    void set_sampling(const Config& given) override {
        const OdeOptions solver = solver_of(settings_, given);
        if (model_.continuous) model_.continuous->options = solver;
    }
    std::vector<Picture> sample(std::int64_t count, Generator& generator) override {
        return looking([&] { return domain_->samples(model_, count, generator); });
    }
    Scalars evaluate(Generator& generator) override {
        const Scalars scalars = looking([&] { return domain_->evaluate(model_, generator); });
        check_finite(scalars);
        return scalars;
    }

    NamedTensors state() const override {
        NamedTensors state;
        append_part(state, "model.", model_.q->state_dict());
        append_part(state, "optimizer.", optimizer_.state_dict());
        append_part(state, "scaler.", scaler_.state_dict());
        if (average_) append_part(state, "ema.", average_->state_dict());
        state.emplace_back("noise", pack(noise_));
        return state;
    }

    void load_state(const NamedTensors& state) override {
        const NamedTensors noise = part_of(state, "noise");
        check(noise.size() == 1, "flow",
              "the checkpoint has no random state; expected a tensor named noise");
        model_.q->load_state_dict(part_of(state, "model."));
        optimizer_.load_state_dict(part_of(state, "optimizer."));
        scaler_.load_state_dict(part_of(state, "scaler."));
        if (average_) average_->load_state_dict(part_of(state, "ema."));
        unpack(noise[0].second, noise_);
    }

private:
    NamedTensors one_step() {
        optimizer_.zero_grad();
        PartLoss part = domain_->loss(
            model_, [this] { return index_; }, noise_);
        backward(scaler_.scale(part.loss));
        scaler_.unscale_(optimizer_);
        if (settings_.grad_clip > 0)
            part.scalars.emplace_back(
                "grad_norm", nn::clip_grad_norm_(model_.q->parameters(), settings_.grad_clip));
        scaler_.step(optimizer_);
        scaler_.update();
        append_scale(part.scalars, "", scaler_);
        if (average_) average_->update();
        return part.scalars;
    }

    /// f() on the model as pictures and metrics see it: no graph, evaluation mode, averaged
    /// weights; training is not changed by it.
    template <class F> auto looking(const F& f) -> decltype(f()) {
        const NoGrad guard;
        const nn::Evaluating mode(*model_.q);
        std::optional<nn::EmaScope> weights;
        if (average_) weights.emplace(*average_, *model_.q);
        return f();
    }

    Settings settings_;
    Generator noise_;  // of all that training draws
    std::unique_ptr<Domain> domain_;
    Model model_;
    nn::Adam optimizer_;
    nn::GradScaler scaler_;
    std::optional<nn::EMA> average_;
    std::int64_t index_ = 0;  // of the step under way
    TaskStep step_;
};

}  // namespace

Family flow_family() {
    return {
        .name = "flow",
        .summary =
            "normalizing flows: energies and points of the plane, 28x28 images (Rezende & Mohamed "
            "2015 and what followed)",
        .options = options_of(Settings::fields()),
        .make = make_task<FlowTask>,
        .complete = complete,
        .sample_options = options_of(solver_fields())};
}

}  // namespace eps::models
