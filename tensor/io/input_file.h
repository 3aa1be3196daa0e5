#pragma once
// A file that is read by position. Its size is known before anything is believed, so that no reader
// allocates for data that is not there.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace eps {

class InputFile {
public:
    /// Opens a regular file for reading; throws an Error of `op` that names the path if it is
    /// missing, unreadable, or no regular file.
    InputFile(std::string path, const char* op);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    std::uint64_t size() const { return size_; }
    const std::string& path() const { return path_; }
    /// Fills `out` with the bytes at `offset`; throws if the file ends before.
    void read(std::uint64_t offset, std::span<std::byte> out) const;
    /// Throws "op: <what is wrong> in '<path>'...": every complaint about a file goes through here,
    /// so every one names it. Control characters become '?', and long texts are cut, for what is
    /// quoted from a file is not to be trusted.
    [[noreturn]] void refuse(std::string_view what, std::string_view rest = {}) const;

private:
    std::string path_;
    const char* op_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

/// Bytes of a row-major tensor; nothing if a product of (nonzero) extents overflows, which even an
/// empty shape may make happen.
std::optional<std::uint64_t> byte_count(const Shape& shape, std::size_t element_bytes);

/// A row-major host tensor filled with the bytes at `offset`, which must be there: the caller has
/// compared byte_count with the size. A bool that is neither 0 nor 1 is refused.
Tensor read_tensor(const InputFile& file, std::uint64_t offset, const Shape& shape, DType dtype);

/// x, row-major on the host, as bytes. The bytes live as long as the tensor returned beside them.
struct HostBytes {
    Tensor owner;
    std::span<const std::byte> bytes;
};
HostBytes host_bytes(const Tensor& x);

}  // namespace eps
