#pragma once
// The bytes of a file in order. A gzip file, recognised by its first bytes, is decompressed.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tensor/io/input_file.h"

namespace eps::data {

class ByteStream {
public:
    ByteStream(std::string path, const char* op);
    ~ByteStream();

    /// Fills `out` and returns the number of bytes read, which is less than out.size() only at the
    /// end.
    /// Throws, naming the file, if the gzip stream is damaged, truncated, or followed by other
    /// data.
    std::size_t read(std::span<std::byte> out);
    /// An upper bound of the stream's length: the size of the file, for gzip times 1032, the
    /// largest ratio of DEFLATE.
    std::uint64_t max_size() const;
    const InputFile& file() const { return file_; }

private:
    struct Gzip;  // zlib's state and an input buffer
    std::size_t read_plain(std::span<std::byte> out);
    std::size_t read_gzip(std::span<std::byte> out);
    void refill();

    InputFile file_;
    std::uint64_t position_ = 0;
    std::unique_ptr<Gzip> gzip_;
};

}  // namespace eps::data
