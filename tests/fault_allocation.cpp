#include "tests/fault_allocation.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::atomic<std::int64_t> fails_from{kNever}, fails_until{kNever};  // counted from arming
std::atomic<std::int64_t> counted{0}, made{0}, freed{0};
std::atomic<bool> failed{false};

bool must_fail() {
    const std::int64_t from = fails_from.load(std::memory_order_relaxed);
    if (from == kNever) return false;
    const std::int64_t number = counted.fetch_add(1);
    if (number < from || number >= fails_until.load()) return false;
    failed.store(true);
    return true;
}

void* take(std::size_t bytes, std::size_t alignment) noexcept {
    if (must_fail()) return nullptr;
    made.fetch_add(1, std::memory_order_relaxed);
    if (bytes == 0) bytes = 1;
    if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
    return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* take_or_throw(std::size_t bytes, std::size_t alignment) {
    if (void* const block = take(bytes, alignment)) return block;
    throw std::bad_alloc();
}

void give(void* block) noexcept {
    if (block) freed.fetch_add(1, std::memory_order_relaxed);
    std::free(block);
}

}  // namespace

namespace eps::test {

FailingAllocation::FailingAllocation(std::int64_t at, bool lasting) {
    failed.store(false);
    counted.store(0);
    fails_until.store(lasting ? kNever : at + 1);
    fails_from.store(at);
}

bool FailingAllocation::end() {
    fails_from.store(kNever);
    return failed.load();
}

std::int64_t live_allocations() { return made.load() - freed.load(); }
std::int64_t all_allocations() { return made.load(); }

}  // namespace eps::test

// Every form of operator new and delete, because a sanitizer brings its own for those that are not
// replaced.
using Alignment = std::align_val_t;
using NoThrow = std::nothrow_t;

void* operator new(std::size_t n) { return take_or_throw(n, 1); }
void* operator new[](std::size_t n) { return take_or_throw(n, 1); }
void* operator new(std::size_t n, const NoThrow&) noexcept { return take(n, 1); }
void* operator new[](std::size_t n, const NoThrow&) noexcept { return take(n, 1); }
void* operator new(std::size_t n, Alignment a) {
    return take_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, Alignment a) {
    return take_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new(std::size_t n, Alignment a, const NoThrow&) noexcept {
    return take(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, Alignment a, const NoThrow&) noexcept {
    return take(n, static_cast<std::size_t>(a));
}

void operator delete(void* p) noexcept { give(p); }
void operator delete[](void* p) noexcept { give(p); }
void operator delete(void* p, std::size_t) noexcept { give(p); }
void operator delete[](void* p, std::size_t) noexcept { give(p); }
void operator delete(void* p, const NoThrow&) noexcept { give(p); }
void operator delete[](void* p, const NoThrow&) noexcept { give(p); }
void operator delete(void* p, Alignment) noexcept { give(p); }
void operator delete[](void* p, Alignment) noexcept { give(p); }
void operator delete(void* p, std::size_t, Alignment) noexcept { give(p); }
void operator delete[](void* p, std::size_t, Alignment) noexcept { give(p); }
void operator delete(void* p, Alignment, const NoThrow&) noexcept { give(p); }
void operator delete[](void* p, Alignment, const NoThrow&) noexcept { give(p); }
