#include "experiments/ddpm/trained.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "models/ddpm/guidance.h"

namespace eps::models::ddpm {
namespace {

// Which of `count` times are filmed: the first, the last, and others evenly between.
bool filmed(std::size_t index, std::size_t count, std::int64_t frames) {
    const auto of = [&](std::size_t i) {
        return i * static_cast<std::size_t>(frames - 1) / std::max<std::size_t>(count - 1, 1);
    };
    return index == 0 || of(index) != of(index - 1);
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

}  // namespace

Trained::Trained(Network& network, nn::EMA* average, const Settings& settings, Shape sample)
    : network_(network),
      average_(average),
      device_(settings.device),
      schedule_(make_schedule(settings.schedule, settings.timesteps).on(device_)),
      prediction_(settings.prediction),
      loss_(settings.loss),
      sample_(std::move(sample)) {}

Denoiser Trained::denoiser(const Tensor& classes, double guidance) {
    if (network_.class_count() == 0) return network_.denoiser(prediction_);
    const auto model = [this](const Tensor& x, const Tensor& t, const Tensor& y) {
        return network_.forward(x, t, y);
    };
    return guided(model, classes, network_.class_count(), guidance, prediction_,
                  loss_.variance == Variance::learned);
}

Tensor Trained::samples(std::int64_t count, std::uint64_t seed, const Sampling& sampling,
                        Film* film) {
    const NoGrad guard;
    const std::unique_ptr<Sampler> sampler = make_sampler(schedule_, sampling.sampler);
    return with_weights([&] {
        std::vector<Tensor> parts;
        for (std::int64_t start = 0; start < count; start += sampling.at_once) {
            const std::int64_t now = std::min(sampling.at_once, count - start);
            // one alone goes through products with a vector, which sum in another order
            const std::int64_t rows = std::max<std::int64_t>(now, 2);
            const std::int64_t seen =
                film ? std::clamp<std::int64_t>(film->most - start, 0, now) : 0;
            SampleNoise noise(seed, start, rows);
            std::size_t index = 0, frame = 0;
            const auto watch = [&](double t, const Tensor& x, const Tensor& x0) {
                if (!filmed(index++, sampler->times().size(), film->frames)) return;
                const Tensor first = to(narrow(x, 0, 0, seen), cpu),
                             predicted = to(narrow(x0, 0, 0, seen), cpu);
                if (start == 0) {
                    film->times.push_back(t);
                    film->x.push_back(first);
                    film->x0.push_back(predicted);
                } else {
                    film->x[frame] = concat({film->x[frame], first});
                    film->x0[frame] = concat({film->x0[frame], predicted});
                }
                ++frame;
            };
            const Denoiser model =
                denoiser(classes_of(start, rows, class_count(), sampling.only_class, device_),
                         sampling.guidance);
            const Tensor x0 =
                sampler->sample(model, noise.normal(sample_, {f32, device_}), noise,
                                seen > 0 ? Sampler::Observe(watch) : Sampler::Observe());
            parts.push_back(to(narrow(x0, 0, 0, now), cpu));
        }
        return concat(parts);
    });
}

}  // namespace eps::models::ddpm
