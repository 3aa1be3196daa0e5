#include "tensor/io/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "tensor/error.h"
#include "tensor/io/input_file.h"

namespace eps {
namespace {

namespace fs = std::filesystem;

// The temporary file of "x.png" is ".x.png.1f2e3d4c.eps-tmp". Names that would become too long for
// a file system are cut.
constexpr std::string_view kEnding = ".eps-tmp";
constexpr std::size_t kNumberDigits = 8, kMostOfName = 200;

std::string temporary_name(const std::string& name) {
    std::uint32_t number = 0;  // O_EXCL makes the name unique; a random one seldom needs two tries
    (void)!::getrandom(&number, sizeof number, GRND_NONBLOCK);
    std::array<char, kNumberDigits + 1> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", number);
    return "." + name.substr(0, kMostOfName) + "." + digits.data() + std::string(kEnding);
}

// An open temporary file is locked by the program that writes it. One that nobody has locked was
// left by a program that was killed. Without locks on this file system, flock() fails and all stay.
void remove_if_left(const fs::path& temporary) {
    const int descriptor = ::open(temporary.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return;
    struct stat status {};
    if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_uid == ::geteuid() && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        ::unlink(temporary.c_str());
    ::close(descriptor);
}

void remove_left_files(const std::string& folder) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
        if (is_temporary_name(entry->path().filename().native())) remove_if_left(entry->path());
}

// Makes a rename durable. Returns false, with errno, if the disk reports an error. A folder that
// may not be read, or a file system that cannot sync folders, is no error.
bool sync_folder(const std::string& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno == EACCES;
    const bool synced =
        ::fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
    const int reason = errno;
    ::close(descriptor);
    errno = reason;
    return synced;
}

}  // namespace

bool is_temporary_name(std::string_view name) {
    const std::size_t least = 2 + kNumberDigits + kEnding.size();
    return name.size() > least && name.starts_with('.') && name.ends_with(kEnding) &&
           name[name.size() - kEnding.size() - kNumberDigits - 1] == '.';
}

AtomicFile::AtomicFile(std::string path, const char* op) : path_(std::move(path)), op_(op) {
    struct stat status {};
    const char* const kind =
        ::stat(path_.c_str(), &status) == 0 ? irregular_kind(status.st_mode) : nullptr;
    check(kind == nullptr, op_, "'", path_, "' is ", kind ? kind : "",
          "; expected a file or nothing");
    const fs::path parts(path_);
    check(parts.has_filename(), op_, "'", path_, "' names no file");
    folder_ = parts.has_parent_path() ? parts.parent_path().string() : ".";
    remove_left_files(folder_);
    constexpr int kTries = 100;
    for (int i = 0; i < kTries; ++i) {
        temporary_ = (fs::path(folder_) / temporary_name(parts.filename().string())).string();
        if (create()) return;
    }
    fail("create");
}

AtomicFile::~AtomicFile() {
    if (descriptor_ < 0) return;
    ::unlink(temporary_.c_str());
    ::close(descriptor_);
}

// Creates and locks the temporary file. Returns false if another name has to be tried: this one is
// taken, or another program took the new file for one that was left, before it was locked.
bool AtomicFile::create() {
    descriptor_ =
        ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno == EEXIST) return false;
    if (descriptor_ < 0) fail("create");
    struct stat status {};
    const bool lost = ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!lost && ::fstat(descriptor_, &status) == 0 && status.st_nlink > 0) return true;
    ::unlink(temporary_.c_str());
    ::close(std::exchange(descriptor_, -1));
    return false;
}

void AtomicFile::fail(const char* doing) const {
    eps::fail(op_, "cannot ", doing, " '", path_, "': ", std::generic_category().message(errno));
}

void AtomicFile::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("write");
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

void AtomicFile::write(std::string_view text) { write(as_byte_span(text)); }

void AtomicFile::commit() {
    while (::fsync(descriptor_) != 0)
        if (errno != EINTR) fail("sync");
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename the finished file to");
    ::close(std::exchange(descriptor_, -1));  // only now: the lock protects the temporary name
    if (!sync_folder(folder_)) fail("sync the folder of");
}

void write_file_atomically(const std::string& path, std::initializer_list<Bytes> parts,
                           const char* op) {
    AtomicFile file(path, op);
    for (const Bytes part : parts) file.write(part);
    file.commit();
}

void write_file_atomically(const std::string& path, std::string_view text, const char* op) {
    write_file_atomically(path, {as_byte_span(text)}, op);
}

}  // namespace eps
