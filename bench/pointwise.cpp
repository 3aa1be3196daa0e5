// Every pointwise op, forward and first derivative: ns per element in the cache. Some on large
// tensors, against a STREAM-like loop of the same run.
#include <benchmark/benchmark.h>

#include "autograd/record_pointwise.h"
#include "peak.h"
#include "varepsilon.h"

using namespace eps;

namespace {

constexpr std::int64_t kInCache = 4096, kLarge = 16 << 20;

std::vector<Tensor> inputs_of(const PointwiseOp& op, std::int64_t n) {
    std::vector<Tensor> inputs;
    Generator generator(1);
    // inside every op's domain
    for (int j = 0; j < op.arity; ++j)
        inputs.push_back(rand({n}, Options{}, generator) * 0.8 + 0.1);
    return inputs;
}

void run_entry(benchmark::State& state, const PointwiseOp* op, int number, std::int64_t n,
               int threads) {
    set_num_threads(threads);
    const std::vector<Tensor> inputs = inputs_of(*op, n);
    const Tensor g = number ? full({n}, 1.0) : Tensor();
    Tensor out = empty({n}, {op->kind == PointwiseKind::predicate ? boolean : f32});
    for (auto _ : state) op->cpu_kernel(op->default_attributes, number, {out, g, inputs.data()});
    state.counters["ns/element"] =
        benchmark::Counter(static_cast<double>(state.iterations() * n),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    int streams = number ? 2 : 1;  // out, g
    for (int j = 0; j < op->arity; ++j)
        streams += op->entries[static_cast<std::size_t>(number)].reads >> j & 1u;
    const double bytes = static_cast<double>(state.iterations() * n * 4 * streams);
    state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsRate);
    if (n == kLarge)
        state.counters["of_peak"] =
            benchmark::Counter(bytes / bench::stream_peak(threads), benchmark::Counter::kIsRate);
}

// The yardstick: as many streams as the op has, one of them written, by a plain loop.
template <int Reads> void BM_stream(benchmark::State& state) {
    set_num_threads(static_cast<int>(state.range(0)));
    std::vector<Tensor> t;
    for (int i = 0; i <= Reads; ++i) t.push_back(full({kLarge}, 1.0));
    const auto at = [&](std::size_t i) { return t[std::min<std::size_t>(i, Reads)].data<float>(); };
    for (auto _ : state) bench::stream<Reads>(kLarge, at(0), at(1), at(2), at(3));
    state.counters["GB/s"] = benchmark::Counter(
        static_cast<double>(state.iterations() * kLarge * 4 * (Reads + 1)) * 1e-9,
        benchmark::Counter::kIsRate);
}
BENCHMARK(BM_stream<1>)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(BM_stream<2>)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(BM_stream<3>)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

const int registered = [] {
    for (const PointwiseOp* op : all_pointwise_ops()) {
        const std::string name = std::string("BM_pointwise/") + op->name;
        benchmark::RegisterBenchmark((name + "/forward").c_str(), run_entry, op, 0, kInCache, 1)
            ->MinTime(0.02);
        if (op->max_order > 0 && op->entries[1].kind == Entry::Kind::other)
            benchmark::RegisterBenchmark((name + "/vjp").c_str(), run_entry, op, 1, kInCache, 1)
                ->MinTime(0.02);
    }
    for (const PointwiseOp* op :
         {&pointwise_op<math::Silu>(), &pointwise_op<math::Gelu>(), &pointwise_op<math::Mul>()}) {
        const std::string name = std::string("BM_large/") + op->name;
        for (int threads : {1, 2}) {
            const std::string suffix = "/threads:" + std::to_string(threads);
            benchmark::RegisterBenchmark((name + "/forward" + suffix).c_str(), run_entry, op, 0,
                                         kLarge, threads)
                ->UseRealTime();
            benchmark::RegisterBenchmark((name + "/vjp" + suffix).c_str(), run_entry, op, 1, kLarge,
                                         threads)
                ->UseRealTime();
        }
    }
    return 0;
}();

}  // namespace
