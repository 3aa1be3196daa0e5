#pragma once
// The caching allocator. It requests memory from the system once and then recycles it by size
// class: a training step requests the same sizes again and again, and fresh pages cost more than
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
    std::size_t system_bytes = 0;   // ever requested from the system: constant in steady training
    std::uint64_t allocations = 0;  // calls of allocate()
};

/// The tensor that a block holds, for the message when memory runs out.
struct BlockUse {
    DType dtype = DType::u8;
    Shape shape = {};
};

/// The allocator of one device. Size classes are powers of two in four sub-steps, so rounding
/// wastes at most 25%. A freed block goes to the list of its class and serves the next request of
/// that class. Blocks are 64-byte aligned.
class CachingAllocator {
public:
    // Returns nullptr when out of memory.
    using SystemAllocate = void* (*)(int device, std::size_t bytes);
    using SystemFree = void (*)(int device, void* block, std::size_t bytes);
    CachingAllocator(std::string name, SystemAllocate system_allocate, SystemFree system_free,
                     int device = 0);
    /// Returns the cached blocks to the system; all others must have been freed.
    ~CachingAllocator() { release_cache(); }

    /// A block of at least `bytes` bytes. If the system has none left, the cache is released first.
    /// Throws, naming the request, the live bytes and the ten largest live blocks, if that does not
    /// help; blocks allocated before stay valid, and nothing has changed.
    void* allocate(std::size_t bytes, const BlockUse& use);
    void* allocate(std::size_t bytes) {
        return allocate(bytes, {DType::u8, {static_cast<std::int64_t>(bytes)}});
    }
    /// `bytes` must be the size that was requested. Freeing needs no memory: when a block comes
    /// from the system, every list that it may go to gets room for it.
    void free(void* block, std::size_t bytes) noexcept;
    /// Returns every cached block to the system.
    void release_cache();
    MemoryStats stats() const;
    void reset_peak();

    using FreeLists = std::vector<std::vector<void*>>;  // by size class

    /// Blocks reserved for one user while the pool lives: a captured step replays on the same
    /// addresses. A block that is allocated or freed within a Scope belongs to the pool from then
    /// on. When the pool ends, its free blocks join the cache; live ones do once they are freed.
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
        FreeLists free_lists_;
        PrivatePool* next_;  // another pool of the allocator
    };

private:
    struct LiveBlock {
        std::size_t bytes;
        BlockUse use;
    };

    void* take_cached(int size_class, std::size_t bytes);
    void put_back(void* block, int size_class, std::size_t bytes, PrivatePool* pool) noexcept;
    void* request_from_system(int size_class, std::size_t bytes, const BlockUse& use);
    void make_room(FreeLists& lists, std::size_t size_class) const;
    void release_cache_locked();
    std::string largest_live_blocks() const;

    std::string name_;
    SystemAllocate system_allocate_;
    SystemFree system_free_;
    int device_;
    mutable std::mutex mutex_;
    MemoryStats stats_;
    FreeLists free_lists_;
    std::vector<std::size_t> blocks_;                   // how many there are, by size class
    std::unordered_map<void*, LiveBlock> large_;        // live blocks large enough to report
    PrivatePool* pools_ = nullptr;                      // all of them
    PrivatePool* pool_ = nullptr;                       // the pool of the innermost scope
    std::unordered_map<void*, PrivatePool*> in_pools_;  // blocks that were allocated in pools
};

/// The allocator of a device. Throws if the build or the machine lacks the device.
CachingAllocator& allocator_of(Device device);

}  // namespace eps
