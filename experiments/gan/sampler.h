#pragma once
// The two players as pictures and metrics evaluate them: without a graph, in evaluation mode, and
// without any effect on training. They compute on the device of training; what they return for
// pictures and metrics is on the CPU.
#include <functional>

#include "experiments/gan/options.h"
#include "models/gan/discriminator_input.h"
#include "nn/module.h"
#include "nn/optim/ema.h"

namespace eps::models::gan {

class Sampler {
public:
    /// average: of G's weights and buffers, or null. All must outlive this.
    Sampler(nn::Module& generator, nn::Module& discriminator, nn::EMA* average,
            const Settings& settings);

    /// Draws z from the prior, on the device: N(0, I), or for the networks of 2014 a uniform
    /// distribution of the same variance; and uniform classes if the game has them.
    Minibatch noise(std::int64_t count, Generator& generator) const;
    /// The same for pictures, on the CPU: with the classes in turn, 0, 1, ...
    Minibatch noise_in_turn(std::int64_t count, Generator& generator) const;
    /// G's samples [count, ...] by its averaged weights; latest: by those of the last step, which D
    /// plays against.
    Tensor samples(const Minibatch& noise, bool latest = false);
    /// D's logits [n], one for each row of x [n, F]. In a pack, and in a group of minibatch
    /// standard deviation, x stands beside data from `company`.
    Tensor logits(const Minibatch& x, const std::function<Minibatch(std::int64_t count)>& company);

private:
    nn::Module& generator_;
    nn::Module& discriminator_;
    nn::EMA* average_;
    Device device_;
    DiscriminatorInput discriminator_input_;  // without instance noise
    std::int64_t noise_, group_;
    bool uniform_;
};

}  // namespace eps::models::gan
