// `vae`: 784-400-400-2x20, 20-400-400-784 Bernoulli, batch 100, one-sample bound, Adam.
#include <memory>

#include "bench/workload.h"
#include "models/vae/network.h"
#include "nn/optimizer.h"
#include "varepsilon.h"

using namespace eps;

namespace {

struct VaeStep {
    Generator generator{1};
    models::vae::Vae model{{}, generator};
    nn::Adam adam{model.parameters(), {.lr = 1e-3}};
    Tensor x = bernoulli(0.3, {100, 784}, {}, generator);
    void operator()() {
        const Tensor loss = -mean(model.elbo(x, generator).elbo);
        adam.zero_grad();
        backward(loss);
        adam.step();
    }
};

const int registered = bench::register_workload("vae", [] {
    auto step = std::make_shared<VaeStep>();
    return bench::Step([step] { (*step)(); });
});

}  // namespace
