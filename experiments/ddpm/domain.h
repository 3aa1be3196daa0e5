#pragma once
// What a diffusion model is trained on: minibatches, and how its samples are shown and measured. A
// plane and images differ in all of it.
#include <memory>

#include "experiments/ddpm/trained.h"
#include "experiments/run/task.h"

namespace eps::models::ddpm {

class Domain {
public:
    virtual ~Domain() = default;
    /// Of one sample as the network has it.
    virtual Shape sample_shape() const = 0;
    /// A minibatch of training, on the device of training: number() of 0, 1, .., which is asked for
    /// where a captured step runs its host parts. What is drawn comes from `generator`; what comes
    /// in epochs is a function of the number alone.
    virtual Minibatch batch(const std::function<std::int64_t()>& number, Generator& generator) = 0;
    /// 0 where data are drawn fresh.
    virtual std::int64_t batches_per_epoch() = 0;
    /// Held-out data, `most` at most, on the CPU.
    virtual Minibatch held_out(std::int64_t most, Generator& generator) = 0;

    /// Samples that `eps eval` draws, and that pictures of training show.
    virtual std::int64_t report_count() = 0;
    virtual std::int64_t shown_count() const = 0;
    /// Samples [m, ...] as one picture, and m of them (what a row of a strip shows) at each of
    /// several times.
    virtual Tensor picture(const Tensor& x) const = 0;
    virtual Tensor strip(const std::vector<Tensor>& states) const = 0;
    virtual std::int64_t strip_rows() const = 0;
    /// Screen pixels a side of a picture's pixel.
    virtual int scale() const = 0;

    /// Likelihoods on held-out data, and metrics of samples [report_count(), ...], for `eps eval`.
    virtual Scalars likelihood(Trained& model, Generator& generator) = 0;
    virtual Scalars report(const Tensor& samples, Generator& generator) = 0;
};

std::unique_ptr<Domain> plane(const Settings& settings);
std::unique_ptr<Domain> images(const Settings& settings);

}  // namespace eps::models::ddpm
