#pragma once
// What the two players of a GAN minimise, apart from any network: functions of the logits a = D(x)
// alone, D(x) = sigmoid(a) the probability that x is data. Nothing here computes a probability and
// then its logarithm, so that every loss and gradient is finite at |a| = 1e4.
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::models::gan {

/// V(D, G) = E log D(x) + E log(1 - D(G(z))) in nats, from logits of any shapes -> []. D = 1/2
/// everywhere gives -log 4   (Goodfellow et al. 2014, eq. 1)
Tensor value(const Tensor& real, const Tensor& fake);

/// A pair of losses. real, fake: logits of data and of samples, [B, 1] or [B].
struct Objective {
    std::string name;     // "non-saturating", as --loss has it
    std::string summary;  // formula and source, one line
    /// What D descends -> []. real_label is the target of data: 1, or less with one-sided label
    /// smoothing (Salimans et al. 2016, section 3.4), which only losses whose `smooths` is set
    /// know.
    Tensor (*discriminator_loss)(const Tensor& real, const Tensor& fake, double real_label);
    /// What G descends -> [].
    Tensor (*generator_loss)(const Tensor& real, const Tensor& fake);
    bool smooths = false;  // real_label has a meaning
    // otherwise generator_loss may be given an undefined tensor
    bool generator_reads_real = false;
};

/// Every objective there is, in the order of --help: non-saturating, minimax (the saturating loss
/// of Algorithm 1), hinge, least-squares, wasserstein, relativistic.
const std::vector<Objective>& objectives();
/// The one of that name. Throws, listing the names, for another.
const Objective& objective(const std::string& name);

}  // namespace eps::models::gan
