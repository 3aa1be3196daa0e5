#pragma once
// A workload is a whole training step (or sampling step), timed with 1 and 2 threads under the name BM_workload/<name>/threads:<n>.
// bench/peers/workloads.py has the same steps in PyTorch.
#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "tensor/parallel.h"

namespace eps::bench {

using Step = std::function<void()>;

/// `make` builds nets, optimisers and data, and returns the step. Registers one case for each number of threads.
template <class Make>
int register_workload(const char* name, Make make) {
    for (int threads : {1, 2})
        benchmark::RegisterBenchmark((std::string("BM_workload/") + name + "/threads:" + std::to_string(threads)).c_str(),
                                     [make, threads](benchmark::State& state) {
                                         set_num_threads(threads);
                                         const Step step = make();
                                         for (int i = 0; i < 3; ++i) step();  // memory is taken from the system once
                                         for (auto _ : state) step();
                                     })
            ->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(1.5);
    return 0;
}

}  // namespace eps::bench
