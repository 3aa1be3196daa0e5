#pragma once
// Penalties on the discriminator's gradient with respect to its input. The step of D differentiates
// them once more.
#include <functional>
#include <string>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// A discriminator as a function of x alone, with its other inputs fixed: x [B, ...] -> logits
/// [B, 1] or [B].
using Critic = std::function<Tensor(const Tensor& x)>;

/// ||grad_x a(x)|| of each sample, a the logit: x [B, ...] -> [B]. Differentiable in D's weights; x
/// is treated as a constant.
Tensor input_gradient_norm(const Critic& critic, const Tensor& x);

struct Penalty {
    std::string name;     // "r1"
    std::string summary;  // formula and source, one line
    double weight;        // the weight that its paper uses
    /// The penalty without its weight -> []. real and fake [B, ...] of one shape; `generator` draws
    /// the points between them, where a penalty needs any.
    Tensor (*of)(const Critic& critic, const Tensor& real, const Tensor& fake,
                 Generator& generator);
};

/// All penalties: wgan-gp (Gulrajani et al. 2017, eq. 3), r1 and r2 (Mescheder et al. 2018, eq. 9
/// and 10), r1+r2. As in that paper R1 = gamma / 2 E||grad D||^2: gamma is the weight, and the half
/// belongs to the penalty.
const std::vector<Penalty>& penalties();
/// The penalty of that name.
/// Throws: on an unknown name, listing the known ones.
const Penalty& penalty(const std::string& name);

}  // namespace eps::models::gan
