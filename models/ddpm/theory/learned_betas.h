#pragma once
#include "models/ddpm/schedule.h"
#include "nn/module.h"

namespace eps::models::ddpm {

/// The forward variances as parameters, beta_t = sigmoid(logits_t): "can be learned by
/// reparameterization" (Ho et al. 2020, section 2), as whatever x_t = sqrt(ab_t) x_0 + sqrt(1 -
/// ab_t) eps enters is differentiable in them, and each stays in (0, 1).
class LearnedBetas final : public nn::Module {
public:
    /// Starts from a schedule whose every beta is below 1.
    explicit LearnedBetas(const Schedule& start);
    /// The schedule of what the logits are now: make it anew in each step.
    Schedule schedule() const;

    Tensor logits;  // f64 [T]
};

}  // namespace eps::models::ddpm
