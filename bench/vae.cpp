// The workload `vae`: 784-400-400-2x20, 20-400-400-784 Bernoulli, batch 100, one-sample bound, Adam. bench/peers/vae.py is the same
// step in PyTorch.
#include <benchmark/benchmark.h>

#include "models/vae/network.h"
#include "nn/optimizer.h"
#include "varepsilon.h"

using namespace eps;

namespace {

void BM_workload_vae(benchmark::State& state) {
    set_num_threads(static_cast<int>(state.range(0)));
    Generator generator(1);
    models::vae::Vae model({}, generator);
    nn::Adam adam(model.parameters(), {.lr = 1e-3});
    const Tensor x = bernoulli(0.3, {100, 784}, {}, generator);
    for (auto _ : state) {
        const Tensor loss = -mean(model.elbo(x, generator).elbo);
        adam.zero_grad();
        backward(loss);
        adam.step();
    }
}
BENCHMARK(BM_workload_vae)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(1);

}  // namespace
