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

}  // namespace

Algorithm1::Algorithm1(Players players, Sources sources, Presentation presentation, Rules rules)
    : scalers{nn::GradScaler(rules.loss_scaling), nn::GradScaler(rules.loss_scaling)},
      players_(players),
      sources_(std::move(sources)),
      presentation_(presentation),
      rules_(rules),
      discriminator_parameters_(players.discriminator.parameters()),
      generator_parameters_(players.generator.parameters()) {
    const auto at_least_0 = [](double x) { return std::isfinite(x) && x >= 0; };
    check(sources_.data && sources_.noise, "gan", "a source of minibatches is missing");
    check(rules.discriminator_steps >= 1, "gan",
          "D needs a step an iteration at least; got k = ", rules.discriminator_steps);
    check(rules.unrolled_steps >= 0, "gan",
          "the number of unrolled steps must not be negative; got ", rules.unrolled_steps);
    check(at_least_0(rules.unrolled_learning_rate) && rules.unrolled_learning_rate > 0, "gan",
          "the learning rate of unrolled steps must be ", "positive; got ",
          rules.unrolled_learning_rate);
    const bool smooths = rules.objective.smooths;
    check(rules.real_label == 1 || (smooths && rules.real_label > 0 && rules.real_label < 1), "gan",
          "bad label of data for the loss ", rules.objective.name, "; got ", rules.real_label,
          smooths ? "; expected above 0 and at most 1" : "; expected 1: it smooths none");
    check(at_least_0(rules.penalty_weight), "gan",
          "the weight of a penalty must not be negative; got ", rules.penalty_weight);
    check(at_least_0(presentation.instance_noise) && presentation.pac >= 1 &&
              presentation.classes >= 0,
          "gan", "bad presentation; got pac ", presentation.pac, ", ", presentation.classes,
          " classes, instance noise ", presentation.instance_noise);
}

// for number of training iterations do
Report Algorithm1::iteration(Generator& generator) {
    Report report;
    for (std::int64_t step = 0; step < rules_.discriminator_steps; ++step)  // for k steps do
        update_discriminator(report, generator);
    update_generator(report, generator);
    return report;
}

void Algorithm1::update_discriminator(Report& report, Generator& generator) {
    // Sample a minibatch of m noise samples z from the noise prior p_z(z). (The paper writes p_g(z)
    // here, which is what G makes of it.)
    Minibatch noise = sources_.noise();
    // Sample a minibatch of m examples x from the data distribution p_data(x).
    const Minibatch data = sources_.data();
    noise.y = data.y;  // so that D compares p_data(x | y) p_data(y) with p_g(x | y) p_data(y)
    const Minibatch samples = [&] {
        const nn::Frozen fixed(players_.generator);
        const NoGrad guard;
        return generate(noise);
    }();
    check(samples.x.shape() == data.x.shape(), "gan", "samples and data differ in shape; got ",
          samples.x.shape(), " and ", data.x.shape());

    // Update the discriminator by ascending its stochastic gradient, grad 1/m sum [log D(x) + log(1
    // - D(G(z)))]: by descending its loss.
    players_.discriminator_optimizer.zero_grad();
    const Tensor real = discriminate(data, generator), fake = discriminate(samples, generator);
    const Tensor loss = rules_.objective.discriminator_loss(real, fake, rules_.real_label);
    const Tensor penalty = rules_.penalty ? penalise(data, samples, generator) : Tensor();
    backward(scalers.discriminator.scale(penalty.defined() ? loss + rules_.penalty_weight * penalty
                                                           : loss));
    scalers.discriminator.unscale(players_.discriminator_optimizer);

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
    // Sample a minibatch of m noise samples z from the noise prior p_z(z).
    const Minibatch noise = sources_.noise();
    // Update the generator by descending its stochastic gradient, grad 1/m sum log(1 - D(G(z))), or
    // that of another loss.
    players_.generator_optimizer.zero_grad();
    const Minibatch samples = generate(noise);
    const bool looks_ahead = rules_.unrolled_steps > 0;
    const nn::FunctionalScope opponent(
        players_.discriminator,
        looks_ahead ? look_ahead(samples, generator) : nn::detached_state(players_.discriminator));
    const Tensor real =
        rules_.objective.generator_reads_real ? discriminate(sources_.data(), generator) : Tensor();
    const Tensor fake = discriminate(samples, generator);
    if (rules_.diagnostics)
        // of a mean over the logits: each one's own share is that many times larger
        register_hook(fake, [&](const Tensor& gradient) {
            report.logit_gradient = number(mean(abs(scalers.generator.unscaled(gradient)))) *
                                    static_cast<double>(gradient.numel());
            return Tensor();
        });
    const Tensor loss = rules_.objective.generator_loss(real, fake);
    backward(scalers.generator.scale(loss));
    scalers.generator.unscale(players_.generator_optimizer);

    report.generator_loss = number(loss);
    if (rules_.diagnostics) report.generator_gradient = nn::grad_norm(generator_parameters_);
    scalers.generator.step(players_.generator_optimizer);
    scalers.generator.update();
}

Tensor Algorithm1::discriminate(const Minibatch& batch, Generator& generator) {
    return players_.discriminator(presentation_.for_discriminator(batch, generator));
}

Minibatch Algorithm1::generate(const Minibatch& noise) {
    return {players_.generator(presentation_.for_generator(noise)), noise.y};
}

// D's gradient is that of a pack: x [m, ..] goes in as [m / pac, pac, ..]. Real and fake have the
// same classes.
Tensor Algorithm1::penalise(const Minibatch& real, const Minibatch& fake, Generator& generator) {
    const auto packs = [&](const Tensor& x) {
        Shape shape = x.shape();
        shape[0] /= presentation_.pac;
        shape.insert(1, presentation_.pac);
        return reshape(x, shape);
    };
    const Critic critic = [&](const Tensor& x) {
        return discriminate({flatten(x, 0, 1), real.y}, generator);
    };
    return rules_.penalty->of(critic, packs(real.x), packs(fake.x), generator);
}

// D's loss on one minibatch of data and these samples, some steps down.
NamedTensors Algorithm1::look_ahead(const Minibatch& samples, Generator& generator) {
    const Minibatch data = sources_.data();
    const auto loss = [&] {
        return rules_.objective.discriminator_loss(
            discriminate(data, generator), discriminate(samples, generator), rules_.real_label);
    };
    return unrolled(players_.discriminator, loss, rules_.unrolled_steps,
                    rules_.unrolled_learning_rate);
}

}  // namespace eps::models::gan
