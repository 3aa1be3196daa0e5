#pragma once
// The caching allocator: memory is asked from the system once and then recycled by size class,
// because a training step asks for the same sizes again and again, and fresh pages cost more than
// the arithmetic done on them.
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace eps {

struct MemoryStats {
    std::size_t live_bytes = 0;     // held by storages now
    std::size_t peak_bytes = 0;     // highest live_bytes since reset_peak()
    std::size_t cached_bytes = 0;   // free, kept for reuse
    std::size_t private_bytes = 0;  // free, kept by private pools
    // total ever asked from the system: constant in a steady training step
    std::size_t system_bytes = 0;
    std::uint64_t allocations = 0;  // calls to allocate()
};

/// What a block is for: said where memory runs out.
struct BlockUse {
    DType dtype = DType::u8;
    Shape shape = {};
};

/// One per device. Size classes are powers of two in four sub-steps (so at most 25% is lost to
/// rounding); a freed block goes to its class's list and serves the next request of the class.
/// Blocks are 64-byte aligned.
class CachingAllocator {
public:
    // returns nullptr when out of memory
    using SystemAllocate = void* (*)(int device, std::size_t bytes);
    using SystemFree = void (*)(int device, void* block, std::size_t bytes);
    CachingAllocator(std::string name, SystemAllocate system_allocate, SystemFree system_free,
                     int device = 0);

    /// At least `bytes` bytes. Out of memory: gives the cache back, tries again, then throws with
    /// request, live and cached bytes, and the ten largest live blocks; everything that was
    /// allocated before stays valid.
    void* allocate(std::size_t bytes, const BlockUse& use);
    void* allocate(std::size_t bytes) {
        return allocate(bytes, {DType::u8, {static_cast<std::int64_t>(bytes)}});
    }
    /// `bytes` as it was asked for.
    void free(void* block, std::size_t bytes) noexcept;
    /// Returns every cached block to the system.
    void release_cache();
    MemoryStats stats() const;
    void reset_peak();

    /// Blocks that nobody else gets while it lives: a captured step replays on the same addresses.
    /// What is allocated or freed within a Scope belongs to the pool from then on. At its end free
    /// blocks join the cache, and live ones will when they are freed.
    class PrivatePool {
    public:
        explicit PrivatePool(CachingAllocator& allocator);
        ~PrivatePool();
        PrivatePool(const PrivatePool&) = delete;
        PrivatePool& operator=(const PrivatePool&) = delete;

        class Scope {
        public:
            explicit Scope(PrivatePool& pool);
            ~Scope();
            Scope(const Scope&) = delete;
            Scope& operator=(const Scope&) = delete;

        private:
            CachingAllocator& allocator_;
            PrivatePool* before_;
        };

    private:
        friend class CachingAllocator;
        CachingAllocator& allocator_;
        std::vector<std::vector<void*>> free_lists_;  // by size class
    };

private:
    struct LiveBlock {
        std::size_t bytes;
        BlockUse use;
    };

    void* take_cached(int size_class, std::size_t bytes);
    void* ask_system(std::size_t bytes, const BlockUse& use);
    void release_cache_locked();
    std::string largest_live() const;

    std::string name_;
    SystemAllocate system_allocate_;
    SystemFree system_free_;
    int device_;
    mutable std::mutex mutex_;
    MemoryStats stats_;
    std::vector<std::vector<void*>> free_lists_;  // by size class
    std::unordered_map<void*, LiveBlock> large_;  // live ones that are worth naming
    PrivatePool* pool_ = nullptr;                 // of the innermost scope
    // every block of every private pool, live or free
    std::unordered_map<void*, PrivatePool*> in_pools_;
};

/// The allocator of a device; throws where the build or the machine has no such device.
CachingAllocator& allocator_of(Device device);

}  // namespace eps
