#include "experiments/ddpm/problem.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/ddpm/estimates.h"
#include "experiments/plots/line_plot.h"
#include "models/distributions/pairwise_distances.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kColumns = 8, kFrames = 25;  // columns of a strip, frames of a film
constexpr std::int64_t kCurveTimes = 25, kCurveExamples = 16;

}  // namespace

std::vector<Picture> DdpmProblem::pictures(EvaluationModel& model, Generator& generator) {
    Film film{.frames = kColumns, .most = strip_samples()};
    const Tensor samples = model.samples(shown_count(), generator.seed(), &film);
    std::vector<Picture> pictures{
        {.name = "samples", .pixels = picture(samples), .filmed = true, .scale = scale()},
        denoising(film)};
    const Tensor data = held_out(strip_samples(), generator).x;
    if (data.size(0) == 0) return pictures;
    pictures.push_back(noising(model.schedule(), data, generator));
    pictures.push_back(loss_curve(model, generator));
    return pictures;
}

std::vector<Picture> DdpmProblem::samples(EvaluationModel& model, std::int64_t count,
                                          Generator& generator) {
    Film film{.frames = kFrames, .most = shown_count()};
    const Tensor samples = model.samples(count, generator.seed(), &film);
    check_points(flatten(samples, 1), "sample");
    return {{.name = "samples", .pixels = picture(samples), .scale = scale()},
            sampling_film(film),
            denoising(film)};
}

Scalars DdpmProblem::evaluate(EvaluationModel& model, Generator& generator) {
    Scalars scalars = likelihood(model, generator);
    const Tensor samples = model.samples(report_count(), generator.fork(0).seed());
    for (auto& scalar : report(samples, generator)) scalars.push_back(std::move(scalar));
    return scalars;
}

// Above, the states that samples pass through; below, the x_0 that the model predicts from them.
Picture DdpmProblem::denoising(const Film& film) const {
    const auto strip_of = [&](const std::vector<Tensor>& states) {
        std::vector<Tensor> chosen;
        for (std::size_t c = 0; c < kColumns; ++c) {
            const Tensor& x = states[c * (states.size() - 1) / (kColumns - 1)];
            chosen.push_back(narrow(x, 0, 0, std::min(strip_samples(), x.size(0))));
        }
        return strip(chosen);
    };
    const NoGrad guard;
    return {.name = "denoising",
            .pixels = concat({strip_of(film.x), strip_of(film.x0)}),
            .scale = scale()};
}

// Data at t = 0, .., T.
Picture DdpmProblem::noising(const Schedule& schedule, const Tensor& x0,
                             Generator& generator) const {
    const NoGrad guard;
    const Tensor noise = randn(x0.shape(), x0.options(), generator);
    std::vector<Tensor> states{x0};
    for (std::int64_t c = 1; c < kColumns; ++c) {
        const std::int64_t t = std::max<std::int64_t>(1, c * schedule.steps() / (kColumns - 1));
        const Tensor times = full({x0.size(0)}, static_cast<double>(t), {.dtype = i64});
        states.push_back(diffuse(schedule, x0, times, noise));
    }
    return {.name = "noising", .pixels = strip(states), .scale = scale()};
}

Picture DdpmProblem::loss_curve(EvaluationModel& model, Generator& generator) {
    const Minibatch examples = held_out(kCurveExamples, generator);
    std::vector<std::int64_t> times;
    std::vector<double> x;
    for (std::int64_t i = 0; i < kCurveTimes; ++i) {
        const std::int64_t t = 1 + i * (model.schedule().steps() - 1) / (kCurveTimes - 1);
        if (!times.empty() && times.back() == t) continue;
        times.push_back(t);
        x.push_back(static_cast<double>(t));
    }
    return {.name = "loss-by-t",
            .pixels = line_plot(x, loss_by_time(model, examples, times, generator)),
            .scale = 1};
}

Picture DdpmProblem::sampling_film(const Film& film) const {
    const NoGrad guard;
    std::vector<Tensor> states = film.x, frames;
    states.push_back(film.x0.back());  // the last x_0 is the sample
    for (const Tensor& x : states) {
        const Tensor frame = picture(x);
        frames.push_back(frame.rank() == 2 ? unsqueeze(frame, 2) : frame);
    }
    return {.name = "film", .pixels = stack(frames), .scale = scale()};
}

}  // namespace eps::models::ddpm
