#pragma once
// DEFLATE through zlib, a piece at a time: the streams of gzip files and of PNG pictures.
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace eps::data {

/// Takes 7 KB of zlib's and a window of 32 KB. A stream of tiny blocks, each of which takes time,
/// counts as damaged.
class Inflater {
public:
    enum class Format { gzip, zlib };
    explicit Inflater(Format format);
    ~Inflater();

    /// Begins a new stream. Input that has not been used stays.
    void reset();
    /// The next compressed bytes, which must stay valid until they are used. All before are used.
    void feed(std::span<const std::byte> input);
    /// The input that has not been used.
    std::span<const std::byte> input() const;
    /// Decompresses into `out`, and returns the number of bytes. It is less than out.size() if the
    /// input is used up, at the end of the stream, and where the stream is damaged.
    std::size_t read(std::span<std::byte> out);
    /// Whether the stream has ended, with the right checksum and length.
    bool ended() const;
    /// What is wrong with the stream; empty if nothing is.
    std::string damage() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace eps::data
