// Memory that runs out anywhere in the allocator, in a pool of blocks or in a tensor operation:
// an exception, nothing lost, and no other way to end.
#include <doctest/doctest.h>

#include <new>
#include <optional>
#include <vector>

#include "tensor/runtime/allocator.h"
#include "tests/autograd/support.h"
#include "tests/fault_allocation.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

void* system_block(int, std::size_t bytes) {
    return ::operator new (bytes, std::align_val_t{64}, std::nothrow);
}
void system_free(int, void* block, std::size_t) { ::operator delete (block, std::align_val_t{64}); }

/// Calls attempt(n) with allocation n failing, alone or with all after it, for every n until it
/// makes no more. Returns how many there were.
template <class F> std::int64_t fail_each(bool lasting, const F& attempt) {
    for (std::int64_t n = 0;; ++n) {
        if (!attempt(n, lasting)) return n;
        if (n > 100000) FAIL("endless");
    }
}

}  // namespace

TEST_CASE("out of memory: a block of a new size class is freed although nothing can be allocated") {
    CachingAllocator allocator("test allocator", system_block, system_free);
    const std::vector<std::size_t> sizes{1, 100, 5000, 123457, std::size_t{3} << 20};
    std::vector<void*> blocks;
    for (std::size_t bytes : sizes) blocks.push_back(allocator.allocate(bytes));
    {
        FailingAllocation failure(0);
        for (std::size_t i = 0; i < sizes.size(); ++i) allocator.free(blocks[i], sizes[i]);
        // Blocks of the cache need no memory either.
        for (std::size_t i = 0; i < 4; ++i) blocks[i] = allocator.allocate(sizes[i]);
        for (std::size_t i = 0; i < 4; ++i) allocator.free(blocks[i], sizes[i]);
        CHECK_FALSE(failure.end());
    }
    CHECK(allocator.stats().live_bytes == 0);
}

TEST_CASE("out of memory: a failed allocation of a block leaves the allocator as it was") {
    for (const bool pooled : {false, true})
        for (const bool lasting : {false, true}) {
            CAPTURE(pooled);
            const std::int64_t held = live_allocations();
            const std::int64_t failures = fail_each(lasting, [&](std::int64_t n, bool last) {
                CachingAllocator allocator("test allocator", system_block, system_free);
                CachingAllocator::PrivatePool pool(allocator);
                void* block = nullptr;
                FailingAllocation failure(n, last);
                try {
                    std::optional<CachingAllocator::PrivatePool::Scope> scope;
                    if (pooled) scope.emplace(pool);
                    block = allocator.allocate(std::size_t{2} << 20);
                } catch (const std::exception&) {}
                const bool failed = failure.end();
                const MemoryStats stats = allocator.stats();
                CHECK(stats.live_bytes == (block ? std::size_t{2} << 20 : 0));
                if (block) allocator.free(block, std::size_t{2} << 20);
                return failed;
            });
            CHECK(failures >= 3);
            CHECK(live_allocations() <= held);
        }
}

TEST_CASE("out of memory: operations, graphs and backward passes end with an exception") {
    // A gradient with a graph holds its leaf, which holds the gradient.
    struct Leaf {
        Tensor x;
        ~Leaf() { x.set_grad({}); }
    };
    const auto step = [] {
        const Leaf a{rand({3, 40}).requires_grad_()}, b{rand({40, 9}).requires_grad_()};
        const Tensor &x = a.x, &w = b.x;
        const Tensor y = softmax(matmul(silu(x), w), 1) + rand({9});
        const Tensor z = concat({y, y[Slice{1}]}, 0) * 3.0;
        backward(sum(square(z)), {.create_graph = true});
        return sum(x.grad()).item();
    };
    manual_seed(1);
    const double expected = step();
    for (const bool lasting : {false, true}) {
        const std::int64_t failures = fail_each(lasting, [&](std::int64_t n, bool last) {
            allocator_of(cpu).release_cache();
            manual_seed(1);
            double result = 0;
            bool done = false;
            FailingAllocation failure(n, last);
            try {
                result = step();
                done = true;
            } catch (const std::exception&) {}
            const bool failed = failure.end();
            if (done) CHECK(result == expected);
            return failed;
        });
        CHECK(failures > 30);
    }
}
