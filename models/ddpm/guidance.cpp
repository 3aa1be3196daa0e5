#include "models/ddpm/guidance.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::ddpm {

Denoiser guided(ClassConditional model, const Tensor& classes, std::int64_t none, double weight,
                Prediction kind, bool learned_variance) {
    check(classes.defined() && classes.rank() == 1 && classes.dtype() == i64, "guided",
          "needs classes i64 [B]; got ", describe(classes));
    check(weight >= 0, "guided", "negative guidance weight; got ", weight);
    const auto predict = [=](const Tensor& x, const Tensor& t) {
        check(x.size(0) == classes.size(0), "guided", "needs a class for each sample; got ",
              describe(classes), " for ", describe(x));
        if (weight == 0) return model(x, t, classes);
        const Tensor both = model(concat({x, x}), concat({t, t}),
                                  concat({classes, full_like(classes, static_cast<double>(none))}));
        const Tensor conditional = narrow(both, 0, 0, x.size(0));
        const Tensor unconditional = narrow(both, 0, x.size(0), x.size(0));
        if (!learned_variance) return conditional * (1 + weight) - unconditional * weight;
        const std::int64_t channels = x.size(1);
        const Tensor guided_mean = narrow(conditional, 1, 0, channels) * (1 + weight) -
                                   narrow(unconditional, 1, 0, channels) * weight;
        return concat({guided_mean, narrow(conditional, 1, channels, channels)}, 1);
    };
    return Denoiser(predict, kind, learned_variance);
}

Tensor drop_classes(const Tensor& classes, std::int64_t none, double probability,
                    Generator& generator) {
    const Tensor dropped = bernoulli(probability, classes.shape(),
                                     {.dtype = boolean, .device = classes.device()}, generator);
    return where(dropped, full_like(classes, static_cast<double>(none)), classes);
}

}  // namespace eps::models::ddpm
