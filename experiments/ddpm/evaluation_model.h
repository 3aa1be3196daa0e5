#pragma once
// The network as pictures and metrics evaluate it: with averaged weights, in evaluation mode, and
// without any effect on training. It computes on the device of training.
#include <cstdint>
#include <vector>

#include "experiments/ddpm/options.h"
#include "models/ddpm/network.h"
#include "nn/evaluation.h"
#include "nn/optim/ema.h"

namespace eps::models::ddpm {

/// The states that sampling passes through: of the first `most` samples, at `frames` times that are
/// spread evenly over those of the sampler.
struct Film {
    std::int64_t frames, most;
    std::vector<double> times = {};
    std::vector<Tensor> x = {}, x0 = {};  // x_t and the x_0 predicted from it, [samples, ...] each
};

class EvaluationModel {
public:
    /// average: of the weights, or null. The network and the average must outlive this.
    /// sample_shape: of one sample.
    EvaluationModel(Network& network, nn::EMA* average, const Settings& settings,
                    Shape sample_shape);

    /// How samples() draws from here on.
    void set_sampling(const Sampling& sampling) { sampling_ = sampling; }
    /// Samples 0 .. count - 1 of `seed`, on the CPU, like the film. Sample n depends on neither
    /// count nor Sampling::at_once.
    Tensor samples(std::int64_t count, std::uint64_t seed, Film* film = nullptr);

    /// The averaged weights and evaluation mode, for a scope that calls denoiser().
    [[nodiscard]] nn::Evaluation evaluation() { return nn::Evaluation(network_, average_); }
    /// For samples of these classes; undefined for a model without classes.
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
    Shape sample_shape_;
    Sampling sampling_;
};

}  // namespace eps::models::ddpm
