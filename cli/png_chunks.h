#pragma once
// What a PNG file consists of: a signature and chunks. A chunk is its length, type and data, and
// the CRC of type and data.
// Source: Portable Network Graphics (PNG) Specification, third edition, W3C 2025, sections 5
// and 11.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace eps::cli {

inline constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
inline constexpr std::size_t kPngHeaderBytes = 13;  // of data in IHDR
inline constexpr std::uint8_t kPngGray = 0, kPngTrueColour = 2, kPngGrayAlpha = 4;  // colour types

struct PngChunk {
    std::string_view type;  // "IHDR"
    std::span<const std::byte> data;
    std::span<const std::byte> bytes;  // all of it, from the length to the CRC
};

bool has_png_signature(std::span<const std::byte> png);

/// Calls `visit` for each chunk up to IEND. Returns whether the file has the signature and IEND,
/// with whole chunks between.
bool for_each_png_chunk(std::span<const std::byte> png,
                        const std::function<void(const PngChunk&)>& visit);

/// The data of IHDR.
struct PngHeader {
    std::uint32_t width = 0, height = 0;
    std::uint8_t depth = 0, colour_type = 0;
    bool interlaced = false;

    /// The bytes of the picture as its compressed data hold it: rows of packed pixels, each after
    /// the number of its filter, in one pass or in the seven of Adam7.
    std::uint64_t raw_bytes() const;
};
/// Throws nothing: values that the format does not allow are for libpng to reject.
PngHeader png_header(std::span<const std::byte> data);

/// The big-endian number in the first four bytes.
std::uint32_t big_endian32(std::span<const std::byte> bytes);

}  // namespace eps::cli
