#pragma once
// The caching allocator: memory is asked from the system once and then recycled by size class, because a training
// step asks for the same sizes again and again, and fresh pages cost more than the arithmetic done on them.
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "tensor/device.h"

namespace eps {

struct MemoryStats {
    std::size_t live_bytes = 0;      // held by storages now
    std::size_t peak_bytes = 0;      // highest live_bytes since reset_peak()
    std::size_t cached_bytes = 0;    // free, kept for reuse
    std::size_t system_bytes = 0;    // total ever asked from the system: constant in a steady training step
    std::uint64_t allocations = 0;   // calls to allocate()
};

/// One per device kind. Size classes are powers of two in four sub-steps (so at most 25% is lost to rounding); a freed block
/// goes to its class's list and serves the next request of the class. Blocks are 64-byte aligned.
class CachingAllocator {
public:
    using SystemAllocate = void* (*)(std::size_t bytes);  // returns nullptr when out of memory
    using SystemFree = void (*)(void* block, std::size_t bytes);
    CachingAllocator(const char* name, SystemAllocate system_allocate, SystemFree system_free);

    /// At least `bytes` bytes. Out of memory: gives the cache back, tries again, then throws with request, live and cached bytes.
    void* allocate(std::size_t bytes);
    /// `bytes` as it was asked for.
    void free(void* block, std::size_t bytes) noexcept;
    /// Returns every cached block to the system.
    void release_cache();
    MemoryStats stats() const;
    void reset_peak();

private:
    void release_cache_locked();

    const char* name_;
    SystemAllocate system_allocate_;
    SystemFree system_free_;
    mutable std::mutex mutex_;
    MemoryStats stats_;
    std::vector<std::vector<void*>> free_lists_;  // by size class
};

/// The allocator of a device; throws where the build or the machine has no such device.
CachingAllocator& allocator_of(Device device);

}  // namespace eps
