#pragma once
// Algorithm 1 of Goodfellow et al. 2014, line by line, for any pair of networks, any objective and
// any optimisers.
#include <functional>
#include <optional>

#include "models/gan/discriminator_input.h"
#include "models/gan/objective.h"
#include "models/gan/penalty.h"
#include "nn/module.h"
#include "nn/optim/grad_scaler.h"

namespace eps::models::gan {

/// The two players. G maps generator_input(noise) to samples [m, ...]; D maps
/// DiscriminatorInput(samples) to logits [m / pac, 1].
struct Players {
    nn::Module& generator;
    nn::Module& discriminator;
    nn::Optimizer& generator_optimizer;
    nn::Optimizer& discriminator_optimizer;
};

/// Where minibatches come from. Both are called anew in each of the k steps of D, `noise` once more
/// in the step of G. All minibatches have one size m.
struct Sources {
    /// m examples x ~ p_data, with their classes in a conditional game.
    std::function<Minibatch()> data;
    /// m noise samples z ~ p_z, with the classes to generate. In the steps of D, the classes of the
    /// data replace them.
    std::function<Minibatch()> noise;
};

struct Rules {
    const Objective& objective;
    std::int64_t discriminator_steps = 1;  // k
    double real_label = 1;                 // below 1: one-sided label smoothing
    const Penalty* penalty = nullptr;      // on D's gradient; null: none
    double penalty_weight = 0;
    /// Steps of D that the step of G looks ahead (Metz et al. 2017), and their learning rate.
    std::int64_t unrolled_steps = 0;
    double unrolled_learning_rate = 1e-2;
    /// Each player's loss, penalty included, is scaled by a scale of its own.
    nn::GradScalerOptions loss_scaling = {.enabled = false};
    /// Fill in the whole Report, not only the losses. Costs a few per cent of a step of small
    /// networks.
    bool diagnostics = true;
};

/// Measurements of one iteration, f64 [] each; those of D are means over its k steps. What was not
/// asked for is undefined.
struct Report {
    Tensor discriminator_loss, generator_loss;  // the objective, without the penalty
    Tensor penalty;                             // without its weight
    Tensor value;                               // V(D, G) before D's update; -log 4 at equilibrium
    Tensor real_probability, fake_probability;  // mean D on data and on samples
    /// mean |d generator_loss_i / d a_i| in G's step; saturation makes it vanish.
    Tensor logit_gradient;
    /// 2-norms of all gradients of D (in its last step) and of G.
    Tensor discriminator_gradient, generator_gradient;
};

class Algorithm1 {
public:
    /// Throws: on rules that contradict themselves, naming them.
    Algorithm1(Players players, Sources sources, DiscriminatorInput input, Rules rules);

    /// One pass of the outer loop's body: k steps of D, then one of G. `generator` draws the
    /// randomness of the penalty and of instance noise.
    Report iteration(Generator& generator);

    /// Takes effect from the next iteration.
    void set_instance_noise(double deviation) { discriminator_input_.instance_noise = deviation; }

    /// The loss scales of both players, which belong in a checkpoint.
    struct Scalers {
        nn::GradScaler generator, discriminator;
    };
    Scalers scalers;

    /// "Update the discriminator by ascending its stochastic gradient". Leaves G's parameters,
    /// gradients and running statistics as they are.
    void update_discriminator(Report& report, Generator& generator);
    /// "Update the generator by descending its stochastic gradient". Leaves D as it is, and
    /// computes no gradient of D's weights.
    void update_generator(Report& report, Generator& generator);

private:
    Tensor discriminate(const Minibatch& batch, Generator& generator);
    Minibatch generate(const Minibatch& noise);
    Tensor gradient_penalty(const Minibatch& real, const Minibatch& fake, Generator& generator);
    NamedTensors unrolled_discriminator(const Minibatch& samples, Generator& generator);

    Players players_;
    Sources sources_;
    DiscriminatorInput discriminator_input_;
    Rules rules_;
    std::vector<Tensor> discriminator_parameters_, generator_parameters_;
};

}  // namespace eps::models::gan
