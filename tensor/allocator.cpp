#include "tensor/allocator.h"

#include <algorithm>
#include <bit>

#include "tensor/error.h"

namespace eps {
namespace {

constexpr std::size_t kSmallest = 64;  // bytes: one cache line
constexpr int kSubSteps = 4;           // size classes per power of two
constexpr int kClasses = 48 * kSubSteps;

struct SizeClass {
    int index;
    std::size_t bytes;
};

// The smallest class that holds `bytes`: 64, 80, 96, 112, 128, 160, 192, ... Above 64 bytes rounding is a multiple of 16,
// and the system allocator aligns every block to 64.
SizeClass size_class(std::size_t bytes) {
    bytes = std::max(bytes, kSmallest);
    const int power = static_cast<int>(std::bit_width(bytes - 1)) - 1;                       // 2^power < bytes <= 2^(power+1)
    const std::size_t base = bytes == kSmallest ? kSmallest / 2 : std::size_t{1} << power;
    const std::size_t step = base / kSubSteps;
    const std::size_t steps = (bytes - base + step - 1) / step;           // 1..kSubSteps
    const int row = static_cast<int>(std::bit_width(base)) - static_cast<int>(std::bit_width(kSmallest / 2));
    return {row * kSubSteps + static_cast<int>(steps) - 1, base + steps * step};
}

}  // namespace

CachingAllocator::CachingAllocator(const char* name, SystemAllocate system_allocate, SystemFree system_free)
    : name_(name), system_allocate_(system_allocate), system_free_(system_free), free_lists_(kClasses) {}

void* CachingAllocator::allocate(std::size_t bytes) {
    check(bytes < (std::size_t{1} << 46), name_, "request of ", bytes, " bytes is larger than any machine's memory");
    const SizeClass size = size_class(bytes);
    std::lock_guard lock(mutex_);
    auto& list = free_lists_[static_cast<std::size_t>(size.index)];
    void* block = nullptr;
    if (!list.empty()) {
        block = list.back();
        list.pop_back();
        stats_.cached_bytes -= size.bytes;
    } else {
        block = system_allocate_(size.bytes);
        if (!block) {
            release_cache_locked();
            block = system_allocate_(size.bytes);
        }
        check(block != nullptr, name_, "out of memory; asked for ", size.bytes, " bytes with ", stats_.live_bytes,
              " live; hint: a smaller batch");
        stats_.system_bytes += size.bytes;
    }
    ++stats_.allocations;
    stats_.live_bytes += size.bytes;
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
    return block;
}

void CachingAllocator::free(void* block, std::size_t bytes) noexcept {
    const SizeClass size = size_class(bytes);
    std::lock_guard lock(mutex_);
    stats_.live_bytes -= size.bytes;
    stats_.cached_bytes += size.bytes;
    free_lists_[static_cast<std::size_t>(size.index)].push_back(block);
}

void CachingAllocator::release_cache_locked() {
    for (std::size_t i = 0; i < free_lists_.size(); ++i) {
        const std::size_t base = (kSmallest / 2) << (i / kSubSteps);
        const std::size_t bytes = base + base / kSubSteps * (i % kSubSteps + 1);
        for (void* block : free_lists_[i]) system_free_(block, bytes);
        free_lists_[i].clear();
    }
    stats_.cached_bytes = 0;
}

void CachingAllocator::release_cache() {
    std::lock_guard lock(mutex_);
    release_cache_locked();
}

MemoryStats CachingAllocator::stats() const {
    std::lock_guard lock(mutex_);
    return stats_;
}

void CachingAllocator::reset_peak() {
    std::lock_guard lock(mutex_);
    stats_.peak_bytes = stats_.live_bytes;
}

}  // namespace eps
