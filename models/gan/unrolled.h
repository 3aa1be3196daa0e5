#pragma once
// Unrolled generative adversarial networks (Metz et al. 2017): G answers to the discriminator that
// D would become.
#include <functional>

#include "nn/module.h"

namespace eps::models::gan {

/// theta_{t+1} = theta_t - learning_rate d loss(theta_t) / d theta_t, `steps` times from the
/// module's own parameters (eq. 3 to 5, with descent for ascent), each step part of the graph: what
/// a generator's loss under nn::FunctionalScope(module, unrolled(..)) is differentiated through,
/// second term of eq. 9 included. `loss` runs the module and is called once a step. The module
/// keeps its parameters and buffers; the result has the parameters, of which those that need no
/// gradient stay, and buffers as the steps left them. Under NoGrad it is values alone.
NamedTensors unrolled(nn::Module& module, const std::function<Tensor()>& loss, std::int64_t steps,
                      double learning_rate);

}  // namespace eps::models::gan
