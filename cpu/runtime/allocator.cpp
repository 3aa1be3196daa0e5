// Memory of the host for the caching allocator.
#include "tensor/runtime/allocator.h"

#include <sys/mman.h>

#include <cstdlib>

#include "tensor/contract/kernels.h"

namespace eps {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

void* host_allocate(int, std::size_t bytes) {
    const std::size_t alignment = bytes >= 2 * kHugePage ? kHugePage : 64;
    void* block = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    // Huge pages for large blocks: fewer page faults at first touch, fewer TLB misses later.
    if (block && alignment == kHugePage) (void)madvise(block, bytes, MADV_HUGEPAGE);
    return block;
}

void host_free(int, void* block, std::size_t) { std::free(block); }

}  // namespace

CachingAllocator& allocator_of(Device device) {
    if (device.is_cuda()) return kernels::cuda::allocator(device);
    // Never destroyed: static objects of the program may hold storages until its very end.
    static auto* allocator = new CachingAllocator("cpu allocator", host_allocate, host_free);
    return *allocator;
}

}  // namespace eps
