#pragma once
// Algorithm 1 of Goodfellow et al. 2014, to the letter, for any pair of networks, any objective and
// any optimisers.
#include <functional>
#include <optional>

#include "models/gan/objective.h"
#include "models/gan/penalty.h"
#include "models/gan/presentation.h"
#include "nn/optim/grad_scaler.h"
#include "nn/module.h"

namespace eps::models::gan {

/// The two players. G maps noise [m, noise (+ classes)] to samples [m, ...]; D maps what
/// `presentation` makes of samples to logits [m / pac, 1].
struct Players {
    nn::Module& generator;
    nn::Module& discriminator;
    nn::Optimizer& generator_optimizer;
    nn::Optimizer& discriminator_optimizer;
};

/// Where minibatches come from: called anew in each of the k steps of D, and once for the step of
/// G. All are of one size m.
struct Sources {
    // m examples x ~ p_data, with their classes where the game is conditional
    std::function<Minibatch()> data;
    // m noise samples z ~ p_z, with the classes to make; in the steps of D those of the data take
    // their place
    std::function<Minibatch()> noise;
};

/// The rules.
struct Rules {
    const Objective& objective;
    std::int64_t discriminator_steps = 1;  // k
    double real_label = 1;                 // below 1: one-sided label smoothing
    const Penalty* penalty = nullptr;      // on D's gradient; null: none
    double penalty_weight = 0;
    // of D that the step of G looks ahead   (Metz et al. 2017); 0: none
    std::int64_t unrolled_steps = 0;
    double unrolled_learning_rate = 1e-2;  // of those steps
    // of each player's loss, penalty and all, by a scale of its own
    nn::GradScalerOptions loss_scaling = {.enabled = false};
    // fill in the whole Report, not the losses alone; costs a few per cent of a step of small
    // networks
    bool diagnostics = true;
};

/// What one iteration saw, f64 [] each; means over the k steps of D where they are D's. Undefined
/// is what was not asked for.
struct Report {
    Tensor discriminator_loss, generator_loss;  // of the objective, without the penalty
    Tensor penalty;                             // without its weight
    // V(D, G) before D's update; -log 4 at the equilibrium
    Tensor value;
    Tensor real_probability, fake_probability;  // mean D on data and on samples
    // mean |d generator_loss_i / d a_i| of G's step: what saturation makes vanish
    Tensor logit_gradient;
    // 2-norms of all gradients of D (the last step's) and of G
    Tensor discriminator_gradient, generator_gradient;
};

class Algorithm1 {
public:
    /// Throws, naming them, on rules that make no sense.
    Algorithm1(Players players, Sources sources, Presentation presentation, Rules rules);

    /// One pass of the loop body: k steps of D, then one of G. `generator` draws what penalty and
    /// presentation need.
    Report iteration(Generator& generator);

    /// From now on; the rest of the presentation stays.
    void set_instance_noise(double deviation) { presentation_.instance_noise = deviation; }

    /// Of the two losses; a checkpoint holds their states.
    struct Scalers {
        nn::GradScaler generator, discriminator;
    };
    Scalers scalers;

    /// The two halves, in the paper's words: "update the discriminator by ascending its stochastic
    /// gradient", "update the generator by descending its stochastic gradient". Each leaves the
    /// other player alone: parameters, their gradients, running statistics. G's computes no
    /// gradient of D's weights.
    void update_discriminator(Report& report, Generator& generator);
    void update_generator(Report& report, Generator& generator);

private:
    Tensor discriminate(const Minibatch& batch, Generator& generator);
    Minibatch generate(const Minibatch& noise);
    Tensor penalise(const Minibatch& real, const Minibatch& fake, Generator& generator);
    NamedTensors look_ahead(const Minibatch& samples, Generator& generator);

    Players players_;
    Sources sources_;
    Presentation presentation_;
    Rules rules_;
    std::vector<Tensor> discriminator_parameters_, generator_parameters_;
};

}  // namespace eps::models::gan
