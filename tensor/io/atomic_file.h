#pragma once
// Files that are written completely or not at all: if the program is killed at any moment, the disk
// has either the old file or the new one.
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eps {

/// Writes `path`.tmp in the same folder; commit() renames it to `path`. Without commit(), `path`
/// stays as it was.
class AtomicFile {
public:
    /// Throws an Error of `op` that names the path if the folder is not writable, or if `path`
    /// exists and is not a regular file.
    AtomicFile(std::string path, const char* op);
    ~AtomicFile();  // deletes the temporary file unless it was committed
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    /// fsync, rename over `path`, fsync of the folder.
    void commit();

private:
    [[noreturn]] void fail(const char* doing) const;

    std::string path_, temporary_;
    const char* op_;
    int descriptor_ = -1;
};

using Bytes = std::span<const std::byte>;
inline Bytes as_byte_span(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// Replaces `path` by the concatenation of the parts, atomically. Errors name `op`, the path and
/// the system's reason.
void write_file_atomically(const std::string& path, std::initializer_list<Bytes> parts,
                           const char* op = "write_file");
void write_file_atomically(const std::string& path, std::string_view text,
                           const char* op = "write_file");

/// All bytes of a regular file. Throws as InputFile does.
std::vector<std::byte> read_file(const std::string& path, const char* op = "read_file");

}  // namespace eps
