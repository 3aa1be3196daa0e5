#pragma once
// The network as pictures and metrics see it: averaged weights, evaluation mode, and nothing that
// training computes is changed by it. It computes on the device of training.
#include <cstdint>
#include <optional>
#include <vector>

#include "models/ddpm/network.h"
#include "experiments/ddpm/options.h"
#include "nn/optim/ema.h"
#include "nn/evaluation.h"

namespace eps::models::ddpm {

/// x as the network has it [m, ...]; y: classes, i64 [m], or undefined where the model is told
/// none.
struct Minibatch {
    Tensor x, y;
};

/// What sampling passed through: the first samples, `most` at most, at `frames` times, evenly among
/// those of the sampler.
struct Film {
    std::int64_t frames, most;
    std::vector<double> times = {};
    std::vector<Tensor> x = {}, x0 = {};  // x_t and the x_0 predicted from it, [samples, ...] each
};

class Trained {
public:
    /// `average` of the weights, or null. Both must outlive this. sample: the shape of one.
    Trained(Network& network, nn::EMA* average, const Settings& settings, Shape sample);

    /// Samples 0 .. count - 1 of `seed`, on the CPU, as is the film: what sample n is depends on
    /// neither count nor sampling.at_once.
    Tensor samples(std::int64_t count, std::uint64_t seed, const Sampling& sampling,
                   Film* film = nullptr);

    /// f() while the network has its averaged weights: for what calls `denoiser`.
    template <class F> auto with_weights(const F& f) {
        const nn::Evaluating mode(network_);
        std::optional<nn::EmaScope> weights;
        if (average_) weights.emplace(*average_, network_);
        return f();
    }
    /// Of samples of these classes (undefined for a model that is told none).
    Denoiser denoiser(const Tensor& classes, double guidance = 0);

    const Schedule& schedule() const { return schedule_; }
    Device device() const { return device_; }
    const LossOptions& loss() const { return loss_; }
    std::int64_t class_count() const { return network_.class_count(); }

private:
    Network& network_;
    nn::EMA* average_;
    Device device_;
    Schedule schedule_;
    Prediction prediction_;
    LossOptions loss_;
    Shape sample_;
};

}  // namespace eps::models::ddpm
