#pragma once
// What a diffusion model is trained on. A plane and images differ in how they make minibatches and
// in how samples are drawn on a picture and measured.
#include <memory>

#include "experiments/ddpm/evaluation_model.h"
#include "experiments/run/problem.h"
#include "models/minibatch.h"

namespace eps::models::ddpm {

class DdpmProblem : public Problem<EvaluationModel> {
public:
    /// The shape of one sample as the network takes it.
    virtual Shape sample_shape() const = 0;
    /// The minibatch that the inputs of a step describe, on the device of training.
    virtual Minibatch batch(const StepTensors& inputs) = 0;

    std::vector<Picture> pictures(EvaluationModel& model, Generator& generator) final;
    std::vector<Picture> samples(EvaluationModel& model, std::int64_t count,
                                 Generator& generator) final;
    Scalars evaluate(EvaluationModel& model, Generator& generator) final;

protected:
    /// Held-out data, `most` at most, on the CPU.
    virtual Minibatch held_out(std::int64_t most, Generator& generator) = 0;
    /// Likelihoods of held-out data, and metrics of samples [report_count(), ...].
    virtual Scalars likelihood(EvaluationModel& model, Generator& generator) = 0;
    virtual Scalars report(const Tensor& samples, Generator& generator) = 0;
    virtual std::int64_t report_count() = 0;

    /// Samples [m, ...] as one picture.
    virtual Tensor picture(const Tensor& x) const = 0;
    /// The same m samples, m = strip_samples(), at several times, side by side.
    virtual Tensor strip(const std::vector<Tensor>& states) const = 0;
    /// Samples in a picture of training, and in a strip.
    virtual std::int64_t shown_count() const = 0;
    virtual std::int64_t strip_samples() const = 0;
    /// Screen pixels along the side of a pixel.
    virtual int scale() const = 0;

private:
    Picture denoising(const Film& film) const;
    Picture noising(const Schedule& schedule, const Tensor& x0, Generator& generator) const;
    Picture loss_curve(EvaluationModel& model, Generator& generator);
    Picture sampling_film(const Film& film) const;
};

std::unique_ptr<DdpmProblem> plane_problem(const Settings& settings);
std::unique_ptr<DdpmProblem> image_problem(const Settings& settings);

}  // namespace eps::models::ddpm
