// PNG files that are built by hand: every layout of pixels, and what is wrong with the others.
#include <zlib.h>

#include "cli/png.h"
#include "cli/png_chunks.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::cli;
using namespace eps::test;

namespace {

std::string big_endian(std::size_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
    return out;
}

std::string chunk(const std::string& type, const std::string& data) {
    const std::string covered = type + data;
    const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(covered.data()),
                             static_cast<uInt>(covered.size()));
    return big_endian(data.size()) + covered + big_endian(crc);
}

std::string deflated(const std::string& bytes) {
    uLongf size = ::compressBound(bytes.size());
    std::string out(size, '\0');
    REQUIRE(::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                        reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 9) == Z_OK);
    out.resize(size);
    return out;
}

struct Layout {
    std::size_t width, height;
    int depth, colour_type, interlaced = 0;
};
std::string header(const Layout& layout) {
    return chunk("IHDR", big_endian(layout.width) + big_endian(layout.height) +
                             static_cast<char>(layout.depth) +
                             static_cast<char>(layout.colour_type) + '\0' + '\0' +
                             static_cast<char>(layout.interlaced));
}
const std::string kSignature(kPngSignature), kEnd = chunk("IEND", "");

// The rows of `raw` each begin with the number of their filter, 0.
std::string png(const Layout& layout, const std::string& raw, const std::string& between = "") {
    return kSignature + header(layout) + between + chunk("IDAT", deflated(raw)) + kEnd;
}

Tensor decode(const std::string& bytes) {
    const auto* const first = reinterpret_cast<const std::byte*>(bytes.data());
    return decode_png("x.png", {first, first + bytes.size()});
}
std::string error_of(const std::string& bytes) {
    return message_of([&] { decode(bytes); });
}
std::vector<double> levels(const std::string& bytes) { return decode(bytes).to_vector(); }

}  // namespace

TEST_CASE("every layout of pixels is read") {
    using Levels = std::vector<double>;
    const auto text = [](std::initializer_list<int> bytes) {
        return std::string(bytes.begin(), bytes.end());
    };
    CHECK(levels(png({2, 2, 8, 0}, text({0, 1, 2, 0, 3, 4}))) == Levels{1, 2, 3, 4});
    CHECK(levels(png({9, 1, 1, 0}, text({0, 0xa0, 0x80}))) ==
          Levels{255, 0, 255, 0, 0, 0, 0, 0, 255});
    CHECK(levels(png({3, 1, 2, 0}, text({0, 0x1b}))) == Levels{0, 85, 170});
    CHECK(levels(png({1, 1, 16, 0}, text({0, 255, 255}))) == Levels{255});
    CHECK(levels(png({1, 2, 8, 2}, text({0, 1, 2, 3, 0, 4, 5, 6}))) == Levels{1, 2, 3, 4, 5, 6});
    const std::string palette = chunk("PLTE", text({10, 20, 30, 40, 50, 60}));
    CHECK(levels(png({2, 1, 8, 3}, text({0, 1, 0}), palette)) == Levels{40, 50, 60, 10, 20, 30});
    // Adam7: the passes of 3 x 3 pixels hold columns and rows 0; -; -; 2 of row 0; 0 and 2 of row
    // 2; 1 of rows 0 and 2; row 1.
    CHECK(levels(png({3, 3, 8, 0, 1}, text({0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6}))) ==
          Levels{1, 2, 3, 4, 5, 6, 7, 8, 9});
    // Two chunks of data, and chunks that are left out unread.
    const std::string data = deflated(text({0, 7, 8}));
    CHECK(levels(kSignature + header({2, 1, 8, 0}) + chunk("zTXt", "x") + chunk("iCCP", "broken") +
                 chunk("IDAT", data.substr(0, 4)) + chunk("IDAT", data.substr(4)) +
                 chunk("tEXt", "a\0b") + kEnd + "anything") == Levels{7, 8});
}

TEST_CASE("the size of a picture's data follows from its header") {
    for (const std::uint32_t width : {1u, 2u, 3u, 5u, 8u, 9u, 17u})
        for (const std::uint32_t height : {1u, 4u, 7u, 8u, 11u})
            for (const auto& [depth, colour_type, bits] :
                 {std::tuple(1, 0, 1u), {4, 3, 4u}, {8, 2, 24u}, {16, 4, 32u}, {16, 6, 64u}}) {
                PngHeader read{.width = width,
                               .height = height,
                               .depth = static_cast<std::uint8_t>(depth),
                               .colour_type = static_cast<std::uint8_t>(colour_type)};
                CHECK(read.raw_bytes() == height * (1 + (width * bits + 7) / 8));
                // Adam7 by its table: which of the 8 x 8 pixels of a tile are in which pass.
                constexpr const char* kTile[8] = {"16462646", "77777777", "56565656", "77777777",
                                                  "36463646", "77777777", "56565656", "77777777"};
                std::uint64_t bytes = 0;
                for (char pass = '1'; pass <= '7'; ++pass)
                    for (std::uint32_t y = 0; y < height; ++y) {
                        std::uint32_t columns = 0;
                        for (std::uint32_t x = 0; x < width; ++x)
                            columns += kTile[y % 8][x % 8] == pass;
                        bytes += columns > 0 ? 1 + (columns * bits + 7) / 8 : 0;
                    }
                read.interlaced = true;
                CHECK(read.raw_bytes() == bytes);
            }
}

TEST_CASE("read_png says what is wrong with a picture") {
    const std::string valid = png({2, 2, 8, 0}, std::string("\0\1\2\0\3\4", 6));
    const std::string head = kSignature + header({2, 2, 8, 0});
    CHECK(error_of("") ==
          "read_png: no PNG signature in 'x.png'; expected a PNG picture without "
          "transparency");
    CHECK(contains(error_of("GIF89a, not a PNG"), "no PNG signature"));
    CHECK(error_of(valid.substr(0, valid.size() - 1)) ==
          str("read_png: truncated: ", valid.size() - 1,
              " bytes in 'x.png'; expected chunks up to IEND"));
    CHECK(contains(error_of(kSignature), "truncated: 8 bytes"));
    CHECK(contains(error_of(kSignature + kEnd), "no IHDR in front"));
    CHECK(contains(error_of(kSignature + chunk("IHDR", "short") + kEnd), "no IHDR in front"));
    CHECK(
        contains(error_of(head + kEnd), "truncated picture data: 0 bytes in 'x.png'; expected 6"));
    CHECK(contains(error_of(png({2, 3, 8, 0}, std::string(6, '\0'))),
                   "truncated picture data: 6 bytes in 'x.png'; expected 9"));
    CHECK(contains(error_of(png({2, 2, 8, 0}, std::string(7, '\0'))),
                   "more picture data than pixels in 'x.png'; expected 6 bytes"));
    CHECK(contains(error_of(head + chunk("IDAT", "broken") + kEnd), "damaged picture data ("));
    CHECK(contains(error_of(png({40'000, 1, 8, 0}, "")), "expected sides of at most 32768"));
    CHECK(error_of(png({30'000, 30'000, 8, 0}, "x")) ==
          str("read_png: a picture of 30000 x 30000 pixels in ",
              png({30'000, 30'000, 8, 0}, "x").size(),
              " bytes in 'x.png'; expected a size of at most 16777216 bytes"));
    CHECK(
        contains(error_of(png({1, 1, 8, 4}, std::string(3, '\1').insert(0, 1, '\0').substr(0, 3))),
                 "transparency"));
    CHECK_FALSE(error_of(png({0, 2, 8, 0}, "")).empty());
    CHECK_FALSE(error_of(png({2, 2, 7, 0}, std::string(6, '\0'))).empty());
    CHECK_FALSE(error_of(png({2, 2, 8, 1}, std::string(6, '\0'))).empty());
    CHECK_FALSE(error_of(png({2, 2, 8, 3}, std::string(6, '\0'))).empty());   // no palette
    CHECK_FALSE(error_of(png({2, 2, 8, 0}, std::string(6, '\x9'))).empty());  // no such filter
    CHECK_FALSE(error_of(png({2, 2, 8, 0}, std::string(6, '\0'), chunk("ABCD", ""))).empty());
}
