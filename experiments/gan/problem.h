#pragma once
// What a GAN is trained on. A plane and images differ in how they make minibatches and in how
// samples are shown and measured; the game is the same.
#include <memory>

#include "experiments/gan/sampler.h"
#include "experiments/run/problem.h"

namespace eps::models::gan {

/// Minibatches of data that an iteration of Algorithm 1 takes. A step of constant size makes its
/// minibatches a function of its number.
std::int64_t batches_per_step(const Settings& settings);

class GanProblem : public Problem<Sampler> {
public:
    /// Minibatch k of the step, 0 <= k < batches_per_step, made of the step's inputs or drawn with
    /// `generator`; on the device of training.
    virtual Minibatch batch(const StepTensors& inputs, std::int64_t k, Generator& generator) = 0;

    /// Cheap metrics for metrics.jsonl. instance_noise: the deviation in D's inputs at this step.
    virtual Scalars observe(Sampler& sampler, double instance_noise, Generator& generator) = 0;
    /// Steps between two observations; 0: there are none.
    virtual std::int64_t observe_every() const = 0;
};

std::unique_ptr<GanProblem> plane_problem(const Settings& settings);
std::unique_ptr<GanProblem> image_problem(const Settings& settings);

}  // namespace eps::models::gan
