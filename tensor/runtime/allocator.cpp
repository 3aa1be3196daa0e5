#include "tensor/runtime/allocator.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "tensor/error.h"

namespace eps {
namespace {

constexpr std::size_t kSmallest = 64;  // bytes: one cache line
constexpr int kSubSteps = 4;           // size classes per power of two
constexpr int kClasses = 48 * kSubSteps;
constexpr std::size_t kReportedBytes = std::size_t{1} << 20;  // smaller blocks are not reported
constexpr std::size_t kReportedBlocks = 10;  // live blocks named when memory runs out

struct SizeClass {
    int index;
    std::size_t bytes;
};

// The smallest class that holds `bytes`: 64, 80, 96, 112, 128, 160, 192, ... Sizes above 64 are
// multiples of 16; the system allocator aligns every block to 64.
SizeClass size_class(std::size_t bytes) {
    bytes = std::max(bytes, kSmallest);
    // 2^power < bytes <= 2^(power+1)
    const int power = static_cast<int>(std::bit_width(bytes - 1)) - 1;
    const std::size_t base = bytes == kSmallest ? kSmallest / 2 : std::size_t{1} << power;
    const std::size_t step = base / kSubSteps;
    const std::size_t steps = (bytes - base + step - 1) / step;  // 1..kSubSteps
    const int row =
        static_cast<int>(std::bit_width(base)) - static_cast<int>(std::bit_width(kSmallest / 2));
    return {row * kSubSteps + static_cast<int>(steps) - 1, base + steps * step};
}

std::size_t bytes_of_class(std::size_t index) {
    const std::size_t base = (kSmallest / 2) << (index / kSubSteps);
    return base + base / kSubSteps * (index % kSubSteps + 1);
}

std::string in_words(std::size_t bytes) {
    const auto tenths = static_cast<double>(bytes * 10 >> 20);
    return tenths == 0 ? str(bytes, " bytes") : str(tenths / 10, " MiB");
}

std::string in_words(const BlockUse& use) { return str(use.dtype, " ", use.shape); }

}  // namespace

CachingAllocator::CachingAllocator(std::string name, SystemAllocate system_allocate,
                                   SystemFree system_free, int device)
    : name_(std::move(name)),
      system_allocate_(system_allocate),
      system_free_(system_free),
      device_(device),
      free_lists_(kClasses),
      blocks_(kClasses) {}

inline void CachingAllocator::put_back(void* block, int size_class, std::size_t bytes,
                                       PrivatePool* pool) noexcept {
    auto& lists = pool ? pool->free_lists_ : free_lists_;
    lists[static_cast<std::size_t>(size_class)].push_back(block);  // into room that was made for it
    (pool ? stats_.private_bytes : stats_.cached_bytes) += bytes;
}

void* CachingAllocator::allocate(std::size_t bytes, const BlockUse& use) {
    check(bytes < (std::size_t{1} << 46), name_, "request of ", bytes,
          " bytes is larger than any machine's memory");
    const SizeClass size = size_class(bytes);
    std::lock_guard lock(mutex_);
    void* block = take_cached(size.index, size.bytes);
    if (!block) block = request_from_system(size.index, size.bytes, use);
    try {
        if (pool_) in_pools_[block] = pool_;
        if (size.bytes >= kReportedBytes) large_[block] = {size.bytes, use};
    } catch (...) {
        put_back(block, size.index, size.bytes, pool_);
        throw;
    }
    ++stats_.allocations;
    stats_.live_bytes += size.bytes;
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
    return block;
}

// A free block of the innermost pool, else one of the cache, which then belongs to the pool.
void* CachingAllocator::take_cached(int size_class, std::size_t bytes) {
    const auto take = [&](FreeLists& lists, std::size_t& count) -> void* {
        auto& list = lists[static_cast<std::size_t>(size_class)];
        if (list.empty()) return nullptr;
        void* block = list.back();
        list.pop_back();
        count -= bytes;
        return block;
    };
    void* block = pool_ ? take(pool_->free_lists_, stats_.private_bytes) : nullptr;
    return block ? block : take(free_lists_, stats_.cached_bytes);
}

// Room for one more block than there are.
void CachingAllocator::make_room(FreeLists& lists, std::size_t size_class) const {
    auto& list = lists[size_class];
    const std::size_t needed = blocks_[size_class] + 1;
    if (list.capacity() < needed) list.reserve(std::max<std::size_t>(8, 2 * needed));
}

void* CachingAllocator::request_from_system(int size_class, std::size_t bytes,
                                            const BlockUse& use) {
    const auto index = static_cast<std::size_t>(size_class);
    make_room(free_lists_, index);
    for (PrivatePool* pool = pools_; pool; pool = pool->next_) make_room(pool->free_lists_, index);
    void* block = system_allocate_(device_, bytes);
    // Not within a capture: releasing memory waits for the device.
    if (!block && !pool_) {
        release_cache_locked();
        block = system_allocate_(device_, bytes);
    }
    if (!block) [[unlikely]]
        fail(name_, "out of memory; asked for ", in_words(bytes), " for ", in_words(use), " with ",
             in_words(stats_.live_bytes), " live",
             stats_.private_bytes > 0
                 ? str(" and ", in_words(stats_.private_bytes), " kept by captured steps")
                 : "",
             largest_live_blocks(), "; hint: a smaller batch");
    ++blocks_[index];
    stats_.system_bytes += bytes;
    return block;
}

// "; the largest: 2 x f32 [64, 128] 12.5 MiB, ..."
std::string CachingAllocator::largest_live_blocks() const {
    std::vector<const LiveBlock*> blocks;
    for (const auto& [address, block] : large_) blocks.push_back(&block);
    const std::size_t named = std::min(kReportedBlocks, blocks.size());
    const auto larger = [](const LiveBlock* a, const LiveBlock* b) {
        return a->bytes != b->bytes ? a->bytes > b->bytes : in_words(a->use) < in_words(b->use);
    };
    std::partial_sort(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(named),
                      blocks.end(), larger);
    std::string text;
    for (std::size_t i = 0; i < named;) {
        std::size_t end = i;
        const std::string what = str(in_words(blocks[i]->use), " ", in_words(blocks[i]->bytes));
        while (end < named &&
               str(in_words(blocks[end]->use), " ", in_words(blocks[end]->bytes)) == what)
            ++end;
        text += str(text.empty() ? "; the largest: " : ", ", end - i > 1 ? str(end - i, " x ") : "",
                    what);
        i = end;
    }
    return text;
}

void CachingAllocator::free(void* block, std::size_t bytes) noexcept {
    const SizeClass size = size_class(bytes);
    std::lock_guard lock(mutex_);
    stats_.live_bytes -= size.bytes;
    if (size.bytes >= kReportedBytes) large_.erase(block);
    const auto owner = in_pools_.empty() ? in_pools_.end() : in_pools_.find(block);
    // Within a scope, the captured step may have read any block that is freed, so it must not be
    // reused elsewhere.
    put_back(block, size.index, size.bytes, owner != in_pools_.end() ? owner->second : pool_);
}

void CachingAllocator::release_cache_locked() {
    for (std::size_t i = 0; i < free_lists_.size(); ++i) {
        for (void* block : free_lists_[i]) system_free_(device_, block, bytes_of_class(i));
        blocks_[i] -= free_lists_[i].size();
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

CachingAllocator::PrivatePool::PrivatePool(CachingAllocator& allocator)
    : allocator_(allocator), free_lists_(kClasses) {
    std::lock_guard lock(allocator_.mutex_);
    for (std::size_t i = 0; i < free_lists_.size(); ++i)
        if (allocator_.blocks_[i] > 0) allocator_.make_room(free_lists_, i);
    next_ = std::exchange(allocator_.pools_, this);
}

CachingAllocator::PrivatePool::~PrivatePool() {
    std::lock_guard lock(allocator_.mutex_);
    for (std::size_t i = 0; i < free_lists_.size(); ++i) {
        const std::size_t bytes = free_lists_[i].size() * bytes_of_class(i);
        allocator_.stats_.private_bytes -= bytes;
        allocator_.stats_.cached_bytes += bytes;
        allocator_.free_lists_[i].insert(allocator_.free_lists_[i].end(), free_lists_[i].begin(),
                                         free_lists_[i].end());
    }
    std::erase_if(allocator_.in_pools_, [this](const auto& entry) { return entry.second == this; });
    PrivatePool** link = &allocator_.pools_;
    while (*link != this) link = &(*link)->next_;
    *link = next_;
}

CachingAllocator::PrivatePool::Scope::Scope(PrivatePool& pool) : allocator_(pool.allocator_) {
    std::lock_guard lock(allocator_.mutex_);
    before_ = std::exchange(allocator_.pool_, &pool);
}

CachingAllocator::PrivatePool::Scope::~Scope() {
    std::lock_guard lock(allocator_.mutex_);
    allocator_.pool_ = before_;
}

}  // namespace eps
