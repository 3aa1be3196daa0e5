#pragma once
// Memory that runs out at a chosen moment. The tests' program replaces operator new, which the
// library calls for everything: objects, containers, and (cpu/runtime/allocator.cpp) the memory of
// tensors.
//
//     for (std::int64_t n = 0;; ++n) {
//         ... build what the attempt needs ...
//         test::FailingAllocation failure(n);
//         try {
//             attempt();
//         } catch (const std::exception&) {}
//         if (!failure.end()) break;  // attempt() makes fewer than n + 1 allocations
//         CHECK(... everything is as before ...);
//     }
//
// Blocks that a cache hands out again are no allocations: they cannot fail in a program either. To
// have more of them, call allocator_of(cpu).release_cache() before.
#include <cstdint>

namespace eps::test {

/// Makes allocation number `at` of all threads, counted from 0, fail. With `lasting`, so do all
/// that follow, as on a machine without memory: then nothing may be allocated on the way out
/// either. doctest allocates, so there must be no CHECK before end().
class FailingAllocation {
public:
    explicit FailingAllocation(std::int64_t at, bool lasting = true);
    ~FailingAllocation() { end(); }
    FailingAllocation(const FailingAllocation&) = delete;
    FailingAllocation& operator=(const FailingAllocation&) = delete;
    /// From here on all allocations succeed. Returns whether one has failed.
    bool end();
};

/// Allocations of the whole program that were not freed yet, and their number so far.
std::int64_t live_allocations();
std::int64_t all_allocations();

}  // namespace eps::test
