#pragma once
// The bytes of a file in order, decompressed on the way if it is a gzip file.
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

    /// Fills as much of `out` as there is and returns how much: less than out.size() only at the
    /// end. Throws, naming the file, if the gzip stream is damaged, cut off, or followed by
    /// something else.
    std::size_t read(std::span<std::byte> out);
    /// No stream of this file can be longer: its size, or 1032 times that (the most DEFLATE can say
    /// in a byte) for gzip.
    std::uint64_t longest() const;
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
