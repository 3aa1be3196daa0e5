// A library for LD_PRELOAD: something happens at one of the calls by which a program reads and
// writes the files of a folder.
//
//     EPS_FAULT_FOLDER  the folder: calls on files outside of it are neither counted nor disturbed
//     EPS_FAULT_LOG     a file outside of it, which gets a line with the name of every such call;
//                       with EPS_FAULT_AT, only of those that were disturbed
//     EPS_FAULT_AT      the number of the call, counted from 0
//     EPS_FAULT         what happens there: ENOSPC or EIO, the error of the call; short, a write of
//                       half the bytes; or the number of a signal, which comes before the call
//     EPS_FAULT_LASTS   if set, errors do not end: a disk that is full stays full
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::size_t kMostDescriptors = 1024;

const char *folder = nullptr, *log_file = nullptr;
long fault_at = -1;  // none
int fault_error = 0, fault_signal = 0;
bool fault_short = false, fault_lasts = false;
std::atomic<long> number{0};
std::array<std::atomic<bool>, kMostDescriptors> within{};  // the descriptors of files in the folder

[[gnu::constructor]] void read_environment() {
    folder = std::getenv("EPS_FAULT_FOLDER");
    log_file = std::getenv("EPS_FAULT_LOG");
    const char* const at = std::getenv("EPS_FAULT_AT");
    const char* const fault = std::getenv("EPS_FAULT");
    if (!at || !fault) return;
    fault_at = std::atol(at);
    fault_lasts = std::getenv("EPS_FAULT_LASTS") != nullptr;
    fault_short = std::strcmp(fault, "short") == 0;
    if (std::strcmp(fault, "ENOSPC") == 0) fault_error = ENOSPC;
    if (std::strcmp(fault, "EIO") == 0) fault_error = EIO;
    if (!fault_short && fault_error == 0) fault_signal = std::atoi(fault);
}

// Kernel calls, so that nothing of this is seen by the functions below.
void note(const char* call) {
    if (!log_file) return;
    const auto file =
        static_cast<int>(::syscall(SYS_open, log_file, O_WRONLY | O_CREAT | O_APPEND, 0600));
    ::syscall(SYS_write, file, call, std::strlen(call));
    ::syscall(SYS_write, file, "\n", 1);
    ::syscall(SYS_close, file);
}

bool is_within(const char* path) {
    const std::size_t length = folder ? std::strlen(folder) : 0;
    return length > 0 && std::strncmp(path, folder, length) == 0 &&
           (path[length] == '\0' || path[length] == '/');
}
bool is_within(int descriptor) {
    const auto place = static_cast<std::size_t>(descriptor);  // beyond the end where negative
    return place < within.size() && within.at(place);
}
void set_within(int descriptor, bool value) {
    const auto place = static_cast<std::size_t>(descriptor);
    if (place < within.size()) within.at(place) = value;
}

enum class Fault { none, error, half };

// Counts a call, and says what is to happen to it. Signals are sent here.
Fault fault_of(const char* call) {
    const int before = errno;
    const long n = number.fetch_add(1);
    const bool hit = fault_at >= 0 && (fault_lasts ? n >= fault_at : n == fault_at);
    if (fault_at < 0 || hit) note(call);
    errno = before;
    if (!hit) return Fault::none;
    if (fault_signal != 0) ::kill(::getpid(), fault_signal);
    if (fault_error != 0) {
        errno = fault_error;
        return Fault::error;
    }
    return fault_short ? Fault::half : Fault::none;
}
bool fails(const char* call) { return fault_of(call) == Fault::error; }

int opened(int at, const char* path, int flags, ::mode_t mode) {
    const bool ours = is_within(path) || (at != AT_FDCWD && is_within(at));
    if (ours && fails((flags & O_CREAT) != 0 ? "create" : "open")) return -1;
    const auto descriptor = static_cast<int>(::syscall(SYS_openat, at, path, flags, mode));
    set_within(descriptor, ours);
    return descriptor;
}

::mode_t mode_of(int flags, std::va_list arguments) {
    return (flags & O_CREAT) != 0 ? va_arg(arguments, ::mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const ::mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const ::mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened(at, path, flags, mode);
}
// What the compiler makes of open() without a mode, with _FORTIFY_SOURCE.
int __open_2(const char* path, int flags) { return opened(AT_FDCWD, path, flags, 0); }

int close(int descriptor) {
    const bool ours = is_within(descriptor);
    const bool failed = ours && fails("close");  // as in Linux, the descriptor is closed anyway
    const int reason = errno;
    set_within(descriptor, false);
    const auto result = static_cast<int>(::syscall(SYS_close, descriptor));
    if (!failed) return result;
    errno = reason;
    return -1;
}

ssize_t write(int descriptor, const void* bytes, std::size_t count) {
    const Fault fault = is_within(descriptor) ? fault_of("write") : Fault::none;
    if (fault == Fault::error) return -1;
    if (fault == Fault::half && count > 1) count /= 2;
    return ::syscall(SYS_write, descriptor, bytes, count);
}
ssize_t pread(int descriptor, void* bytes, std::size_t count, ::off_t offset) {
    const Fault fault = is_within(descriptor) ? fault_of("read") : Fault::none;
    if (fault == Fault::error) return -1;
    if (fault == Fault::half && count > 1) count /= 2;
    return ::syscall(SYS_pread64, descriptor, bytes, count, offset);
}

int fsync(int descriptor) {
    if (is_within(descriptor) && fails("fsync")) return -1;
    return static_cast<int>(::syscall(SYS_fsync, descriptor));
}
int ftruncate(int descriptor, ::off_t size) noexcept {
    if (is_within(descriptor) && fails("ftruncate")) return -1;
    return static_cast<int>(::syscall(SYS_ftruncate, descriptor, size));
}
int flock(int descriptor, int operation) noexcept {
    if (is_within(descriptor) && fails("flock")) return -1;
    return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
}
int rename(const char* from, const char* to) noexcept {
    if ((is_within(from) || is_within(to)) && fails("rename")) return -1;
    return static_cast<int>(::syscall(SYS_rename, from, to));
}
int mkdir(const char* path, ::mode_t mode) noexcept {
    if (is_within(path) && fails("mkdir")) return -1;
    return static_cast<int>(::syscall(SYS_mkdir, path, mode));
}
// Removing needs no room on a disk, and what cannot be removed stays: signals only.
int unlink(const char* path) noexcept {
    if (is_within(path)) fault_of("unlink");
    return static_cast<int>(::syscall(SYS_unlink, path));
}
}
