#pragma once
// One program at a time trains in a folder.
#include <filesystem>
#include <vector>

namespace eps::models {

/// Locks a folder against other programs, as long as this lives. Who looks into the folder before
/// it is locked may see what another program has changed since: lock first, look then.
class FolderLock {
public:
    FolderLock() = default;  // of nothing
    /// Creates the folder if it is not there.
    /// Throws: if another program has locked it, or it cannot be created. On a file system without
    /// locks nothing is locked.
    explicit FolderLock(const std::filesystem::path& folder);
    /// Removes the folders that were created, if they are empty still, and unlocks.
    ~FolderLock() { release(); }
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&& other) noexcept;

    bool is_held() const { return descriptor_ >= 0; }

private:
    bool take(const std::filesystem::path& folder);
    void release() noexcept;

    int descriptor_ = -1;
    std::vector<std::filesystem::path> created_;  // the deepest first
};

}  // namespace eps::models
