// Every op of op_cases.cpp, forward and forward + backward, against the limit of the machine:
// of_peak is the ratio of GFLOP/s to the fastest matrix product of the run, or of GB/s to its
// stream of memory. Backward counts twice the arithmetic of the forward, and each gradient once
// beside each tensor once. of_peak exceeds 1 if a gradient is a view or a tensor stays in the
// cache.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "op_cases.h"
#include "peak.h"
#include "varepsilon.h"

using namespace eps;
using bench::OpCase;

namespace {

double bytes_of(const Tensor& x) {
    return static_cast<double>(x.numel()) * static_cast<double>(size_of(x.dtype()));
}

void run(benchmark::State& state, const OpCase& op, bool backward, int threads) {
    const double peak = op.flop > 0 ? bench::gemm_peak(threads) : bench::stream_peak(threads);
    set_num_threads(threads);
    std::vector<Tensor> x = op.inputs(), sources;
    double bytes = 0;
    for (Tensor& input : x) {
        bytes += bytes_of(input);
        if (!backward || !is_floating(input.dtype())) continue;
        bytes += bytes_of(input);
        sources.push_back(input.requires_grad_());
    }
    const Tensor y = op.run(x), g = backward ? rand(y.shape(), {.dtype = y.dtype()}) : Tensor();
    bytes = op.bytes > 0 ? op.bytes : bytes + (backward ? 2 : 1) * bytes_of(y);
    for (auto _ : state) {
        const Tensor out = op.run(x);
        if (backward) benchmark::DoNotOptimize(grad(out, sources, {.gradient = g}));
    }
    set_num_threads(1);

    const auto times = static_cast<double>(state.iterations());
    const double work = times * (op.flop > 0 ? op.flop * (backward ? 3 : 1) : bytes);
    state.counters[op.flop > 0 ? "GFLOP/s" : "GB/s"] =
        benchmark::Counter(work * 1e-9, benchmark::Counter::kIsRate);
    state.counters["of_peak"] = benchmark::Counter(work / peak, benchmark::Counter::kIsRate);
}

const int registered = [] {
    static const std::vector<OpCase> cases = bench::op_cases();
    for (const OpCase& op : cases)
        for (bool backward : {false, true})
            for (int threads : {1, 2})
                if (op.backward || !backward)
                    benchmark::RegisterBenchmark(
                        ("BM_op/" + op.name + (backward ? "/backward" : "/forward") +
                         "/threads:" + std::to_string(threads))
                            .c_str(),
                        [&op, backward, threads](benchmark::State& state) {
                            run(state, op, backward, threads);
                        })
                        ->MinTime(0.1)
                        ->UseRealTime()
                        ->Unit(benchmark::kMillisecond);
    return 0;
}();

}  // namespace
