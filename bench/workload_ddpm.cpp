// `ddpm_28`: the U-Net of Ho et al. (2020) on 28x28, batch 32, epsilon loss, Adam, EMA. `ddpm_28_sample`: one ancestral step, batch 16.
#include <memory>

#include "bench/workload.h"
#include "models/ddpm/unet.h"
#include "nn/ema.h"
#include "nn/loss.h"
#include "nn/optimizer.h"
#include "varepsilon.h"

using namespace eps;

namespace {

constexpr int kSteps = 1000;

Tensor alpha_bars() {  // Ho et al., section 4: beta from 1e-4 to 0.02
    std::vector<double> values;
    double product = 1;
    for (int t = 0; t < kSteps; ++t) values.push_back(product *= 1 - (1e-4 + (0.02 - 1e-4) * t / (kSteps - 1)));
    return tensor(values);
}

struct DdpmStep {
    Generator generator{1};
    models::ddpm::UNet net{{.generator = &generator}};
    nn::Adam adam{net.parameters(), {.lr = 2e-4}};
    nn::EMA average{net, 0.999};
    Tensor alpha_bar = alpha_bars(), x0 = rand({32, 1, 28, 28}, {}, generator) * 2.0 - 1.0;
    void operator()() {
        const Tensor t = randint(0, kSteps, {32}, {.dtype = i64}, generator), noise = randn(x0.shape(), {}, generator);
        const Tensor a = reshape(index_select(alpha_bar, 0, t), {32, 1, 1, 1});
        const Tensor loss = nn::mse_loss(net.forward(sqrt(a) * x0 + sqrt(1.0 - a) * noise, t), noise);
        adam.zero_grad();
        backward(loss);
        adam.step();
        average.update();
    }
};

struct SampleStep {
    Generator generator{1};
    models::ddpm::UNet net{{.generator = &generator}};
    Tensor x = randn({16, 1, 28, 28}, {}, generator), t = full({16}, 500, {.dtype = i64});
    void operator()() {
        NoGrad guard;
        const double alpha = 0.99, alpha_bar = 0.08, sigma = 0.1;
        const Tensor noise = net.forward(x, t);
        const Tensor next = (x - noise * ((1 - alpha) / std::sqrt(1 - alpha_bar))) * (1 / std::sqrt(alpha)) + randn(x.shape(), {}, generator) * sigma;
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
