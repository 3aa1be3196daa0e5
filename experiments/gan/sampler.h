#pragma once
// The two players as pictures and metrics see them: no graph, evaluation mode, and nothing that
// training computes is changed by it. They compute on the device of training; what they give to
// pictures and metrics is on the CPU.
#include <functional>

#include "experiments/gan/options.h"
#include "models/gan/discriminator_input.h"
#include "nn/optim/ema.h"
#include "nn/module.h"

namespace eps::models::gan {

class Sampler {
public:
    /// `average` of G's weights and buffers, or null. All must outlive this.
    Sampler(nn::Module& generator, nn::Module& discriminator, nn::EMA* average,
            const Settings& settings);

    /// z of the prior, on the device: N(0, I); for the networks of 2014 uniform, of the same
    /// variance. Classes drawn uniformly where the game has them.
    Minibatch noise(std::int64_t count, Generator& generator) const;
    /// The same with the classes in turn, 0, 1, .. , for pictures; on the CPU.
    Minibatch noise_in_turn(std::int64_t count, Generator& generator) const;
    /// As G has learned them, with its averaged weights -> [count, ...]; `latest`: with those of
    /// the last step, the ones that D plays against.
    Tensor samples(const Minibatch& noise, bool latest = false);
    /// D's logits of x [n, F], one each: in a pack, and in a group of minibatch standard deviation,
    /// x is seen beside data from `company` -> [n].
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
