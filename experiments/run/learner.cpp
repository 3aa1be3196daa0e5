#include "experiments/run/learner.h"

#include <cmath>
#include <utility>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "nn/optim/scheduler.h"

namespace eps::models {
namespace {

double learning_rate(const LearnerOptions& options, std::int64_t index) {
    if (options.lr_decay == "linear")
        return nn::LinearLR{.lr = options.lr, .steps = options.steps}.at(index);
    if (options.lr_decay == "cosine")
        return nn::CosineLR{.lr = options.lr, .steps = options.steps}.at(index);
    return options.lr;
}

}  // namespace

Learner::Learner(nn::Module& model, LearnerOptions options)
    : options_(std::move(options)),
      parameters_(model.parameters()),
      optimizer_(parameters_, {.lr = options_.lr}),
      scaler_(options_.loss_scaling) {
    if (options_.ema > 0) average_.emplace(model, options_.ema, true, options_.average_buffers);
}

void Learner::begin(std::int64_t index) {
    start_anew();
    optimizer_.set_learning_rate(learning_rate(options_, index));
}

NamedTensors Learner::step(const Loss& loss) {
    add(loss, 1);
    return step();
}

void Learner::add(const Loss& part, double share) {
    or_start_anew([&] {
        backward(scaler_.scale(share == 1 ? part.value : part.value * share));
        const NoGrad guard;
        const bool is_first = shown_.empty();
        for (std::size_t i = 0; i < part.shown.size(); ++i) {
            const auto& [name, mean] = part.shown[i];
            const Tensor weighted = to(detach(mean), f64) * share;
            if (is_first)
                shown_.emplace_back(name, weighted);
            else
                shown_.at(i).second = shown_.at(i).second + weighted;
        }
    });
}

NamedTensors Learner::step() {
    NamedTensors shown;
    or_start_anew([&] {
        shown = std::exchange(shown_, {});
        if (options_.grad_clip > 0) {
            scaler_.unscale_(optimizer_);
            shown.emplace_back("grad_norm", nn::clip_grad_norm_(parameters_, options_.grad_clip));
        }
        if (scaler_.is_enabled()) shown.emplace_back("loss_scale", scaler_.current_scale());
        // What may fail comes first, so that weights, scale and averages change together.
        const auto step = scaler_.prepare_step(optimizer_);
        const auto update_scale = scaler_.prepare_update();
        const auto update_average = average_ ? average_->prepare_update() : [] {};
        step();
        update_scale();
        update_average();
        optimizer_.zero_grad();
    });
    return shown;
}

template <class F> void Learner::or_start_anew(const F& f) {
    try {
        f();
    } catch (...) {
        start_anew();
        throw;
    }
}

void Learner::start_anew() {
    scaler_.discard();
    optimizer_.zero_grad();
    shown_.clear();
}

void Learner::erase_skipped(Scalars& numbers) const {
    if (!scaler_.is_enabled()) return;
    std::erase_if(numbers, [](const auto& number) {
        return number.first == "grad_norm" && !std::isfinite(number.second);
    });
}

void Learner::add_to(TrainState& state) {
    state.add("optimizer", optimizer_);
    state.add("scaler", scaler_);
    if (average_) state.add("ema", *average_);
}

std::vector<BatchPart> batch_parts(std::int64_t n, std::int64_t parts) {
    check(parts >= 1 && parts <= n, "accumulate", "cannot take ", n, " rows in ", parts, " parts");
    std::vector<BatchPart> all;
    for (std::int64_t part = 0, start = 0; part < parts; ++part) {
        const std::int64_t count = n / parts + (part < n % parts);
        all.push_back({start, count, static_cast<double>(count) / static_cast<double>(n)});
        start += count;
    }
    return all;
}

}  // namespace eps::models
