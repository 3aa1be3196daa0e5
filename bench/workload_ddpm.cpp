// `ddpm_28`: the U-Net of Ho et al. (2020) on 28x28, batch 32, epsilon loss, Adam, EMA. `ddpm_28_sample`: one ancestral step, batch 16.
#include <cmath>
#include <memory>

#include "bench/workload.h"
#include "models/ddpm/algorithms.h"
#include "models/ddpm/unet.h"
#include "nn/ema.h"
#include "nn/optimizer.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models::ddpm;

namespace {

struct DdpmStep {
    Generator generator{1};
    UNet net{{.generator = &generator}};
    nn::Adam adam{net.parameters(), {.lr = 2e-4}};
    nn::EMA average{net, 0.999};
    Schedule schedule = make_schedule("linear", 1000);
    Tensor x0 = rand({32, 1, 28, 28}, {}, generator) * 2.0 - 1.0;
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
    UNet net{{.generator = &generator}};
    Schedule schedule = make_schedule("linear", 1000);
    Tensor x = randn({16, 1, 28, 28}, {}, generator), t = full({16}, 500, {.dtype = i64});
    void operator()() {
        NoGrad guard;
        const Tensor z = randn(x.shape(), {}, generator);
        const Tensor next = ancestral_step(schedule, x, net.forward(x, t), 500, std::sqrt(schedule.beta(500)), z);
        benchmark::DoNotOptimize(next.raw_data());
    }
};

const int registered = bench::register_workload("ddpm_28", [] {
                           auto step = std::make_shared<DdpmStep>();
                           check(step->net.parameter_count() == 1623169, "ddpm_28", "is another net; got ", step->net.parameter_count(), " parameters");
                           return bench::Step([step] { (*step)(); });
                       }) +
                       bench::register_workload("ddpm_28_sample", [] {
                           auto step = std::make_shared<SampleStep>();
                           return bench::Step([step] { (*step)(); });
                       });

}  // namespace
