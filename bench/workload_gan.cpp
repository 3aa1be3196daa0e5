// `gan_2d`, `gan_mlp`, `gan_dc`: one iteration of Algorithm 1 of Goodfellow et al. (2014): a step
// of the discriminator and a step of the generator (non-saturating), with Adam, betas (0.5, 0.999).
// The generator's step computes no gradients of the discriminator's weights.
#include <memory>

#include "bench/workload.h"
#include "models/gan/algorithm1.h"
#include "models/gan/network.h"
#include "nn/optim/optimizer.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models::gan;

namespace {

Pair moved(Pair pair, Device device) {
    pair.generator->to(device);
    pair.discriminator->to(device);
    return pair;
}

struct GanStep {
    Generator generator{1};
    Pair pair;
    Tensor real;
    nn::Adam adam_g, adam_d;
    Algorithm1 algorithm;

    GanStep(const NetworkOptions& options, Pair (*make)(const NetworkOptions&, Generator&),
            Tensor data)
        : pair(moved(make(options, generator), data.device())),
          real(std::move(data)),
          adam_g(pair.generator->parameters(), {.lr = 2e-4, .beta1 = 0.5, .beta2 = 0.999}),
          adam_d(pair.discriminator->parameters(), {.lr = 2e-4, .beta1 = 0.5, .beta2 = 0.999}),
          algorithm({*pair.generator, *pair.discriminator, adam_g, adam_d}, sources(options.noise),
                    {}, {.objective = objective("non-saturating"), .diagnostics = false}) {}

    Sources sources(std::int64_t noise) {
        return {.data =
                    [this] {
                        return models::Minibatch{real, {}};
                    },
                .noise =
                    [this, noise] {
                        return models::Minibatch{
                            randn({real.size(0), noise}, real.options(), generator), {}};
                    }};
    }
    void operator()() { algorithm.iteration(generator); }
};

bench::WorkloadStep step_of(std::shared_ptr<GanStep> gan) {
    return [gan] { (*gan)(); };
}
bench::WorkloadStep gan_2d(Device device) {
    return step_of(std::make_shared<GanStep>(NetworkOptions{.noise = 2, .width = 128}, planar_mlp,
                                             randn({256, 2}, {.device = device})));
}
bench::WorkloadStep gan_mlp(Device device) {
    return step_of(std::make_shared<GanStep>(NetworkOptions{.noise = 100, .width = 1200}, image_mlp,
                                             rand({100, 784}, {.device = device})));
}
bench::WorkloadStep gan_dc(Device device) {
    return step_of(
        std::make_shared<GanStep>(NetworkOptions{.noise = 64}, dcgan_28,
                                  rand({64, 1, 28, 28}, {.device = device}) * 2.0 - 1.0));
}

const int registered = bench::register_workload("gan_2d", gan_2d) +
                       bench::register_workload("gan_mlp", gan_mlp) +
                       bench::register_workload("gan_dc", gan_dc);

}  // namespace
