#pragma once
// The smallest Task with everything that a checkpoint must carry: parameters, an optimiser's
// memory, a random state, data in order.
#include "experiments/data/batches.h"
#include "experiments/run/train_state.h"
#include "experiments/run/trainer.h"
#include "tensor/create.h"

namespace eps::test {

class ToyTask final : public models::Task {
public:
    explicit ToyTask(std::uint64_t seed = 1) : order_(40, 4, seed), noise_(seed) {}

    std::vector<std::string> notes() override { return std::exchange(to_note, {}); }
    models::Scalars step(std::int64_t index) override {
        ++steps_taken;
        if (on_step) on_step(index);
        const Tensor rows = order_.indices(index), noise = randn({4}, noise_);
        double loss = 0;
        for (std::int64_t i = 0; i < 4; ++i) {
            float& w = weights.data<float>()[i];
            float& m = momentum_.data<float>()[i];
            const float error = w - 0.1f * static_cast<float>(rows.data<std::int64_t>()[i]) -
                                noise.data<float>()[i];
            m = 0.9f * m + error;
            w -= 0.01f * m;
            loss += static_cast<double>(error * error);
        }
        return {{"loss", index == nan_at ? NAN : loss},
                {"weight", static_cast<double>(weights.data<float>()[0])}};
    }
    std::int64_t steps_per_epoch() override { return order_.steps_per_epoch(); }
    std::vector<models::Picture> pictures() override {
        return {{.name = "toy", .pixels = full({2, 2}, 0.5), .filmed = true}};
    }
    std::vector<models::Picture> sample(std::int64_t, Generator&) override { return pictures(); }
    models::Scalars evaluate(Generator&) override { return {}; }
    NamedTensors state() const override {
        return {{"weights", weights}, {"momentum", momentum_}, {"noise", models::pack(noise_)}};
    }
    void load_state(const NamedTensors& state) override {
        for (const auto& [name, x] : state) {
            if (name == "weights") weights.copy_(x);
            if (name == "momentum") momentum_.copy_(x);
            if (name == "noise") models::unpack(x, noise_);
        }
    }
    std::int64_t parameter_count() const override { return 4; }

    Tensor weights = zeros({4});
    std::int64_t nan_at = -1, steps_taken = 0;
    std::function<void(std::int64_t)> on_step;
    std::vector<std::string> to_note;

private:
    Tensor momentum_ = zeros({4});
    data::BatchOrder order_;
    Generator noise_;
};

inline models::Config toy_config(std::int64_t steps = 100) {
    models::Config config;
    config.set("family", std::string("toy"));
    for (const models::Option& option : models::run_options())
        config.set(option.name, option.fallback);
    config.set("steps", steps);
    config.set("log-every", std::int64_t{10});
    config.set("picture-every", std::int64_t{50});
    config.set("checkpoint-every", std::int64_t{20});
    return config;
}

struct QuietListener final : models::TrainListener {
    void started(const models::RunSettings&, const models::Progress&) override {}
    void stepped(const models::Progress& progress) override {
        if (on_step) on_step(progress);
    }
    void noted(const std::string& note) override { notes.push_back(note); }
    std::function<void(const models::Progress&)> on_step;
    std::vector<std::string> notes;
};

}  // namespace eps::test
