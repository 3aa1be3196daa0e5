// `ddpm_28`: the U-Net of Ho et al. (2020) on 28x28, batch 32, epsilon loss, Adam, EMA.
// `ddpm_28_sample`: one ancestral sampling step, batch 16.
// `ddpm_cifar`: the paper's network for CIFAR-10, batch 128; for a GPU only.
#include <cmath>
#include <memory>

#include "bench/workload.h"
#include "models/ddpm/algorithms.h"
#include "models/ddpm/unet.h"
#include "nn/optim/ema.h"
#include "nn/optim/optimizer.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models::ddpm;

namespace {

UNetOptions unet_28(Generator& generator) { return {.generator = &generator}; }
UNetOptions unet_cifar(Generator& generator) {
    return {.image_channels = 3,
            .image_size = 32,
            .base = 128,
            .multipliers = {1, 2, 2, 2},
            .attention_at = {16},
            .groups = 32,
            .generator = &generator};
}

struct DdpmStep {
    Generator generator{1};
    UNet net;
    Tensor x0;
    nn::Adam adam;
    nn::EMA average;
    Schedule schedule;
    DdpmStep(const char* name, UNetOptions (*options)(Generator&), std::int64_t parameters,
             const Shape& images, Device device)
        : net(options(generator)),
          x0(rand(images, {.device = device}, generator) * 2.0 - 1.0),
          adam((net.to(device), net.parameters()), nn::AdamOptions{.lr = 2e-4}),
          average(net, 0.999),
          schedule(make_schedule("linear", 1000).on(device)) {
        check(net.parameter_count() == parameters, name, "is another network; got ",
              net.parameter_count(), " parameters");
    }
    void operator()() {
        const Tensor loss = algorithm1(schedule, net.denoiser(), x0, generator);
        adam.zero_grad();
        backward(loss);
        adam.step();
        average.update();
    }
};

struct SampleStep {
    Generator generator{1};
    UNet net{unet_28(generator)};
    Schedule schedule = make_schedule("linear", 1000);
    Tensor x, t;
    explicit SampleStep(Device device)
        : x(randn({16, 1, 28, 28}, {.device = device}, generator)),
          t(full({16}, 500, {i64, device})) {
        net.to(device);
    }
    void operator()() {
        NoGrad guard;
        const Tensor z = randn(x.shape(), x.options(), generator);
        const Tensor next =
            ancestral_step(schedule, x, net.forward(x, t), 500, std::sqrt(schedule.beta(500)), z);
        benchmark::DoNotOptimize(next.raw_data());
    }
};

template <class T, class... Arguments> bench::WorkloadStep step_of(const Arguments&... arguments) {
    auto step = std::make_shared<T>(arguments...);
    return [step] { (*step)(); };
}
bench::WorkloadStep ddpm_28(Device device) {
    return step_of<DdpmStep>("ddpm_28", unet_28, 1623169, Shape{32, 1, 28, 28}, device);
}
bench::WorkloadStep ddpm_cifar(Device device) {
    return step_of<DdpmStep>("ddpm_cifar", unet_cifar, 35746307, Shape{128, 3, 32, 32}, device);
}

const int registered = bench::register_workload("ddpm_28", ddpm_28) +
                       bench::register_workload("ddpm_28_sample", step_of<SampleStep, Device>) +
                       bench::register_workload("ddpm_cifar", ddpm_cifar, false);

}  // namespace
