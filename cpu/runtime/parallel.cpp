// The thread pool behind parallel_for: threads that wait for jobs, and a caller that works with
// them.
//
// A job is cut into a few pieces for each thread, and each piece goes to the first thread that asks
// for it. The caller waits only for pieces that another thread has begun: if the system suspends a
// thread, as on a busy or shared machine, that costs what the thread would have computed, not the
// time until it wakes. Every thread begins with its own share, so that from one job to the next it
// mostly finds in its cache what it wrote itself.
#include "tensor/runtime/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

#include "tensor/numbers.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace eps {
namespace {

constexpr int kMaxThreads = 64;
// Pieces of a job; each is a bit of one word.
constexpr std::int64_t kPiecesPerThread = 4, kMaxPieces = 64;
// A waiting thread spins so often before it sleeps: some 50 us, which is longer than the time
// between two kernels of a training step.
constexpr int kSpinsBeforeSleep = 4000;
// At the end of a job, the caller spins so often before it offers its core to others.
constexpr int kSpinsBeforeYield = 1000;

// True in a thread that works on a job: jobs do not nest.
thread_local bool inside_job = false;

void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

int default_threads() {
    // OpenMP programs, and PyTorch, read the same variable.
    if (const char* setting = std::getenv("OMP_NUM_THREADS"))
        if (const int count = std::atoi(setting); count > 0) return std::min(count, kMaxThreads);
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
}

std::atomic<int>& thread_setting() {
    static std::atomic<int> count{default_threads()};
    return count;
}

/// One thread of the pool, as its caller sees it. Linux tends to wake a sleeper on the core of the
/// thread that wakes it, where it waits until that thread's time slice is over (measured: 3 ms,
/// with the other core idle). So a sleeper is kept off the caller's core until it runs.
class Worker {
public:
    /// Called by the thread itself, first of all.
    void begin() {
#if defined(__linux__)
        self_ = pthread_self();
        known_ = sched_getaffinity(0, sizeof cores_, &cores_) == 0;
#endif
    }
    /// Called by the thread. Returns once news differs from seen.
    void sleep(const std::atomic<unsigned>& news, unsigned seen) {
        asleep_.store(true);
        news.wait(seen);
        asleep_.store(false);
#if defined(__linux__)
        if (known_) sched_setaffinity(0, sizeof cores_, &cores_);
#endif
    }
    /// Called by the caller, before it changes the news.
    void will_be_woken() const {
#if defined(__linux__)
        const int here = sched_getcpu();
        if (!asleep_.load() || !known_ || here < 0 || here >= CPU_SETSIZE) return;
        cpu_set_t others = cores_;
        CPU_CLR(here, &others);
        if (CPU_COUNT(&others) > 0) pthread_setaffinity_np(self_, sizeof others, &others);
#endif
    }

private:
    std::atomic<bool> asleep_{false};
#if defined(__linux__)
    pthread_t self_{};
    cpu_set_t cores_{};  // on which it may run; written once, before asleep_ is first true
    bool known_ = false;
#endif
};

class Job {
public:
    Job(detail::RangeBody body, void* context, std::int64_t n, std::int64_t pieces, int threads)
        : body_(body), context_(context), n_(n), pieces_(pieces), threads_(threads) {}

    /// Takes pieces until none is left, beginning with the share of `thread`.
    void work(int thread) {
        if (thread >= threads_) return;
        const std::int64_t first = pieces_ * thread / threads_;
        for (std::int64_t i = 0; i < pieces_; ++i) {
            const std::int64_t piece = (first + i) % pieces_;
            const std::uint64_t bit = std::uint64_t{1} << piece;
            if ((taken_.load(std::memory_order_relaxed) & bit) == 0 &&
                (taken_.fetch_or(bit) & bit) == 0)
                run(piece);
        }
    }
    /// Throws the first exception of any thread, in the caller's thread. A thread of the pool must
    /// not end.
    void rethrow() const {
        if (exception_) std::rethrow_exception(exception_);
    }

private:
    void run(std::int64_t piece) noexcept {
        try {
            body_(context_, n_ * piece / pieces_, n_ * (piece + 1) / pieces_);
        } catch (...) {
            if (!failed_.test_and_set()) exception_ = std::current_exception();
        }
    }

    detail::RangeBody body_;
    void* context_;
    std::int64_t n_, pieces_;
    int threads_;
    std::atomic<std::uint64_t> taken_{0};
    std::exception_ptr exception_;
    std::atomic_flag failed_ = ATOMIC_FLAG_INIT;
};

class Pool {
public:
    /// The pool is never destroyed: its threads may outlive main, and end with the process.
    static Pool& instance() {
        alignas(Pool) static std::byte memory[sizeof(Pool)];
        static Pool& pool = *new (memory) Pool;
        return pool;
    }

    /// Returns false, having done nothing, if another thread of the program uses the pool.
    bool run(Job& job, int threads) {
        const std::unique_lock lock(caller_, std::try_to_lock);
        if (!lock) return false;
        start(threads - 1);
        for (int id = 1; id < threads; ++id) workers_[id].will_be_woken();
        job_.store(&job);
        news_.fetch_add(1);
        news_.notify_all();
        inside_job = true;
        job.work(0);
        inside_job = false;
        job_.store(nullptr);
        for (int spins = 0; inside_.load() != 0; ++spins)
            spins < kSpinsBeforeYield ? pause() : std::this_thread::yield();
        return true;
    }

private:
    // If the system gives no more threads, those that are there do the work, if need be the caller
    // alone.
    void start(int count) {
        try {
            for (; started_ < count; ++started_)
                std::thread([this, id = started_ + 1] { serve(id); }).detach();
        } catch (const std::exception&) {}  // std::system_error or std::bad_alloc
    }

    [[noreturn]] void serve(int id) {
        inside_job = true;
        workers_[id].begin();
        for (unsigned seen = 0;;) {
            seen = next_news(seen, workers_[id]);
            // A thread that is counted as inside before it reads the job keeps the job's caller
            // waiting, so the job is alive.
            inside_.fetch_add(1);
            if (Job* const job = job_.load()) job->work(id);
            inside_.fetch_sub(1);
        }
    }

    unsigned next_news(unsigned seen, Worker& worker) {
        for (int spins = 0; spins < kSpinsBeforeSleep; ++spins) {
            if (const unsigned now = news_.load(); now != seen) return now;
            pause();
        }
        worker.sleep(news_, seen);
        return news_.load();
    }

    std::mutex caller_;  // one job at a time
    int started_ = 0;
    Worker workers_[kMaxThreads];                // by id, from 1 on
    alignas(64) std::atomic<unsigned> news_{0};  // the number of jobs so far
    alignas(64) std::atomic<Job*> job_{nullptr};
    std::atomic<int> inside_{0};
};

}  // namespace

int num_threads() { return thread_setting().load(std::memory_order_relaxed); }
void set_num_threads(int count) {
    thread_setting().store(std::clamp(count, 1, kMaxThreads), std::memory_order_relaxed);
}

namespace detail {

void parallel_ranges(std::int64_t n, std::int64_t grain, RangeBody body, void* context) {
    const std::int64_t useful = ceil_div(n, std::max<std::int64_t>(grain, 1));
    const int threads = static_cast<int>(std::min<std::int64_t>(num_threads(), useful));
    if (threads <= 1 || inside_job) return body(context, 0, n);
    Job job(body, context, n, std::min({useful, threads * kPiecesPerThread, kMaxPieces}), threads);
    if (!Pool::instance().run(job, threads)) return body(context, 0, n);
    job.rethrow();
}

}  // namespace detail
}  // namespace eps
