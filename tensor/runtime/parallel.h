#pragma once
// One pool of threads for the whole library (cpu/runtime/parallel.cpp). BLAS runs on the calling
// thread alone.
#include <cstdint>
#include <type_traits>

namespace eps {

/// The number of threads that kernels use: set_num_threads(), else OMP_NUM_THREADS, else the cores
/// of the machine; from 1 to 64.
int num_threads();
void set_num_threads(int count);

namespace detail {
using RangeBody = void (*)(void* context, std::int64_t begin, std::int64_t end);
void parallel_ranges(std::int64_t n, std::int64_t grain, RangeBody body, void* context);
}  // namespace detail

/// Calls f(begin, end) on disjoint ranges that cover [0, n). With n > grain the ranges run on
/// several threads, with about grain indices or more each.
///
/// The ranges depend on the number of threads, so f must compute each index independently of its
/// neighbours. Code that combines indices (a sum) cuts its own fixed chunks. Calls must not nest.
template <class F> void parallel_for(std::int64_t n, std::int64_t grain, F&& f) {
    if (n <= grain) {
        if (n > 0) f(std::int64_t{0}, n);
        return;
    }
    detail::parallel_ranges(
        n, grain,
        [](void* context, std::int64_t begin, std::int64_t end) {
            (*static_cast<std::remove_reference_t<F>*>(context))(begin, end);
        },
        const_cast<void*>(static_cast<const void*>(&f)));
}

}  // namespace eps
