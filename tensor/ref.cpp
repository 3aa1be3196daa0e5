#include "tensor/ref.h"

#include <array>
#include <new>

namespace eps {
namespace {

#ifdef EPS_SANITIZED
constexpr bool kPooled = false;  // sanitizers must observe every deallocation
#else
constexpr bool kPooled = true;
#endif

constexpr std::size_t kStep = 64;               // bytes between size classes
constexpr std::size_t kClasses = 16;            // blocks of 64, 128, ... 1024 bytes
constexpr std::uint32_t kMaxFreeBlocks = 1024;  // per size class and thread

struct FreeBlock {
    FreeBlock* next;
};

// The free blocks of one thread, returned to the system when the thread ends.
class Pool {
public:
    ~Pool() {
        closed = true;
        for (List& list : lists_)
            while (FreeBlock* block = list.first) {
                list.first = block->next;
                ::operator delete(block);
            }
    }
    void* take(std::size_t bytes) {
        List& list = lists_[(bytes - 1) / kStep];
        FreeBlock* const block = list.first;
        if (!block) return ::operator new((bytes + kStep - 1) / kStep * kStep);
        list.first = block->next;
        --list.count;
        return block;
    }
    bool keep(void* memory, std::size_t bytes) {
        List& list = lists_[(bytes - 1) / kStep];
        if (list.count == kMaxFreeBlocks) return false;
        list.first = new (memory) FreeBlock{list.first};
        ++list.count;
        return true;
    }
    static thread_local bool closed;  // objects may be dropped after their thread's pool is gone

private:
    struct List {
        FreeBlock* first = nullptr;
        std::uint32_t count = 0;
    };
    std::array<List, kClasses> lists_;
};
thread_local bool Pool::closed = false;
thread_local Pool pool;

}  // namespace

void* RefCounted::operator new(std::size_t bytes) {
    return kPooled && bytes <= kStep * kClasses && !Pool::closed ? pool.take(bytes)
                                                                 : ::operator new(bytes);
}

void RefCounted::operator delete(void* block, std::size_t bytes) noexcept {
    if (kPooled && bytes <= kStep * kClasses && !Pool::closed && pool.keep(block, bytes)) return;
    ::operator delete(block);
}

}  // namespace eps
