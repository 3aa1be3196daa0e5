#pragma once
// A workload is a whole training step (or sampling step), timed with 1 and 2 threads under the name BM_workload/<name>/threads:<n>.
// bench/peers/workloads.py has the same steps in PyTorch.
#include <benchmark/benchmark.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <fstream>
#include <functional>
#include <string>

#include "tensor/allocator.h"
#include "tensor/parallel.h"

namespace eps::bench {

using Step = std::function<void()>;

/// Resident memory of this process in MB: now ("VmRSS:"), or at most since the peak was reset ("VmHWM:"); 0 where Linux's /proc is missing.
inline double resident_megabytes(const std::string& field) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (double kilobytes = 0; word == field && status >> kilobytes) return kilobytes / 1000;
    return 0;
}
/// Gives free memory back to the system first: cases before this one must not hide what it takes.
inline void reset_resident_peak() {
    allocator_of(cpu).release_cache();
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
    std::ofstream("/proc/self/clear_refs") << 5;
}

/// `make` builds nets, optimisers and data, and returns the step. Registers one case for each number of threads. `peak_MB` is what the
/// process grew by at most from before `make` on, `new_bytes` what a warm step takes from the system.
template <class Make>
int register_workload(const char* name, Make make) {
    for (int threads : {1, 2})
        benchmark::RegisterBenchmark((std::string("BM_workload/") + name + "/threads:" + std::to_string(threads)).c_str(),
                                     [make, threads](benchmark::State& state) {
                                         set_num_threads(threads);
                                         reset_resident_peak();
                                         const double before = resident_megabytes("VmRSS:");
                                         const Step step = make();
                                         for (int i = 0; i < 3; ++i) step();  // memory is taken from the system once
                                         const std::size_t warm = allocator_of(cpu).stats().system_bytes;
                                         for (auto _ : state) step();
                                         const auto taken = static_cast<double>(allocator_of(cpu).stats().system_bytes - warm);
                                         state.counters["new_bytes"] = benchmark::Counter(taken, benchmark::Counter::kAvgIterations);
                                         state.counters["peak_MB"] = resident_megabytes("VmHWM:") - before;
                                     })
            ->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(1.5);
    return 0;
}

}  // namespace eps::bench
