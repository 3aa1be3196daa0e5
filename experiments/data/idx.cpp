#include "experiments/data/idx.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "experiments/data/byte_stream.h"
#include "tensor/io/stored_elements.h"

namespace eps::data {
namespace {

void read_exactly(ByteStream& stream, std::span<std::byte> out, const char* what) {
    if (stream.read(out) < out.size()) stream.file().fail(str("truncated ", what));
}

Shape read_header(ByteStream& stream) {
    std::array<std::byte, 4> magic{};
    read_exactly(stream, magic, "header");
    const int type = std::to_integer<int>(magic[2]), rank = std::to_integer<int>(magic[3]);
    if (magic[0] != std::byte{0} || magic[1] != std::byte{0})
        stream.file().fail("no IDX signature", "; expected two zero bytes at the start");
    if (type != 0x08)
        stream.file().fail(str("unsupported element type ", type), "; expected 8, unsigned bytes");
    if (rank < 1 || rank > kMaxRank)
        stream.file().fail(str("bad number of dimensions ", rank),
                           str("; expected 1 to ", kMaxRank));
    Shape shape;
    for (int d = 0; d < rank; ++d) {
        std::array<std::byte, 4> bytes{};
        read_exactly(stream, bytes, "header");
        std::int64_t extent = 0;
        for (const std::byte b : bytes) extent = extent * 256 + std::to_integer<std::int64_t>(b);
        shape.push_back(extent);
    }
    return shape;
}

// Throws unless `total` bytes follow the header, and no more. The stream is then behind the header.
// A compressed one is decompressed for it, without keeping anything: a file that promises more than
// it holds takes no memory.
void check_length(ByteStream& stream, std::uint64_t header_bytes, std::uint64_t total) {
    const InputFile& file = stream.file();
    if (stream.compressed()) file.check_unpacked(total);
    const std::uint64_t there =
        stream.compressed() ? stream.skip(total + 1) : file.size() - header_bytes;
    if (there < total)
        file.fail(str("truncated data: ", there, " elements"), str("; expected ", total));
    if (there > total)
        file.fail("data after the last element", str("; expected ", total, " elements"));
    if (!stream.compressed()) return;
    stream.rewind();
    stream.skip(header_bytes);
}

}  // namespace

Tensor read_idx(const std::string& path) {
    ByteStream stream(path, "read_idx");
    const Shape shape = read_header(stream);
    const auto total = byte_count(shape, 1);
    if (!total) stream.file().fail(str("shape ", shape, " overflows"));
    check_length(stream, 4 + 4 * static_cast<std::uint64_t>(shape.rank()), *total);
    Tensor elements = empty(shape, {.dtype = u8});
    const std::span out(elements.data<std::uint8_t>(), static_cast<std::size_t>(*total));
    read_exactly(stream, std::as_writable_bytes(out), "data");
    return elements;
}

}  // namespace eps::data
