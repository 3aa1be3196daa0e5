#pragma once
// A file that is read by position. Readers compare what a header promises with the size of the file
// before they allocate.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

class InputFile {
public:
    /// Opens a regular file for reading.
    /// Throws an Error of `op` that names the path if it is missing, unreadable or not a regular
    /// file.
    InputFile(std::string path, const char* op);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    std::uint64_t size() const { return size_; }
    const std::string& path() const { return path_; }
    /// Fills `out` with the bytes at `offset`. Throws if the file ends before.
    void read(std::uint64_t offset, std::span<std::byte> out) const;
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

/// All bytes of a regular file. Throws as InputFile does.
std::vector<std::byte> read_file(const std::string& path, const char* op = "read_file");

/// The bytes of a row-major tensor; nullopt if the product of the nonzero extents overflows (which
/// can happen although another extent is 0).
std::optional<std::uint64_t> byte_count(const Shape& shape, std::size_t element_bytes);

/// A row-major host tensor filled with the bytes at `offset`. The caller has compared byte_count
/// with the size of the file. Throws on a bool that is neither 0 nor 1.
Tensor read_tensor(const InputFile& file, std::uint64_t offset, const Shape& shape, DType dtype);

/// The elements of x, row-major on the host, as bytes. They live as long as `owner`.
struct HostBytes {
    Tensor owner;
    std::span<const std::byte> bytes;
};
HostBytes host_bytes(const Tensor& x);

}  // namespace eps
