#include "experiments/ddpm/evaluation_model.h"

#include <algorithm>
#include <utility>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "models/ddpm/guidance.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

// Whether time `index` of `count` is in the film: the first, the last, and others evenly between.
bool is_frame(std::size_t index, std::size_t count, std::int64_t frames) {
    const auto frame_of = [&](std::size_t i) {
        return i * static_cast<std::size_t>(frames - 1) / std::max<std::size_t>(count - 1, 1);
    };
    return index == 0 || frame_of(index) != frame_of(index - 1);
}

// The classes of samples first .. first + count - 1.
Tensor classes_of(std::int64_t first, std::int64_t count, std::int64_t classes, std::int64_t only,
                  Device device) {
    if (classes == 0) return {};
    Tensor y = empty({count}, {.dtype = i64});
    for (std::int64_t i = 0; i < count; ++i)
        y.data<std::int64_t>()[i] = only >= 0 ? only : (first + i) % classes;
    return to(y, device);
}

// Films the samples that begin at `start`: of the first block it adds frames, of later ones rows to
// the frames that are there.
class Camera {
public:
    Camera(Film& film, std::int64_t start, std::int64_t rows, std::size_t times)
        : film_(film), is_first_(start == 0), rows_(rows), times_(times) {}

    void operator()(double t, const Tensor& x, const Tensor& x0) {
        if (!is_frame(index_++, times_, film_.frames)) return;
        if (is_first_) {
            film_.times.push_back(t);
            film_.x.push_back(filmed(x));
            film_.x0.push_back(filmed(x0));
            return;
        }
        film_.x[frame_] = concat({film_.x[frame_], filmed(x)});
        film_.x0[frame_] = concat({film_.x0[frame_], filmed(x0)});
        ++frame_;
    }

private:
    Tensor filmed(const Tensor& x) const { return to(narrow(x, 0, 0, rows_), cpu); }

    Film& film_;
    bool is_first_;
    std::int64_t rows_;
    std::size_t times_, index_ = 0, frame_ = 0;
};

}  // namespace

EvaluationModel::EvaluationModel(Network& network, nn::EMA* average, const Settings& settings,
                                 Shape sample_shape)
    : network_(network),
      average_(average),
      device_(settings.device),
      schedule_(make_schedule(settings.schedule, settings.timesteps).on(device_)),
      prediction_(settings.prediction),
      loss_(settings.loss),
      sample_shape_(sample_shape),
      sampling_(settings) {}

Denoiser EvaluationModel::denoiser(const Tensor& classes, double guidance) {
    if (network_.class_count() == 0) return network_.denoiser(prediction_);
    const auto model = [this](const Tensor& x, const Tensor& t, const Tensor& y) {
        return network_.forward(x, t, y);
    };
    return guided(model, classes, network_.class_count(), guidance, prediction_,
                  loss_.variance == Variance::learned);
}

Tensor EvaluationModel::samples(std::int64_t count, std::uint64_t seed, Film* film) {
    const nn::Evaluation scope = evaluation();
    const std::unique_ptr<Sampler> sampler = make_sampler(schedule_, sampling_.sampler);
    std::vector<Tensor> parts;
    for (std::int64_t start = 0; start < count; start += sampling_.at_once) {
        const std::int64_t now = std::min(sampling_.at_once, count - start);
        // One row alone would go through products with a vector, which sum in another order.
        const std::int64_t rows = std::max<std::int64_t>(now, 2);
        const std::int64_t filmed = film ? std::clamp<std::int64_t>(film->most - start, 0, now) : 0;
        Sampler::Observe observe;
        if (filmed > 0) observe = Camera(*film, start, filmed, sampler->times().size());
        SampleNoise noise(seed, start, rows);
        const Tensor classes =
            classes_of(start, rows, class_count(), sampling_.only_class, device_);
        const Denoiser model = denoiser(classes, sampling_.guidance);
        const Tensor x0 =
            sampler->sample(model, noise.normal(sample_shape_, {f32, device_}), noise, observe);
        parts.push_back(to(narrow(x0, 0, 0, now), cpu));
    }
    return concat(parts);
}

}  // namespace eps::models::ddpm
