// The pool of threads: coverage, exceptions, nested calls and several callers.
#include "tensor/runtime/parallel.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;

namespace {

// How often each index of [0, n) was visited.
std::vector<int> visits(std::int64_t n, std::int64_t grain) {
    std::vector<std::atomic<int>> count(static_cast<std::size_t>(n));
    parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++count[static_cast<std::size_t>(i)];
    });
    return {count.begin(), count.end()};
}

bool all_once(const std::vector<int>& count) {
    return std::all_of(count.begin(), count.end(), [](int c) { return c == 1; });
}

}  // namespace

TEST_CASE("parallel_for visits every index once") {
    const ThreadsGuard guard;
    for (int threads : {1, 2, 3, 8})
        for (std::int64_t n : {0, 1, 2, 7, 64, 1000})
            for (std::int64_t grain : {1, 3, 100}) {
                set_num_threads(threads);
                INFO(threads, " threads, ", n, " indices, grain ", grain);
                CHECK(all_once(visits(n, grain)));
            }
}

TEST_CASE("parallel_for runs small work on the calling thread") {
    const ThreadsGuard guard;
    set_num_threads(4);
    int calls = 0;
    parallel_for(10, 10,
                 [&](std::int64_t begin, std::int64_t end) { calls += begin == 0 && end == 10; });
    CHECK(calls == 1);
}

TEST_CASE("parallel_for rethrows the exception of any thread, and the pool stays usable") {
    const ThreadsGuard guard;
    set_num_threads(4);
    for (std::int64_t bad : {0, 50, 99}) {
        const auto job = [&](std::int64_t begin, std::int64_t end) {
            if (begin <= bad && bad < end) throw std::runtime_error("piece");
        };
        CHECK_THROWS_WITH(parallel_for(100, 1, job), "piece");
        CHECK(all_once(visits(100, 1)));
    }
}

TEST_CASE("nested parallel_for runs on its own thread, and several callers share one pool") {
    const ThreadsGuard guard;
    set_num_threads(3);
    std::atomic<int> wrong{0};
    const auto caller = [&] {
        for (int round = 0; round < 200; ++round) {
            std::atomic<int> inner{0};
            parallel_for(8, 1, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i)
                    parallel_for(16, 1, [&](std::int64_t b, std::int64_t e) {
                        inner += static_cast<int>(e - b);
                    });
            });
            wrong += inner != 128;
        }
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i) callers.emplace_back(caller);
    caller();
    for (std::thread& t : callers) t.join();
    CHECK(wrong == 0);
}
