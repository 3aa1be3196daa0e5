#include "tensor/io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "tensor/error.h"
#include "tensor/io/input_file.h"

namespace eps {
namespace {

// Makes a rename durable. Some file systems cannot sync a folder, so errors are ignored.
void sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const int descriptor =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    (void)::fsync(descriptor);
    ::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(std::string path, const char* op)
    : path_(std::move(path)), temporary_(path_ + ".tmp"), op_(op) {
    struct stat status {};
    const bool exists = ::stat(path_.c_str(), &status) == 0;
    check(!exists || S_ISREG(status.st_mode), op_, "'", path_, "' is ",
          S_ISDIR(status.st_mode) ? "a folder" : "not a regular file",
          "; expected a file or nothing");
    descriptor_ =
        ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    check(descriptor_ >= 0, op_, "cannot create '", temporary_,
          "': ", std::generic_category().message(errno));
}

AtomicFile::~AtomicFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
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
    if (::fsync(descriptor_) != 0) fail("sync");
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename the finished file to");
    ::close(std::exchange(descriptor_, -1));
    sync_folder_of(path_);
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

std::vector<std::byte> read_file(const std::string& path, const char* op) {
    const InputFile file(path, op);
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.size()));
    file.read(0, bytes);
    return bytes;
}

}  // namespace eps
