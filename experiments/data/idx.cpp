#include "experiments/data/idx.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "experiments/data/byte_stream.h"

namespace eps::data {
namespace {

constexpr std::int64_t kFirstBlock = 1 << 20;  // bytes allocated before any data have arrived

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

// Reads exactly `total` bytes. The block doubles each time it is full, so that a false header costs
// a megabyte instead of the size it claims.
Tensor read_elements(ByteStream& stream, std::int64_t total) {
    Tensor block = empty({std::min(total, kFirstBlock)}, {.dtype = u8});
    std::int64_t filled = 0;
    while (true) {
        const std::span room(block.data<std::uint8_t>() + filled,
                             static_cast<std::size_t>(block.numel() - filled));
        const auto count = static_cast<std::int64_t>(stream.read(std::as_writable_bytes(room)));
        filled += count;
        if (filled == total) return block;
        if (filled < block.numel())
            stream.file().fail(str("truncated data: ", filled, " elements"),
                               str("; expected ", total));
        Tensor larger = empty({std::min(total, 2 * block.numel())}, {.dtype = u8});
        std::memcpy(larger.raw_data(), block.raw_data(), static_cast<std::size_t>(filled));
        block = larger;
    }
}

}  // namespace

Tensor read_idx(const std::string& path) {
    ByteStream stream(path, "read_idx");
    const Shape shape = read_header(stream);
    const auto total = byte_count(shape, 1);
    if (!total || *total > stream.max_size())
        stream.file().fail(
            str("the header promises more data than the file can hold: shape ", shape),
            str("; the file has ", stream.file().size(), " bytes"));
    const Tensor elements = read_elements(stream, static_cast<std::int64_t>(*total));
    std::array<std::byte, 1> beyond{};
    if (stream.read(beyond) != 0)
        stream.file().fail("data after the last element",
                           str("; expected ", *total, " bytes for shape ", shape));
    return elements.as_strided(shape, contiguous_strides(shape), 0);
}

}  // namespace eps::data
