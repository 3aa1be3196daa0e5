// The pool: threads that wait for jobs, and a caller that works along with them.
//
// A job is cut into pieces, a few for each thread, and each piece goes to the first thread that
// asks for it. The caller waits only for pieces that another thread has begun: a thread that the
// system holds back (a busy machine, a shared one) costs what it would have computed, not the time
// until it wakes. Every thread begins with its own share, so that from one job to the next it
// mostly finds in its cache what it wrote itself.
#include "tensor/runtime/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace eps {
namespace {

constexpr std::int64_t kPiecesPerThread = 4, kMaxPieces = 64;  // of a job: a bit each
constexpr int kMaxThreads = 64;
// of a waiting thread before it sleeps, some 50 us: longer than between two kernels of a training
// step
constexpr int kSpins = 4000;
// spins of a caller at the end before it offers its core to others
constexpr int kPatience = 1000;

thread_local bool inside_job = false;  // of this thread: jobs do not nest

void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

int default_threads() {
    // Also what OpenMP programs are told by: users set it for PyTorch, too.
    if (const char* setting = std::getenv("OMP_NUM_THREADS"))
        if (const int count = std::atoi(setting); count > 0) return std::min(count, kMaxThreads);
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
}

std::atomic<int>& thread_setting() {
    static std::atomic<int> count{default_threads()};
    return count;
}

/// A thread of the pool, as its caller sees it. Linux likes to wake a sleeper on the core of
/// whoever wakes it, and to let it wait there until the caller's slice is over (measured: 3 ms,
/// with the other core idle). So a sleeper is kept off that core until it runs.
class Worker {
public:
    /// By the thread itself, first of all.
    void begin() {
#if defined(__linux__)
        self_ = pthread_self();
        known_ = sched_getaffinity(0, sizeof cores_, &cores_) == 0;
#endif
    }
    /// By the thread: sleep() returns once news differs from seen.
    void sleep(const std::atomic<unsigned>& news, unsigned seen) {
        asleep_.store(true);
        news.wait(seen);
        asleep_.store(false);
#if defined(__linux__)
        if (known_) sched_setaffinity(0, sizeof cores_, &cores_);
#endif
    }
    /// By the caller, before the news.
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
    cpu_set_t cores_{};  // it may run on; what stands here before asleep_ is true does not change
    bool known_ = false;
#endif
};

class Job {
public:
    Job(detail::RangeBody body, void* context, std::int64_t n, std::int64_t pieces, int threads)
        : body_(body), context_(context), n_(n), pieces_(pieces), threads_(threads) {}

    /// Takes pieces until none is left, from the share of `thread` on.
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
    /// The first exception of any thread, for the caller's thread: none may end a thread of the
    /// pool.
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
    /// Never destroyed: its threads may outlive main, and end with the process.
    static Pool& instance() {
        static Pool& pool = *new Pool;
        return pool;
    }

    /// False if another thread of the program has the pool: then the caller is on its own.
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
            spins < kPatience ? pause() : std::this_thread::yield();
        return true;
    }

private:
    // Where the system gives no more threads, those that are there do the work, the caller alone if
    // need be.
    void start(int count) {
        try {
            for (; started_ < count; ++started_)
                std::thread([this, id = started_ + 1] { serve(id); }).detach();
        } catch (const std::system_error&) {}
    }

    [[noreturn]] void serve(int id) {
        inside_job = true;
        workers_[id].begin();
        for (unsigned seen = 0;;) {
            seen = next_news(seen, workers_[id]);
            // Whoever is counted as inside before it looks for the job keeps the job's caller
            // waiting, so what it finds is alive.
            inside_.fetch_add(1);
            if (Job* const job = job_.load()) job->work(id);
            inside_.fetch_sub(1);
        }
    }

    unsigned next_news(unsigned seen, Worker& worker) {
        for (int spins = 0; spins < kSpins; ++spins) {
            if (const unsigned now = news_.load(); now != seen) return now;
            pause();
        }
        worker.sleep(news_, seen);
        return news_.load();
    }

    std::mutex caller_;  // one job at a time
    int started_ = 0;
    Worker workers_[kMaxThreads];                // by id, which the caller has none of
    alignas(64) std::atomic<unsigned> news_{0};  // counts jobs
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
    const std::int64_t useful = (n + grain - 1) / std::max<std::int64_t>(grain, 1);
    const int threads = static_cast<int>(std::min<std::int64_t>(num_threads(), useful));
    if (threads <= 1 || inside_job) return body(context, 0, n);
    Job job(body, context, n, std::min({useful, threads * kPiecesPerThread, kMaxPieces}), threads);
    if (!Pool::instance().run(job, threads)) return body(context, 0, n);
    job.rethrow();
}

}  // namespace detail
}  // namespace eps
