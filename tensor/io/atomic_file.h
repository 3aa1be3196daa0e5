#pragma once
// Files that are written completely or not at all: if the program is killed at any moment, the disk
// has either the old file or the new one. Every file that is replaced is written here.
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace eps {

/// Writes a temporary file in the folder of `path`; commit() renames it to `path`. Without
/// commit(), `path` stays as it was. Several programs may write the same path at once: each has a
/// temporary file of its own, a reader always sees the whole file of one of them, and the last
/// commit() wins.
///
/// The file gets the permissions of a new file. A symbolic link to a file is replaced by the file;
/// what it points to stays as it was. Folders, FIFOs and devices, and links to them, are refused.
class AtomicFile {
public:
    /// Removes what killed programs have left in the folder, and creates the temporary file.
    /// Throws an Error of `op` that names the path if the folder is not writable, or if `path`
    /// exists and is not a regular file.
    AtomicFile(std::string path, const char* op);
    ~AtomicFile();  // deletes the temporary file unless it was committed
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    /// fsync, rename over `path`, fsync of the folder.
    /// Throws: if one of them fails. Only if it is the last, the new file stands there already.
    void commit();

private:
    bool create();
    [[noreturn]] void fail(const char* doing) const;

    std::string path_, folder_, temporary_;
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

/// Whether a file of this name (without its folder) is a temporary one of AtomicFile.
bool is_temporary_name(std::string_view name);

}  // namespace eps
