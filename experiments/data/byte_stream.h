#pragma once
// The bytes of a file in order. A gzip file, recognised by its first bytes, is decompressed.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tensor/io/input_file.h"

namespace eps::data {

/// Takes 96 KB, whatever the file holds. As by gzip, members that follow one another are one
/// stream (RFC 1952), and zeros after the last are padding.
class ByteStream {
public:
    ByteStream(std::string path, const char* op);
    ~ByteStream();

    /// Fills `out` and returns the number of bytes read, which is less than out.size() only at the
    /// end.
    /// Throws, naming the file, if the gzip stream is damaged, truncated, or followed by anything
    /// but zeros (which gzip ignores with a warning).
    std::size_t read(std::span<std::byte> out);
    /// Reads up to `most` bytes, keeps none, and returns their number.
    std::uint64_t skip(std::uint64_t most);
    /// Goes back to the first byte.
    void rewind();
    bool compressed() const { return gzip_ != nullptr; }
    const InputFile& file() const { return file_; }

private:
    struct Gzip;  // an inflater and its input
    std::size_t read_plain(std::span<std::byte> out);
    std::size_t read_gzip(std::span<std::byte> out);
    bool fill();
    bool next_member();

    InputFile file_;
    std::uint64_t position_ = 0;  // of the next byte of the file to be read
    std::unique_ptr<Gzip> gzip_;
};

}  // namespace eps::data
