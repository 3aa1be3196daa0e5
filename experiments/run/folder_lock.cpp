#include "experiments/run/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "tensor/error.h"

namespace eps::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOp = "run";

// The folders on the way that are missing, the deepest first.
std::vector<fs::path> missing(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code ignored;
    for (fs::path at = folder; !at.empty() && !fs::exists(at, ignored); at = at.parent_path())
        paths.push_back(at);
    return paths;
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder) {
    constexpr int kTries = 100;
    for (int i = 0; i < kTries; ++i)
        if (take(folder)) return;
    fail(kOp, "cannot lock the folder '", folder.string(), "': it keeps vanishing");
}

// Returns false if the program that had created the folder removed it before it was locked here.
bool FolderLock::take(const fs::path& folder) {
    std::vector<fs::path> created = missing(folder);
    std::error_code error;
    fs::create_directories(folder, error);
    check(!error, kOp, "cannot create the folder '", folder.string(), "': ", error.message());
    descriptor_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0 && errno == ENOENT) return false;
    check(descriptor_ >= 0, kOp, "cannot open the folder '", folder.string(),
          "': ", std::generic_category().message(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        ::close(std::exchange(descriptor_, -1));
        fail(kOp, "another program is training in '", folder.string(), "'");
    }
    struct stat locked {
    }, there{};
    if (::fstat(descriptor_, &locked) == 0 && ::stat(folder.c_str(), &there) == 0 &&
        locked.st_dev == there.st_dev && locked.st_ino == there.st_ino) {
        created_ = std::move(created);
        return true;
    }
    ::close(std::exchange(descriptor_, -1));
    return false;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), created_(std::move(other.created_)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(created_, other.created_);
    return *this;
}

void FolderLock::release() noexcept {
    if (descriptor_ < 0) return;
    for (const fs::path& folder : created_)
        if (::rmdir(folder.c_str()) != 0) break;
    ::close(descriptor_);
}

}  // namespace eps::models
