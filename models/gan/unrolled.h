#pragma once
// Unrolled generative adversarial networks (Metz et al. 2017): G trains against the discriminator
// that D would become after a few more steps.
#include <functional>

#include "nn/module.h"

namespace eps::models::gan {

/// The module's state after `steps` steps of gradient descent from its own parameters,
///
///     theta_{t+1} = theta_t - learning_rate d loss(theta_t) / d theta_t.
///
/// Each step is recorded, so that the generator's loss under
/// nn::FunctionalScope(module, unrolled(..)) is differentiated through all of them, the second term
/// of eq. 9 included. Under NoGrad nothing is recorded.
///
/// `loss` runs the module and is called once a step. The module itself is left as it was. The
/// result holds all parameters (those that need no gradient unchanged) and the buffers after the
/// steps.
/// Throws: on steps < 0 or learning_rate <= 0.
/// Source: eq. 3 to 5 of the paper, with descent for ascent.
NamedTensors unrolled(nn::Module& module, const std::function<Tensor()>& loss, std::int64_t steps,
                      double learning_rate);

}  // namespace eps::models::gan
