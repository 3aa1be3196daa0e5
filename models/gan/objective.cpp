#include "models/gan/objective.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/names.h"
#include "nn/loss.h"
#include "tensor/create.h"

namespace eps::models::gan {
namespace {

void check_label(double l) {
    check(l > 0 && l <= 1, "gan", "the label of data must be above 0 and at most 1; got ", l);
}
void check_unsmoothed(const char* loss, double l) {
    check(l == 1, "gan", "the ", loss, " loss has no label to smooth; got ", l, "; expected 1");
}

// -E log D and -E log(1 - D), D = sigmoid(a). softplus stays exact where sigmoid rounds to 0 or 1.
Tensor loss_as_real(const Tensor& a) { return mean(softplus(-a)); }
Tensor loss_as_fake(const Tensor& a) { return mean(softplus(a)); }
// -E [l log D + (1 - l) log(1 - D)], by log(1 - D) = log D - a.
Tensor loss_as_real(const Tensor& a, double l) {
    check_label(l);
    return l == 1 ? loss_as_real(a) : loss_as_real(a) + (1 - l) * mean(a);
}

// The losses of the paper.

Tensor classifier_loss(const Tensor& real, const Tensor& fake, double label) {
    return loss_as_real(real, label) + loss_as_fake(fake);
}
Tensor non_saturating(const Tensor&, const Tensor& fake) { return loss_as_real(fake); }
Tensor saturating(const Tensor&, const Tensor& fake) { return -loss_as_fake(fake); }

// Losses of scores rather than of probabilities.

Tensor hinge(const Tensor& real, const Tensor& fake, double label) {
    check_unsmoothed("hinge", label);
    return nn::hinge_loss(real, ones_like(real)) + nn::hinge_loss(fake, full_like(fake, -1));
}
Tensor squares(const Tensor& real, const Tensor& fake, double label) {
    check_label(label);
    return 0.5 * (mean(square(real - label)) + mean(square(fake)));
}
Tensor generator_squares(const Tensor&, const Tensor& fake) {
    return 0.5 * mean(square(fake - 1.0));
}
Tensor critic_loss(const Tensor& real, const Tensor& fake, double label) {
    check_unsmoothed("wasserstein", label);
    return mean(fake) - mean(real);
}
Tensor negative_score(const Tensor&, const Tensor& fake) { return -mean(fake); }

// Relativistic losses: how much more real a sample is than the average of the other side.

Tensor relativistic(const Tensor& real, const Tensor& fake, double label) {
    return loss_as_real(real - mean(fake), label) + loss_as_fake(fake - mean(real));
}
Tensor relativistic_generator(const Tensor& real, const Tensor& fake) {
    check(real.defined(), "relativistic",
          "the generator's loss reads the logits of data, too; got an undefined tensor");
    return loss_as_fake(real - mean(fake)) + loss_as_real(fake - mean(real));
}

}  // namespace

Tensor value(const Tensor& real, const Tensor& fake) {
    return mean(log_sigmoid(real)) + mean(log_sigmoid(-fake));
}

const std::vector<Objective>& objectives() {
    static const std::vector<Objective> all{
        {.name = "non-saturating",
         .summary = "D -E log D(x) - E log(1 - D(G(z))), G -E log D(G(z))   (Goodfellow et al. "
                    "2014, section 3)",
         .discriminator_loss = classifier_loss,
         .generator_loss = non_saturating,
         .smooths = true},
        {.name = "minimax",
         .summary = "the same D, G E log(1 - D(G(z))), which saturates   (Goodfellow et al. 2014, "
                    "eq. 1 and Algorithm 1)",
         .discriminator_loss = classifier_loss,
         .generator_loss = saturating,
         .smooths = true},
        {.name = "hinge",
         .summary = "D E max(0, 1 - a(x)) + E max(0, 1 + a(G(z))), G -E a(G(z))   (Lim & Ye 2017; "
                    "Miyato et al. 2018, eq. 16 and 17)",
         .discriminator_loss = hinge,
         .generator_loss = negative_score},
        {.name = "least-squares",
         .summary = "D E (a(x) - 1)^2 / 2 + E a(G(z))^2 / 2, G E (a(G(z)) - 1)^2 / 2   (Mao et al. "
                    "2017, eq. 9)",
         .discriminator_loss = squares,
         .generator_loss = generator_squares,
         .smooths = true},
        {.name = "wasserstein",
         .summary = "D E a(G(z)) - E a(x), G -E a(G(z)); needs a Lipschitz D   (Arjovsky et al. "
                    "2017)",
         .discriminator_loss = critic_loss,
         .generator_loss = negative_score},
        {.name = "relativistic",
         .summary = "non-saturating, of a less the mean of the other side's, for both players   "
                    "(Jolicoeur-Martineau 2019, RaSGAN)",
         .discriminator_loss = relativistic,
         .generator_loss = relativistic_generator,
         .smooths = true,
         .generator_reads_real = true},
    };
    return all;
}

const Objective& objective(const std::string& name) {
    return by_name("gan", "loss", objectives(), name);
}

}  // namespace eps::models::gan
