// The format: Portable Network Graphics (PNG) Specification, third edition, W3C 2025, chunks acTL,
// fcTL and fdAT.
#include "cli/apng.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "autograd/ops/shape/shape.h"
#include "cli/png.h"
#include "cli/png_chunks.h"
#include "tensor/io/atomic_file.h"
#include "tensor/io/input_file.h"

namespace eps::cli {
namespace {

using Buffer = std::vector<std::byte>;

constexpr std::size_t kMostFrames = 100;
constexpr std::uint16_t kDelay = 100;  // milliseconds that a frame is shown
constexpr std::uint16_t kRest = 2000;  // the same of the last frame

// Big-endian.
void put(Buffer& out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out.push_back(static_cast<std::byte>(value >> shift));
}

void put_chunk(Buffer& out, std::string_view type, Bytes data) {
    check(data.size() <= std::numeric_limits<std::int32_t>::max(), "write_film", "a frame of ",
          data.size(), " bytes; expected less than 2^31");
    put(out, data.size(), 4);
    const std::size_t begin = out.size();
    const Bytes name = as_byte_span(type);
    out.insert(out.end(), name.begin(), name.end());
    out.insert(out.end(), data.begin(), data.end());
    const auto* const covered = reinterpret_cast<const Bytef*>(out.data() + begin);
    put(out, ::crc32(0, covered, static_cast<uInt>(out.size() - begin)), 4);
}

// The parts of a PNG file that a film needs.
struct Still {
    Buffer header;      // the data of IHDR: size and colour type
    Buffer compressed;  // the data of all IDAT chunks
};
Still parsed(Bytes png) {
    Still still;
    for_each_png_chunk(png, [&](const PngChunk& chunk) {
        Buffer& into = chunk.type == "IHDR" ? still.header : still.compressed;
        if (chunk.type == "IHDR" || chunk.type == "IDAT")
            into.insert(into.end(), chunk.data.begin(), chunk.data.end());
    });
    return still;
}

// A whole frame that replaces the one before it.
Buffer frame_control(const Still& still, std::uint32_t sequence, std::uint16_t delay) {
    Buffer out;
    put(out, sequence, 4);
    out.insert(out.end(), still.header.begin(), still.header.begin() + 8);  // width, height
    put(out, 0, 8);                                                         // x and y offset
    put(out, delay, 2);
    put(out, 1000, 2);  // the unit of the delay: 1/1000 s
    put(out, 0, 2);     // dispose: none; blend: source
    return out;
}

// Puts the last frame before the animation, too, as the default image: programs that cannot play
// films show it.
void write_stills(const std::string& path, const std::vector<Still>& stills) {
    const Bytes signature = as_byte_span(kPngSignature);
    Buffer out(signature.begin(), signature.end());
    put_chunk(out, "IHDR", stills.back().header);
    Buffer animation;
    put(animation, stills.size(), 4);
    put(animation, 0, 4);  // number of plays; 0: without end
    put_chunk(out, "acTL", animation);
    put_chunk(out, "IDAT", stills.back().compressed);
    std::uint32_t sequence = 0;
    for (const Still& still : stills) {
        put_chunk(out, "fcTL",
                  frame_control(still, sequence++, &still == &stills.back() ? kRest : kDelay));
        Buffer data;
        put(data, sequence++, 4);
        data.insert(data.end(), still.compressed.begin(), still.compressed.end());
        put_chunk(out, "fdAT", data);
    }
    put_chunk(out, "IEND", {});
    write_file_atomically(path, {out}, "write_film");
}

// Reads a file as a frame. Returns false if that is impossible.
bool read_still(const std::string& file, Still& still) {
    try {
        const Buffer bytes = read_file(file, "read_png");
        decode_png(file, bytes);
        still = parsed(bytes);
    } catch (const Error&) { return false; }
    const std::uint8_t colour_type = png_header(still.header).colour_type;
    return colour_type == kPngGray || colour_type == kPngTrueColour;
}

// At most kMostFrames of the files: the first, the last, and others evenly between.
std::vector<std::string> thinned(const std::vector<std::string>& files) {
    if (files.size() <= kMostFrames) return files;
    std::vector<std::string> chosen;
    for (std::size_t i = 0; i < kMostFrames; ++i)
        chosen.push_back(files[i * (files.size() - 1) / (kMostFrames - 1)]);
    return chosen;
}

}  // namespace

void write_film(const std::string& path, const Tensor& frames, int scale) {
    check(frames.defined() && frames.rank() == 4 && (frames.size(3) == 1 || frames.size(3) == 3) &&
              frames.numel() > 0,
          "write_film", "got ", describe(frames), " for '", path,
          "'; expected [F, H, W, 1] or [F, H, W, 3], not empty");
    std::vector<Still> stills;
    for (std::int64_t i = 0; i < frames.size(0); ++i) {
        const Tensor frame = select(frames, 0, i);
        stills.push_back(
            parsed(encode_png(path, frame.size(2) == 1 ? select(frame, 2, 0) : frame, scale)));
    }
    write_stills(path, stills);
}

void write_picture(const std::string& path, const models::Picture& picture) {
    if (picture.pixels.defined() && picture.pixels.rank() == 4)
        write_film(path, picture.pixels, picture.scale);
    else
        write_png(path, picture.pixels, picture.scale);
}

void join_film(const std::string& path, const std::vector<std::string>& files) {
    std::vector<Still> stills;
    for (const std::string& file : thinned(files)) {
        Still still;
        if (read_still(file, still)) stills.push_back(std::move(still));
    }
    if (!stills.empty()) {
        const Buffer header = stills.back().header;
        std::erase_if(stills, [&](const Still& still) { return still.header != header; });
    }
    if (stills.size() >= 2) write_stills(path, stills);
}

}  // namespace eps::cli
