#include "models/gan/algorithm1.h"

#include <cmath>
#include <utility>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/gan/unrolled.h"
#include "nn/functional_call.h"

namespace eps::models::gan {
namespace {

Tensor number(const Tensor& x) { return to(detach(x), f64); }
void add(Tensor& total, const Tensor& x) { total = total.defined() ? total + x : x; }

bool not_negative(double x) { return std::isfinite(x) && x >= 0; }

void check_rules(const Rules& rules) {
    constexpr const char* op = "gan";
    check(rules.discriminator_steps >= 1, op,
          "D needs at least one step an iteration; got k = ", rules.discriminator_steps);
    check(rules.unrolled_steps >= 0, op, "the number of unrolled steps must not be negative; got ",
          rules.unrolled_steps);
    check(not_negative(rules.unrolled_learning_rate) && rules.unrolled_learning_rate > 0, op,
          "the learning rate of unrolled steps must be positive; got ",
          rules.unrolled_learning_rate);
    const bool smooths = rules.objective.smooths;
    check(rules.real_label == 1 || (smooths && rules.real_label > 0 && rules.real_label < 1), op,
          "bad label of data for the loss ", rules.objective.name, "; got ", rules.real_label,
          smooths ? "; expected above 0 and at most 1" : "; expected 1: it smooths none");
    check(not_negative(rules.penalty_weight), op,
          "the weight of a penalty must not be negative; got ", rules.penalty_weight);
}

void check_input(const DiscriminatorInput& input) {
    check(not_negative(input.instance_noise) && input.pac >= 1 && input.classes >= 0, "gan",
          "bad input of D; got pac ", input.pac, ", ", input.classes, " classes, instance noise ",
          input.instance_noise);
}

}  // namespace

Algorithm1::Algorithm1(Players players, Sources sources, DiscriminatorInput input, Rules rules)
    : scalers{nn::GradScaler(rules.loss_scaling), nn::GradScaler(rules.loss_scaling)},
      players_(players),
      sources_(std::move(sources)),
      discriminator_input_(input),
      rules_(rules),
      discriminator_parameters_(players.discriminator.parameters()),
      generator_parameters_(players.generator.parameters()) {
    check(sources_.data && sources_.noise, "gan", "a source of minibatches is missing");
    check_rules(rules);
    check_input(input);
}

// The comments marked "Algorithm 1" are the paper's own lines.

Report Algorithm1::iteration(Generator& generator) {
    // Algorithm 1: for number of training iterations do
    Report report;
    for (nn::GradScaler* scaler : {&scalers.discriminator, &scalers.generator})
        scaler->discard();  // of an iteration that failed
    // Algorithm 1:     for k steps do
    for (std::int64_t step = 0; step < rules_.discriminator_steps; ++step)
        update_discriminator(report, generator);
    // Algorithm 1:     end for
    update_generator(report, generator);
    // Algorithm 1: end for
    return report;
}

void Algorithm1::update_discriminator(Report& report, Generator& generator) {
    // Algorithm 1: Sample minibatch of m noise samples {z(1), .., z(m)} from noise prior p_g(z).
    // (The prior is p_z elsewhere in the paper; p_g is the distribution that G makes of it.)
    Minibatch noise = sources_.noise();
    // Algorithm 1: Sample minibatch of m examples {x(1), .., x(m)} from data generating
    //              distribution p_data(x).
    const Minibatch data = sources_.data();
    noise.y = data.y;  // so that D compares p_data(x | y) p_data(y) with p_g(x | y) p_data(y)
    const Minibatch samples = [&] {
        const nn::Frozen fixed(players_.generator);
        const NoGrad guard;
        return generate(noise);
    }();
    check(samples.x.shape() == data.x.shape(), "gan", "samples and data differ in shape; got ",
          samples.x.shape(), " and ", data.x.shape());

    // Algorithm 1: Update the discriminator by ascending its stochastic gradient:
    //              grad_theta_d 1/m sum_i [ log D(x(i)) + log(1 - D(G(z(i)))) ].
    // The objective's loss is minus that, or what replaces it, and is descended.
    players_.discriminator_optimizer.zero_grad();
    const Tensor real = discriminate(data, generator);
    const Tensor fake = discriminate(samples, generator);
    const Tensor loss = rules_.objective.discriminator_loss(real, fake, rules_.real_label);
    const Tensor penalty = rules_.penalty ? gradient_penalty(data, samples, generator) : Tensor();
    const Tensor total = penalty.defined() ? loss + rules_.penalty_weight * penalty : loss;
    backward(scalers.discriminator.scale(total));
    scalers.discriminator.unscale_(players_.discriminator_optimizer);

    const double share = 1.0 / static_cast<double>(rules_.discriminator_steps);
    add(report.discriminator_loss, share * number(loss));
    if (penalty.defined()) add(report.penalty, share * number(penalty));
    if (rules_.diagnostics) {
        const NoGrad guard;
        add(report.value, share * number(value(real, fake)));
        add(report.real_probability, share * number(mean(sigmoid(real))));
        add(report.fake_probability, share * number(mean(sigmoid(fake))));
        report.discriminator_gradient = nn::grad_norm(discriminator_parameters_);
    }
    scalers.discriminator.step(players_.discriminator_optimizer);
    scalers.discriminator.update();
}

void Algorithm1::update_generator(Report& report, Generator& generator) {
    // Algorithm 1: Sample minibatch of m noise samples {z(1), .., z(m)} from noise prior p_g(z).
    const Minibatch noise = sources_.noise();

    // Algorithm 1: Update the generator by descending its stochastic gradient:
    //              grad_theta_g 1/m sum_i log(1 - D(G(z(i)))), or that of another objective.
    players_.generator_optimizer.zero_grad();
    const Minibatch samples = generate(noise);
    const nn::FunctionalScope opponent(players_.discriminator,
                                       rules_.unrolled_steps > 0
                                           ? unrolled_discriminator(samples, generator)
                                           : nn::detached_state(players_.discriminator));
    const Tensor real =
        rules_.objective.generator_reads_real ? discriminate(sources_.data(), generator) : Tensor();
    const Tensor fake = discriminate(samples, generator);
    if (rules_.diagnostics)
        // The loss is a mean over the logits, so that each one's own gradient is numel times
        // larger.
        register_hook(fake, [&](const Tensor& gradient) {
            report.logit_gradient = number(mean(abs(scalers.generator.unscaled(gradient)))) *
                                    static_cast<double>(gradient.numel());
            return Tensor();
        });
    const Tensor loss = rules_.objective.generator_loss(real, fake);
    backward(scalers.generator.scale(loss));
    scalers.generator.unscale_(players_.generator_optimizer);

    report.generator_loss = number(loss);
    if (rules_.diagnostics) report.generator_gradient = nn::grad_norm(generator_parameters_);
    scalers.generator.step(players_.generator_optimizer);
    scalers.generator.update();
}

Tensor Algorithm1::discriminate(const Minibatch& batch, Generator& generator) {
    return players_.discriminator(discriminator_input_(batch, generator));
}

Minibatch Algorithm1::generate(const Minibatch& noise) {
    return {players_.generator(generator_input(noise, discriminator_input_.classes)), noise.y};
}

// The gradient is taken with respect to a whole pack: x [m, ..] enters as [m / pac, pac, ..]. Real
// and fake samples have the same classes.
Tensor Algorithm1::gradient_penalty(const Minibatch& real, const Minibatch& fake,
                                    Generator& generator) {
    const auto packs = [&](const Tensor& x) {
        Shape shape = x.shape();
        shape[0] /= discriminator_input_.pac;
        shape.insert(1, discriminator_input_.pac);
        return reshape(x, shape);
    };
    const Critic critic = [&](const Tensor& x) {
        return discriminate({flatten(x, 0, 1), real.y}, generator);
    };
    return rules_.penalty->of(critic, packs(real.x), packs(fake.x), generator);
}

// D's state after some descent steps on one minibatch of data and these samples.
NamedTensors Algorithm1::unrolled_discriminator(const Minibatch& samples, Generator& generator) {
    const Minibatch data = sources_.data();
    const auto loss = [&] {
        return rules_.objective.discriminator_loss(
            discriminate(data, generator), discriminate(samples, generator), rules_.real_label);
    };
    return unrolled(players_.discriminator, loss, rules_.unrolled_steps,
                    rules_.unrolled_learning_rate);
}

}  // namespace eps::models::gan
