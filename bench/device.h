#pragma once
// Timing on a GPU, which runs asynchronously: the host goes ahead.
#include <benchmark/benchmark.h>

#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps::bench {

inline bool has_gpu() { return kernels::cuda::device_count() > 0; }

/// Returns when all kernels launched so far have finished.
inline void wait_for_gpu() { (void)raw::to(zeros({1}, {.device = cuda}), cpu); }

/// Times f in batches of `batch` calls and one wait. The time of the case is that of one call.
template <class F> void time_batches(benchmark::State& state, int batch, const F& f) {
    wait_for_gpu();
    while (state.KeepRunningBatch(batch)) {
        for (int i = 0; i < batch; ++i) f();
        wait_for_gpu();
    }
}

}  // namespace eps::bench
