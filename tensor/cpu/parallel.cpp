#include "tensor/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#ifdef EPS_STD_THREADS  // ThreadSanitizer cannot see into libgomp: its preset uses plain threads
namespace {
thread_local bool inside_parallel = false;
int default_threads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }
}  // namespace
#else
#include <omp.h>
namespace {
int default_threads() { return omp_get_max_threads(); }
}  // namespace
#endif

namespace eps {
namespace {

std::atomic<int>& thread_setting() {
    static std::atomic<int> count{default_threads()};
    return count;
}

// The first exception of any thread, rethrown by the caller's thread: an exception must not leave a parallel region.
struct FirstException {
    std::exception_ptr exception;
    std::atomic_flag taken = ATOMIC_FLAG_INIT;
    template <class F>
    void guard(F&& f) noexcept {
        try {
            f();
        } catch (...) {
            if (!taken.test_and_set()) exception = std::current_exception();
        }
    }
    void rethrow() const {
        if (exception) std::rethrow_exception(exception);
    }
};

}  // namespace

int num_threads() { return thread_setting().load(std::memory_order_relaxed); }
void set_num_threads(int count) { thread_setting().store(std::max(1, count), std::memory_order_relaxed); }

namespace detail {

void parallel_ranges(std::int64_t n, std::int64_t grain, RangeBody body, void* context) {
    const std::int64_t useful = (n + grain - 1) / std::max<std::int64_t>(grain, 1);
    const int threads = static_cast<int>(std::min<std::int64_t>(num_threads(), useful));
#ifdef EPS_STD_THREADS
    const bool nested = inside_parallel;
#else
    const bool nested = omp_in_parallel();
#endif
    if (threads <= 1 || nested) return body(context, 0, n);

    FirstException first;
    const auto run = [&](std::int64_t t) { first.guard([&] { body(context, n * t / threads, n * (t + 1) / threads); }); };
#ifdef EPS_STD_THREADS
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t)
        others.emplace_back([&run, t] {
            inside_parallel = true;
            run(t);
        });
    inside_parallel = true;
    run(0);
    inside_parallel = false;
    for (std::thread& other : others) other.join();
#else
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; ++t) run(t);
#endif
    first.rethrow();
}

}  // namespace detail
}  // namespace eps
