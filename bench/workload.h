#pragma once
// A workload is a whole training step, or sampling step. It is timed with 1 and 2 threads as
// BM_workload/<name>/threads:<n> and, on a GPU, as BM_workload/<name>/cuda/<mode>: called or
// captured, in each precision. bench/peers/ has the same steps in PyTorch.
#include <benchmark/benchmark.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <fstream>
#include <functional>
#include <string>

#include "bench/device.h"
#include "tensor/capture/captured_step.h"
#include "tensor/runtime/allocator.h"
#include "tensor/runtime/parallel.h"
#include "tensor/runtime/precision.h"

namespace eps::bench {

using WorkloadStep = std::function<void()>;

/// Resident memory of this process in MB: the current ("VmRSS:"), or the peak since it was reset
/// ("VmHWM:"); 0 on systems without Linux's /proc.
inline double resident_megabytes(const std::string& field) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (double kilobytes = 0; word == field && status >> kilobytes) return kilobytes / 1000;
    return 0;
}
/// Resets that peak. Returns free memory to the system first, so that earlier cases do not hide the
/// memory this one takes.
inline void reset_resident_peak() {
    allocator_of(cpu).release_cache();
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
    std::ofstream("/proc/self/clear_refs") << 5;
}

/// Times a workload on the CPU. `peak_MB` is the most by which the process grew, construction
/// included; `new_bytes` is what a warm step takes from the system.
template <class Make> void run_on_cpu(benchmark::State& state, const Make& make, int threads) {
    set_num_threads(threads);
    reset_resident_peak();
    const double before = resident_megabytes("VmRSS:");
    const WorkloadStep step = make(cpu);
    for (int i = 0; i < 3; ++i) step();  // the first steps take memory from the system
    const std::size_t warm = allocator_of(cpu).stats().system_bytes;
    for (auto _ : state) step();
    const auto taken = static_cast<double>(allocator_of(cpu).stats().system_bytes - warm);
    state.counters["new_bytes"] = benchmark::Counter(taken, benchmark::Counter::kAvgIterations);
    state.counters["peak_MB"] = resident_megabytes("VmHWM:") - before;
}

/// Times a workload on a GPU, ten steps at a time, because the host runs ahead of the device, as in
/// training. `peak_MB` is the most memory that tensors held.
template <class Make>
void run_on_gpu(benchmark::State& state, const Make& make, Precision precision, bool captured) {
    set_precision(precision);
    {
        const WorkloadStep step = make(cuda);
        Step graph(cuda, [&step] {
            step();
            return NamedTensors{};
        });
        const auto run = [&] { captured ? (void)graph() : step(); };
        for (int i = 0; i < 5; ++i) run();  // captures the step
        allocator_of(cuda).reset_peak();
        if (captured && !graph.captured())
            state.SkipWithError(graph.fallback_reason().c_str());
        else
            time_batches(state, 10, run);
        state.counters["peak_MB"] =
            static_cast<double>(allocator_of(cuda).stats().peak_bytes) * 1e-6;
    }
    set_precision(Precision::f32);
}

/// Registers a workload for each number of threads and, if there is a GPU, for each mode. `make`
/// builds networks, optimisers and data on a device, and returns the step.
template <class Make> int register_workload(const char* name, Make make, bool on_cpu = true) {
    const std::string prefix = std::string("BM_workload/") + name;
    const auto add = [&](const std::string& how, double seconds, auto run) {
        benchmark::RegisterBenchmark((prefix + how).c_str(), run)
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime()
            ->MinTime(seconds);
    };
    for (int threads : {1, 2})
        if (on_cpu)
            add("/threads:" + std::to_string(threads), 1.5,
                [make, threads](benchmark::State& state) { run_on_cpu(state, make, threads); });
    if (!has_gpu()) return 0;
    for (const bool captured : {false, true})
        for (const std::string& precision : precision_names())
            add(std::string("/cuda/") + (captured ? "captured_" : "called_") + precision, 0.3,
                [=](benchmark::State& state) {
                    run_on_gpu(state, make, precision_named(precision), captured);
                });
    return 0;
}

}  // namespace eps::bench
