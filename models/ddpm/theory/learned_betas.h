#pragma once
#include "models/ddpm/schedule.h"
#include "nn/module.h"

namespace eps::models::ddpm {

/// The forward variances as parameters, beta_t = sigmoid(logits_t), each in (0, 1). They "can be
/// learned by reparameterization" (Ho et al. 2020, section 2): every term of the bound is
/// differentiable in them through x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps.
class LearnedBetas final : public nn::Module {
public:
    /// Starts from a given schedule.
    /// Throws: unless every beta is below 1.
    explicit LearnedBetas(const Schedule& start);
    /// The schedule of the current logits. Compute it anew in each step.
    Schedule schedule() const;

    Tensor logits;  // f64 [T]
};

}  // namespace eps::models::ddpm
