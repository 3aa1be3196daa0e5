// Reading PNG files: what they hold is checked before libpng sees it and before memory is taken.
#include <png.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "cli/png.h"
#include "cli/png_chunks.h"
#include "experiments/data/inflater.h"
#include "tensor/create.h"
#include "tensor/io/input_file.h"

namespace eps::cli {
namespace {

using Bytes = std::span<const std::byte>;

[[noreturn]] void reject(const std::string& path, std::string_view what,
                         std::string_view expected = "a PNG picture without transparency") {
    fail("read_png", what, " in '", path, "'; expected ", expected);
}

// Inflates the picture without keeping it, and throws unless it is there to its last byte.
class PictureData {
public:
    PictureData(const std::string& path, std::uint64_t wanted) : path_(path), wanted_(wanted) {}

    void add(Bytes compressed) {
        if (inflater_.ended()) return;  // what follows is for libpng to ignore
        inflater_.feed(compressed);
        std::size_t count = scratch_.size();
        while (count == scratch_.size() && made_ <= wanted_)
            made_ += count = inflater_.read(scratch_);
        if (made_ > wanted_) reject(path_, "more picture data than pixels", str(wanted_, " bytes"));
        if (const std::string damage = inflater_.damage(); !damage.empty())
            reject(path_, str("damaged picture data (", damage, ")"));
    }
    bool complete() const { return made_ == wanted_; }
    std::uint64_t made() const { return made_; }

private:
    const std::string& path_;
    std::uint64_t wanted_, made_ = 0;
    data::Inflater inflater_{data::Inflater::Format::zlib};
    std::array<std::byte, 32768> scratch_;
};

// Throws on sides and sizes that a file of so many bytes may not have.
void check_size(const std::string& path, const PngHeader& header, std::uint64_t file_bytes) {
    const std::string size = str("a picture of ", header.width, " x ", header.height, " pixels");
    if (header.width > kLargestSide || header.height > kLargestSide)
        reject(path, size, str("sides of at most ", kLargestSide));
    const bool gray = header.colour_type == kPngGray || header.colour_type == kPngGrayAlpha;
    const std::uint64_t pixels = std::uint64_t{header.width} * header.height;
    const std::uint64_t bytes = std::max((gray ? 1 : 3) * pixels, header.raw_bytes());
    if (bytes > most_unpacked(file_bytes))
        reject(path, str(size, " in ", file_bytes, " bytes"),
               str("a size of at most ", most_unpacked(file_bytes), " bytes"));
}

// Throws unless the file is complete and its picture has a size that it may have.
void check_png(const std::string& path, Bytes png) {
    std::optional<PngHeader> header;
    std::optional<PictureData> picture;
    if (!has_png_signature(png)) reject(path, "no PNG signature");
    const bool whole = for_each_png_chunk(png, [&](const PngChunk& chunk) {
        if (!header) {
            if (chunk.type != "IHDR" || chunk.data.size() != kPngHeaderBytes)
                reject(path, "no IHDR in front");
            header = png_header(chunk.data);
            check_size(path, *header, png.size());
            picture.emplace(path, header->raw_bytes());
        } else if (chunk.type == "IDAT") {
            picture->add(chunk.data);
        }
    });
    if (!whole || !header)
        reject(path, str("truncated: ", png.size(), " bytes"), "chunks up to IEND");
    if (!picture->complete())
        reject(path, str("truncated picture data: ", picture->made(), " bytes"),
               str(header->raw_bytes()));
}

// The chunks that say what the pixels are, and those that libpng has to reject: unknown ones whose
// first letter is large. Of the others, texts and colour profiles, it would unpack some.
bool is_essential(std::string_view type) {
    constexpr std::array kOptional{"tRNS", "gAMA", "cHRM", "sRGB"};
    const bool critical = (type[0] & 0x20) == 0;
    return critical || std::ranges::find(kOptional, type) != kOptional.end();
}

// Moves the essential chunks together, in place.
void keep_essential(std::vector<std::byte>& png) {
    std::size_t kept = kPngSignature.size();
    for_each_png_chunk(png, [&](const PngChunk& chunk) {
        if (!is_essential(chunk.type)) return;
        std::memmove(png.data() + kept, chunk.bytes.data(), chunk.bytes.size());
        kept += chunk.bytes.size();
    });
    png.resize(kept);
}

// libpng's image, released at the end of its scope. The simplified interface reports errors by
// return value and message. (The other one uses longjmp.)
struct PngImage {
    png_image png{};
    PngImage() { png.version = PNG_IMAGE_VERSION; }
    ~PngImage() { png_image_free(&png); }
    PngImage(const PngImage&) = delete;
    PngImage& operator=(const PngImage&) = delete;
};

Tensor decoded(const std::string& path, Bytes bytes) {
    PngImage image;
    if (!png_image_begin_read_from_memory(&image.png, bytes.data(), bytes.size()))
        reject(path, image.png.message);
    if (image.png.format & PNG_FORMAT_FLAG_ALPHA) reject(path, "transparency");
    const bool colour = (image.png.format & PNG_FORMAT_FLAG_COLOR) != 0;
    image.png.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    const std::int64_t height = image.png.height, width = image.png.width;
    Tensor out = empty(colour ? Shape{height, width, 3} : Shape{height, width}, {.dtype = u8});
    if (!png_image_finish_read(&image.png, nullptr, out.raw_data(), 0, nullptr))
        reject(path, image.png.message);
    return out;
}

}  // namespace

Tensor decode_png(const std::string& path, std::vector<std::byte> bytes) {
    check_png(path, bytes);
    keep_essential(bytes);
    return decoded(path, bytes);
}

Tensor read_png(const std::string& path) { return decode_png(path, read_file(path, "read_png")); }

}  // namespace eps::cli
