// Our matmul and OpenBLAS's, alternating within one case so that both meet the same conditions.
// cblas/ours is the ratio of the median times.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "tensor/runtime/isa.h"
#include "varepsilon.h"

using namespace eps;

namespace {

double seconds(auto&& f) {
    const auto start = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void BM_matmul(benchmark::State& state) {
    static const std::string blas = blas_summary();  // also chooses kernels for this CPU
    state.SetLabel(blas.substr(blas.rfind(' ') + 1));
    const std::int64_t m = state.range(0), k = state.range(1), n = state.range(2);
    const auto threads = static_cast<int>(state.range(3));
    set_num_threads(threads);
    NoGrad guard;
    const Tensor a = rand({m, k}), b = rand({k, n});
    Tensor raw = empty({m, n}), out = matmul(a, b);
    std::vector<double> ours, cblas;
    const auto product = [&] { out = matmul(a, b); };
    const auto blas_product = [&] {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(m),
                    static_cast<int>(n), static_cast<int>(k), 1, a.data<float>(),
                    static_cast<int>(k), b.data<float>(), static_cast<int>(n), 0, raw.data<float>(),
                    static_cast<int>(n));
    };
    for (auto _ : state) {
        if (threads > 1) product();  // wakes the threads
        ours.push_back(seconds(product));
        openblas_set_num_threads(threads);
        if (threads > 1) blas_product();
        cblas.push_back(seconds(blas_product));
        openblas_set_num_threads(1);
        // The threads of OpenMP spin for a while longer.
        if (threads > 1) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const auto median = [](std::vector<double>& v) {
        std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
        return v[v.size() / 2];
    };
    const double mine = median(ours), theirs = median(cblas);
    state.counters["GFLOP/s"] = 2e-9 * static_cast<double>(m * n * k) / mine;
    state.counters["cblas/ours"] = theirs / mine;
}
BENCHMARK(BM_matmul)
    ->ArgNames({"m", "k", "n", "threads"})
    ->Args({64, 64, 64, 1})
    ->Args({128, 128, 128, 1})
    ->Args({256, 256, 256, 1})
    ->Args({512, 512, 512, 1})
    ->Args({1024, 1024, 1024, 1})
    ->Args({100, 784, 400, 1})
    ->Args({256, 256, 256, 2})
    ->Args({512, 512, 512, 2})
    ->Args({1024, 1024, 1024, 2})
    ->Args({100, 784, 400, 2});

}  // namespace
