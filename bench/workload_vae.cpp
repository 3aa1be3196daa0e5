// `vae`: encoder 784-400-400-2x20, decoder 20-400-400-784, Bernoulli likelihood, batch 100, a bound
// of one sample, Adam.
#include <memory>

#include "bench/workload.h"
#include "models/vae/network.h"
#include "nn/optim/optimizer.h"
#include "varepsilon.h"

using namespace eps;

namespace {

struct VaeStep {
    Generator generator{1};
    models::vae::Vae model{{}, generator};
    Tensor x;
    nn::Adam adam;
    explicit VaeStep(Device device)
        : x(bernoulli(0.3, {100, 784}, {.device = device}, generator)),
          adam((model.to(device), model.parameters()), nn::AdamOptions{.lr = 1e-3}) {}
    void operator()() {
        const Tensor loss = -mean(model.elbo(x, generator).elbo);
        adam.zero_grad();
        backward(loss);
        adam.step();
    }
};

const int registered = bench::register_workload("vae", [](Device device) {
    auto step = std::make_shared<VaeStep>(device);
    return bench::WorkloadStep([step] { (*step)(); });
});

}  // namespace
