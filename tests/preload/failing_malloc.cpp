// A library for LD_PRELOAD: from allocation number EPS_MALLOC_FAILS_FROM of a program on, counted
// from 0, every one fails; or only as many as EPS_MALLOC_FAILURES says.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <limits>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

std::atomic<long> number{0};
long first_failure = -1;  // none
long failures = std::numeric_limits<long>::max();

[[gnu::constructor]] void read_environment() {
    if (const char* text = std::getenv("EPS_MALLOC_FAILS_FROM")) first_failure = std::atol(text);
    if (const char* text = std::getenv("EPS_MALLOC_FAILURES")) failures = std::atol(text);
}

bool fails() {
    if (first_failure < 0) return false;
    const long after = number.fetch_add(1) - first_failure;
    if (after < 0 || after >= failures) return false;
    errno = ENOMEM;
    return true;
}

}  // namespace

extern "C" {
void* malloc(std::size_t n) noexcept { return fails() ? nullptr : __libc_malloc(n); }
void* calloc(std::size_t n, std::size_t size) noexcept {
    return fails() ? nullptr : __libc_calloc(n, size);
}
void* realloc(void* block, std::size_t n) noexcept {
    return fails() ? nullptr : __libc_realloc(block, n);
}
void* aligned_alloc(std::size_t alignment, std::size_t n) noexcept {
    return fails() ? nullptr : __libc_memalign(alignment, n);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t n) noexcept {
    if (fails()) return ENOMEM;
    *block = __libc_memalign(alignment, n);
    return *block == nullptr ? ENOMEM : 0;
}
}
