#pragma once
// A file that is read by position, with a budget: how long it may be, and what it may unpack to.
// Readers compare what a header promises with the size of the file before they allocate.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/error.h"

namespace eps {

class InputFile {
public:
    /// Opens a regular file for reading.
    /// Throws an Error of `op` that names the path if it is missing, unreadable, not a regular
    /// file (a FIFO, a device or a folder is not opened), or longer than `most` bytes.
    InputFile(std::string path, const char* op, std::uint64_t most = UINT64_MAX);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    std::uint64_t size() const { return size_; }
    const std::string& path() const { return path_; }
    /// Fills `out` with the bytes at `offset`. Throws if the file ends before.
    void read(std::uint64_t offset, std::span<std::byte> out) const;
    /// Throws if a compressed file declares that it unpacks to more than most_unpacked(size()).
    void check_unpacked(std::uint64_t bytes) const;
    /// Throws "op: <what> in '<path>'<rest>". All errors about the contents of a file go through
    /// here, so all of them name it. Texts quoted from a file are not trusted: control characters
    /// become '?', and long texts are cut.
    [[noreturn]] void fail(std::string_view what, std::string_view rest = {}) const;

private:
    std::string path_;
    const char* op_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

/// The bytes that a compressed file may declare: 16 MB, or 32 times its size. One that declares
/// more is not data but a bomb.
std::uint64_t most_unpacked(std::uint64_t file_bytes);

/// All bytes of a regular file of at most `most` bytes. Throws as InputFile does.
std::vector<std::byte> read_file(const std::string& path, const char* op = "read_file",
                                 std::uint64_t most = UINT64_MAX);

/// "a folder", "a FIFO", "a device" or "a socket"; nullptr for a regular file.
const char* irregular_kind(unsigned mode);

}  // namespace eps
