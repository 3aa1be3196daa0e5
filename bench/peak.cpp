#include "peak.h"

#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>
#include <chrono>

#include "tensor/runtime/isa.h"
#include "varepsilon.h"

namespace eps::bench {
namespace {

template <class F> double best_seconds(F&& f) {
    double best = 1e9;
    for (int i = 0; i < 15; ++i) {
        const auto start = std::chrono::steady_clock::now();
        f();
        best = std::min(
            best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

double measure_gemm(int threads) {
    (void)blas_summary();  // makes OpenBLAS use its kernels for this CPU
    NoGrad guard;
    double peak = 0;
    for (int n : {256, 512, 1024}) {
        const Tensor a = rand({n, n}), b = rand({n, n});
        Tensor c = matmul(a, b);
        openblas_set_num_threads(threads);
        const double blas = best_seconds([&] {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a.data<float>(), n,
                        b.data<float>(), n, 0, c.data<float>(), n);
        });
        openblas_set_num_threads(1);
        const double ours = best_seconds([&] { c = matmul(a, b); });
        peak = std::max(peak, 2.0 * n * n * n / std::min(blas, ours));
    }
    return peak;
}

double measure_stream() {
    constexpr std::int64_t n = 16 << 20;
    const Tensor a = full({n}, 1.0), b = full({n}, 1.0);
    Tensor out = full({n}, 0.0);
    return 12.0 * n / best_seconds([&] {
               stream<2>(n, out.data<float>(), a.data<float>(), b.data<float>(), nullptr);
           });
}

// The peak for a number of threads, measured at the first call.
double once_for(int threads, double (&known)[2], double (*measure)(int)) {
    double& peak = known[threads - 1];
    if (peak > 0) return peak;
    const int before = num_threads();
    set_num_threads(threads);
    peak = measure(threads);
    set_num_threads(before);
    return peak;
}

}  // namespace

double gemm_peak(int threads) {
    static double known[2] = {};
    return once_for(threads, known, measure_gemm);
}

double stream_peak(int threads) {
    static double known[2] = {};
    return once_for(threads, known, [](int) { return measure_stream(); });
}

template <int Reads>
void stream(std::int64_t n, float* __restrict out, const float* __restrict a,
            const float* __restrict b, const float* __restrict c) {
    parallel_for(n, n / 64, [&](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
        for (std::int64_t i = begin; i < end; ++i)
            out[i] = a[i] + (Reads > 1 ? 0.5f * b[i] : 0.0f) + (Reads > 2 ? 0.5f * c[i] : 0.0f);
    });
    benchmark::ClobberMemory();
}
template void stream<1>(std::int64_t, float*, const float*, const float*, const float*);
template void stream<2>(std::int64_t, float*, const float*, const float*, const float*);
template void stream<3>(std::int64_t, float*, const float*, const float*, const float*);

}  // namespace eps::bench
