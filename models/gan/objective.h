#pragma once
// What the two players of a GAN minimise, apart from any network: functions of D's logits a alone,
// where D(x) = sigmoid(a) is the probability that x is data. No probability is computed before its
// logarithm is taken, so that every loss and gradient is finite at |a| = 1e4.
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::models::gan {

/// V(D, G) = E log D(x) + E log(1 - D(G(z))) in nats, from logits of any shapes -> []
/// It is -log 4 where D = 1/2 everywhere.
/// Source: Goodfellow et al. 2014, eq. 1.
Tensor value(const Tensor& real, const Tensor& fake);

/// A pair of losses. real, fake: logits of data and of samples, [B, 1] or [B].
struct Objective {
    std::string name;     // "non-saturating"
    std::string summary;  // formula and source, one line
    /// D descends this -> []. real_label is the target for data: 1, or less with one-sided label
    /// smoothing (Salimans et al. 2016, section 3.4).
    /// Throws: on a label other than 1, unless `smooths`.
    Tensor (*discriminator_loss)(const Tensor& real, const Tensor& fake, double real_label);
    /// G descends this -> []. `real` may be undefined, unless `generator_reads_real`.
    Tensor (*generator_loss)(const Tensor& real, const Tensor& fake);
    bool smooths = false;
    bool generator_reads_real = false;
};

/// All objectives: non-saturating, minimax (the saturating loss of Algorithm 1), hinge,
/// least-squares, wasserstein, relativistic.
const std::vector<Objective>& objectives();
/// The objective of that name.
/// Throws: on an unknown name, listing the known ones.
const Objective& objective(const std::string& name);

}  // namespace eps::models::gan
