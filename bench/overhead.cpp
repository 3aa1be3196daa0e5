// The cost of running and recording an op on tensors so small that arithmetic costs nothing.
#include <benchmark/benchmark.h>

#include "varepsilon.h"

using namespace eps;

namespace {

// A chain of 100 ops on 16 elements: ns/op to run, record, differentiate and release one.
template <class Step> void chain(benchmark::State& state, Step step) {
    set_num_threads(1);
    Tensor x = rand({16});
    x.requires_grad_();
    constexpr int length = 100;
    for (auto _ : state) {
        Tensor y = x;
        for (int i = 0; i < length; ++i) y = step(y);
        backward(y, {.gradient = ones_like(y)});
    }
    state.counters["ns/op"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * length,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_overhead_tanh(benchmark::State& state) {
    chain(state, [](const Tensor& y) { return tanh(y); });
}
void BM_overhead_silu(benchmark::State& state) {
    chain(state, [](const Tensor& y) { return silu(y); });
}
void BM_overhead_mul(benchmark::State& state) {
    const Tensor c = full({16}, 1.0);
    chain(state, [&](const Tensor& y) { return y * c; });
}
void BM_overhead_add(benchmark::State& state) {
    const Tensor c = full({16}, 0.0);
    chain(state, [&](const Tensor& y) { return y + c; });
}
BENCHMARK(BM_overhead_add);
BENCHMARK(BM_overhead_mul);
BENCHMARK(BM_overhead_tanh);
BENCHMARK(BM_overhead_silu);

}  // namespace
