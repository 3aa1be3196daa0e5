#pragma once
// What a GAN is trained on: minibatches, and how its samples are shown and measured. A plane and
// images differ in all of it; the game does not.
#include <memory>

#include "experiments/gan/sampler.h"
#include "experiments/run/task.h"

namespace eps::models::gan {

class Domain {
public:
    virtual ~Domain() = default;
    /// A minibatch of training, on the device of training: number() of 0, 1, .., which is asked for
    /// once, where a captured step runs its host parts. What is drawn comes from `generator`; what
    /// comes in epochs is a function of the number alone.
    virtual Minibatch batch(const std::function<std::int64_t()>& number, Generator& generator) = 0;
    /// 0 where data are drawn fresh.
    virtual std::int64_t batches_per_epoch() = 0;

    /// Of training, drawn with `generator`, the same each time.
    virtual std::vector<Picture> pictures(Sampler& sampler, Generator& generator) = 0;
    virtual Picture samples(Sampler& sampler, std::int64_t count, Generator& generator) = 0;
    /// Cheap metrics for metrics.jsonl. `instance_noise` is what D sees at this step.
    virtual Scalars look(Sampler& sampler, double instance_noise, Generator& generator) = 0;
    /// Steps between two looks; 0: never.
    virtual std::int64_t look_every() const = 0;
    /// For `eps eval`.
    virtual Scalars evaluate(Sampler& sampler, Generator& generator) = 0;
};

std::unique_ptr<Domain> plane(const Settings& settings);
std::unique_ptr<Domain> images(const Settings& settings);

}  // namespace eps::models::gan
