#pragma once
// Penalties on the discriminator's gradient with respect to its input. Each is differentiable once
// more, for the step of D.
#include <functional>
#include <string>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// x [B, ...] -> logits [B, 1] or [B]: a discriminator, with whatever it is shown beside x.
using Critic = std::function<Tensor(const Tensor& x)>;

/// ||grad_x D(x)||, one a sample, in the logits: x [B, ...] -> [B]. A leaf or not, x is taken as
/// data. Differentiable in D's weights.
Tensor input_gradient_norm(const Critic& critic, const Tensor& x);

struct Penalty {
    std::string name;     // "r1", as --gp has it
    std::string summary;  // formula and source, one line
    double weight;        // the one its paper uses, the default of --gp-weight
    /// Without its weight -> []. real, fake [B, ...] of equal shapes; the generator draws what is
    /// random in it.
    Tensor (*of)(const Critic& critic, const Tensor& real, const Tensor& fake,
                 Generator& generator);
};

/// wgan-gp (Gulrajani et al. 2017, eq. 3), r1 and r2 (Mescheder et al. 2018, eq. 9 and 10), r1+r2.
/// As there, R1 = gamma / 2 E||grad D||^2 with gamma the weight: the half is in the penalty.
const std::vector<Penalty>& penalties();
/// The one of that name. Throws, listing the names, for another.
const Penalty& penalty(const std::string& name);

}  // namespace eps::models::gan
