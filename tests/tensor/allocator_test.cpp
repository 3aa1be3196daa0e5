// The caching allocator on a simulated system: blocks, private pools, and running out of memory.
#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tensor/runtime/allocator.h"

using namespace eps;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// A simulated system with `budget` bytes left. Its addresses must not be dereferenced.
std::size_t budget = 0, next_address = 0;
void* simulated_allocate(int device, std::size_t bytes) {
    if (device != 3 || bytes > budget) return nullptr;
    budget -= bytes;
    return reinterpret_cast<void*>(next_address += 64 * kMiB);
}
void simulated_free(int, void*, std::size_t bytes) { budget += bytes; }

std::string error_of(CachingAllocator& allocator, std::size_t bytes, const BlockUse& use) {
    try {
        allocator.allocate(bytes, use);
    } catch (const Error& error) { return error.what(); }
    return "";
}

}  // namespace

TEST_CASE("allocator: blocks are aligned, waste at most a quarter, and are reused") {
    CachingAllocator allocator(
        "test allocator",
        [](int, std::size_t bytes) { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); },
        [](int, void* block, std::size_t) { std::free(block); });
    std::vector<std::pair<void*, std::size_t>> blocks;
    for (std::size_t bytes = 0; bytes < 5000; bytes += 1 + bytes / 7) {
        const std::size_t before = allocator.stats().live_bytes;
        void* block = allocator.allocate(bytes);
        blocks.emplace_back(block, bytes);
        CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
        std::memset(block, 0xab, bytes);
        const std::size_t taken = allocator.stats().live_bytes - before;
        CHECK(taken >= bytes);
        CHECK(taken <= std::max<std::size_t>(64, bytes + bytes / 4));
    }
    const MemoryStats full = allocator.stats();
    CHECK(full.system_bytes == full.live_bytes);
    CHECK(full.peak_bytes == full.live_bytes);
    CHECK(full.allocations == blocks.size());
    for (const auto& [block, bytes] : blocks) allocator.free(block, bytes);
    CHECK(allocator.stats().live_bytes == 0);
    CHECK(allocator.stats().cached_bytes == full.live_bytes);
    CHECK(allocator.stats().peak_bytes == full.peak_bytes);
    // The same requests again take nothing from the system.
    for (auto& [block, bytes] : blocks) block = allocator.allocate(bytes);
    CHECK(allocator.stats().system_bytes == full.system_bytes);
    CHECK(allocator.stats().cached_bytes == 0);
    for (const auto& [block, bytes] : blocks) allocator.free(block, bytes);
    allocator.reset_peak();
    CHECK(allocator.stats().peak_bytes == 0);
    allocator.release_cache();
    CHECK(allocator.stats().cached_bytes == 0);
}

TEST_CASE("allocator: out of memory, it releases the cache and retries before it throws") {
    static std::size_t left = 4096;  // bytes of the simulated system
    CachingAllocator allocator(
        "small allocator",
        [](int, std::size_t bytes) -> void* {
            if (bytes > left) return nullptr;
            left -= bytes;
            return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
        },
        [](int, void* block, std::size_t bytes) {
            left += bytes;
            std::free(block);
        });
    allocator.free(allocator.allocate(3072), 3072);
    void* other = allocator.allocate(2048);  // fits only once the cached 3072 are released
    CHECK(allocator.stats().cached_bytes == 0);
    try {
        allocator.allocate(4096);
        FAIL("out of memory, but no error");
    } catch (const Error& error) {
        CHECK(error.op() == "small allocator");
        CHECK(std::string(error.what())
                  .find("asked for 4096 bytes for u8 [4096] with 2048 bytes live") !=
              std::string::npos);
    }
    allocator.free(other, 2048);
    allocator.release_cache();
    CHECK(left == 4096);
    CHECK_THROWS_AS(allocator.allocate(std::size_t{1} << 60), Error);
}

TEST_CASE("allocator: the error names the ten largest live blocks, and allocation can go on") {
    budget = 64 * kMiB;
    CachingAllocator allocator("cuda:3 allocator", simulated_allocate, simulated_free, 3);
    std::vector<void*> blocks;
    for (std::int64_t rows : {1, 2, 8, 8})
        blocks.push_back(
            allocator.allocate(static_cast<std::size_t>(rows) * kMiB, {f32, {rows, 512, 512}}));
    for (int i = 0; i < 9; ++i)
        blocks.push_back(allocator.allocate(kMiB, {DType::u8, {1024, 1024}}));
    (void)allocator.allocate(100, {f64, {12}});  // too small to be reported
    const std::string message = error_of(allocator, 64 * kMiB, {f32, {64, 512, 512}});
    CHECK_MESSAGE(
        message.find("cuda:3 allocator: out of memory; asked for 64 MiB for f32 [64, 512, "
                     "512] with 28 MiB live") == 0,
        message);
    CHECK_MESSAGE(
        message.find(
            "the largest: 2 x f32 [8, 512, 512] 8 MiB, f32 [2, 512, 512] 2 MiB, f32 [1, 512, "
            "512] 1 MiB, 6 x u8 [1024, 1024] 1 MiB;") != std::string::npos,
        message);
    CHECK(message.find("hint: a smaller batch") != std::string::npos);
    allocator.free(blocks[2], 8 * kMiB);
    const std::string later = error_of(allocator, 64 * kMiB, {f32, {64, 512, 512}});
    CHECK(later.find("the largest: f32 [8, 512, 512] 8 MiB, f32 [2, 512, 512]") !=
          std::string::npos);
    CHECK(allocator.allocate(kMiB) != nullptr);
}

TEST_CASE("allocator: a private pool keeps blocks allocated or freed in its scope until it ends") {
    budget = 64 * kMiB;
    CachingAllocator allocator("test allocator", simulated_allocate, simulated_free, 3);
    void* const before = allocator.allocate(1000);
    void* const cached = allocator.allocate(1000);
    allocator.free(cached, 1000);
    void *live = nullptr, *dropped = nullptr;
    {
        CachingAllocator::PrivatePool pool(allocator);
        {
            const CachingAllocator::PrivatePool::Scope scope(pool);
            live = allocator.allocate(1000);
            CHECK(live == cached);  // pools draw on the cache
            dropped = allocator.allocate(1000);
            allocator.free(dropped, 1000);
            CHECK(allocator.allocate(1000) == dropped);  // reused within the scope
            allocator.free(dropped, 1000);
            // Allocated before the scope: the captured step may have read it.
            allocator.free(before, 1000);
        }
        CHECK(allocator.stats().cached_bytes == 0);
        CHECK(allocator.stats().private_bytes == 2 * 1024);
        void* const other = allocator.allocate(1000);  // not a block of the pool
        CHECK(other != dropped);
        CHECK(other != before);
        allocator.free(live, 1000);
        CHECK(allocator.stats().private_bytes == 3 * 1024);
        allocator.free(other, 1000);
        CHECK(allocator.stats().cached_bytes == 1024);
        allocator.release_cache();
        CHECK(allocator.stats().private_bytes == 3 * 1024);
        {
            const CachingAllocator::PrivatePool::Scope scope(pool);
            live = allocator.allocate(1000);  // the pool serves its own blocks first
        }
        CHECK(allocator.stats().private_bytes == 2 * 1024);
    }
    CHECK(allocator.stats().private_bytes == 0);
    CHECK(allocator.stats().cached_bytes == 2 * 1024);
    allocator.free(live, 1000);  // it outlived its pool
    CHECK(allocator.stats().cached_bytes == 3 * 1024);
    CHECK(allocator.stats().live_bytes == 0);
    allocator.release_cache();
    CHECK(budget == 64 * kMiB);
}

TEST_CASE("allocator: within the scope of a private pool the cache is not released") {
    budget = 4 * kMiB;
    CachingAllocator allocator("test allocator", simulated_allocate, simulated_free, 3);
    allocator.free(allocator.allocate(3 * kMiB), 3 * kMiB);
    CachingAllocator::PrivatePool pool(allocator);
    {
        const CachingAllocator::PrivatePool::Scope scope(pool);
        CHECK(error_of(allocator, 2 * kMiB, {f32, {512, 1024}}).find("out of memory") !=
              std::string::npos);
    }
    CHECK(allocator.allocate(2 * kMiB) != nullptr);
}
