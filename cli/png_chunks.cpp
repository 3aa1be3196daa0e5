#include "cli/png_chunks.h"

#include <algorithm>
#include <array>

namespace eps::cli {

std::uint32_t big_endian32(std::span<const std::byte> bytes) {
    std::uint32_t value = 0;
    for (const std::byte b : bytes.first(4)) value = value << 8 | std::to_integer<std::uint32_t>(b);
    return value;
}

bool has_png_signature(std::span<const std::byte> png) {
    const auto signature = std::as_bytes(std::span(kPngSignature));
    return png.size() >= signature.size() &&
           std::ranges::equal(png.first(signature.size()), signature);
}

bool for_each_png_chunk(std::span<const std::byte> png,
                        const std::function<void(const PngChunk&)>& visit) {
    constexpr std::size_t kAround = 12;  // bytes of a chunk beside its data
    if (!has_png_signature(png)) return false;
    png = png.subspan(kPngSignature.size());
    while (png.size() >= kAround) {
        const std::size_t length = big_endian32(png);
        if (length > png.size() - kAround) return false;
        const std::string_view type(reinterpret_cast<const char*>(png.data() + 4), 4);
        visit({type, png.subspan(8, length), png.first(length + kAround)});
        if (type == "IEND") return true;
        png = png.subspan(length + kAround);
    }
    return false;
}

PngHeader png_header(std::span<const std::byte> data) {
    return {.width = big_endian32(data),
            .height = big_endian32(data.subspan(4)),
            .depth = std::to_integer<std::uint8_t>(data[8]),
            .colour_type = std::to_integer<std::uint8_t>(data[9]),
            .interlaced = data[12] != std::byte{0}};
}

std::uint64_t PngHeader::raw_bytes() const {
    constexpr std::array<std::uint8_t, 7> kChannels{1, 0, 3, 1, 2, 0, 4};  // by colour type
    const std::uint64_t bits =
        std::uint64_t{depth} * (colour_type < kChannels.size() ? kChannels[colour_type] : 0);
    // The pixels of columns x0, x0 + dx, ... in rows y0, y0 + dy, ...
    const auto pass = [&](std::uint32_t x0, std::uint32_t dx, std::uint32_t y0, std::uint32_t dy) {
        const std::uint64_t columns = width > x0 ? (std::uint64_t{width} - x0 + dx - 1) / dx : 0;
        const std::uint64_t rows = height > y0 ? (std::uint64_t{height} - y0 + dy - 1) / dy : 0;
        return columns == 0 ? 0 : rows * (1 + (columns * bits + 7) / 8);
    };
    if (!interlaced) return pass(0, 1, 0, 1);
    return pass(0, 8, 0, 8) + pass(4, 8, 0, 8) + pass(0, 4, 4, 8) + pass(2, 4, 0, 4) +
           pass(0, 2, 2, 4) + pass(1, 2, 0, 2) + pass(0, 1, 1, 2);
}

}  // namespace eps::cli
