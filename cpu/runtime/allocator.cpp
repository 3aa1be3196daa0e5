// Memory of the host for the caching allocator.
#include "tensor/runtime/allocator.h"

#include <sys/mman.h>

#include <new>

#include "tensor/contract/kernels.h"

namespace eps {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::align_val_t alignment_of(std::size_t bytes) {
    return std::align_val_t{bytes >= 2 * kHugePage ? kHugePage : 64};
}

// Through operator new, which a program may replace.
void* host_allocate(int, std::size_t bytes) {
    const std::align_val_t alignment = alignment_of(bytes);
    void* block = ::operator new(bytes, alignment, std::nothrow);
    // Huge pages for large blocks: fewer page faults at first touch, fewer TLB misses later.
    if (block && alignment == std::align_val_t{kHugePage})
        (void)madvise(block, bytes, MADV_HUGEPAGE);
    return block;
}

void host_free(int, void* block, std::size_t bytes) {
    ::operator delete(block, alignment_of(bytes));
}

}  // namespace

CachingAllocator& allocator_of(Device device) {
    if (device.is_cuda()) return kernels::cuda::allocator(device);
    // Never destroyed: static objects of the program may hold storages until its very end.
    static auto* allocator = new CachingAllocator("cpu allocator", host_allocate, host_free);
    return *allocator;
}

}  // namespace eps
