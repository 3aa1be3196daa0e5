#include "experiments/data/byte_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace eps::data {
namespace {

constexpr std::byte kMagic[] = {std::byte{0x1f}, std::byte{0x8b}};

}  // namespace

struct ByteStream::Gzip {
    z_stream state{};
    std::array<std::byte, 32768> input;
    std::uint64_t blocks = 0;  // of DEFLATE, so far
    bool between = false;      // one member has ended, and the next has not begun
    bool ended = false;

    Gzip() {
        constexpr int kGzipOnly = 16 + MAX_WBITS;
        check(inflateInit2(&state, kGzipOnly) == Z_OK, "gzip", "zlib cannot start: out of memory");
    }
    ~Gzip() { inflateEnd(&state); }
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;
};

ByteStream::ByteStream(std::string path, const char* op) : file_(std::move(path), op) {
    std::array<std::byte, 2> start{};
    if (file_.size() < start.size()) return;
    file_.read(0, start);
    if (std::ranges::equal(start, kMagic)) gzip_ = std::make_unique<Gzip>();
}

ByteStream::~ByteStream() = default;

void ByteStream::rewind() {
    position_ = 0;
    if (!gzip_) return;
    inflateReset(&gzip_->state);
    gzip_->state.avail_in = 0;
    gzip_->blocks = 0;
    gzip_->between = gzip_->ended = false;
}

std::size_t ByteStream::read(std::span<std::byte> out) {
    return gzip_ ? read_gzip(out) : read_plain(out);
}

std::uint64_t ByteStream::skip(std::uint64_t most) {
    std::array<std::byte, 32768> scratch;
    std::uint64_t done = 0;
    while (done < most) {
        const auto room =
            static_cast<std::size_t>(std::min<std::uint64_t>(scratch.size(), most - done));
        const std::size_t count = read(std::span(scratch).first(room));
        done += count;
        if (count < room) break;
    }
    return done;
}

std::size_t ByteStream::read_plain(std::span<std::byte> out) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), file_.size() - position_));
    file_.read(position_, out.first(count));
    position_ += count;
    return count;
}

// Makes sure that compressed bytes are there. Returns false at the end of the file.
bool ByteStream::fill() {
    z_stream& z = gzip_->state;
    if (z.avail_in > 0) return true;
    const std::size_t count = read_plain(gzip_->input);
    z.next_in = reinterpret_cast<Bytef*>(gzip_->input.data());
    z.avail_in = static_cast<uInt>(count);
    return count > 0;
}

// Begins the next member. Returns false if there is none.
bool ByteStream::next_member() {
    z_stream& z = gzip_->state;
    if (fill() && *z.next_in != 0) {
        if (*z.next_in != std::to_integer<Bytef>(kMagic[0]))
            file_.fail("bytes after the end of the gzip stream",
                       "; expected another gzip stream, zeros or nothing");
        gzip_->between = false;
        return inflateReset(&z) == Z_OK;
    }
    while (fill()) {
        const Bytef* const end = z.next_in + z.avail_in;
        if (std::any_of(static_cast<const Bytef*>(z.next_in), end, [](Bytef b) { return b != 0; }))
            file_.fail("bytes after the end of the gzip stream and zeros", "; expected nothing");
        z.avail_in = 0;
    }
    gzip_->ended = true;
    return false;
}

// A block of DEFLATE begins with tables that take time to build. Compressors write blocks of
// kilobytes; a stream of tiny ones is made to keep the reader busy.
void ByteStream::count_block() {
    constexpr std::uint64_t kSlack = 8192, kLeastBytes = 32;
    const std::uint64_t taken = position_ - gzip_->state.avail_in;
    if (++gzip_->blocks > kSlack + taken / kLeastBytes)
        file_.fail(str("damaged gzip stream (", gzip_->blocks, " blocks in ", taken, " bytes)"));
}

std::size_t ByteStream::read_gzip(std::span<std::byte> out) {
    z_stream& z = gzip_->state;
    std::size_t done = 0;
    while (done < out.size() && !gzip_->ended) {
        if (gzip_->between && !next_member()) break;
        if (!fill()) file_.fail("truncated gzip stream: the file ends within it");
        const auto room = static_cast<uInt>(
            std::min<std::size_t>(out.size() - done, std::numeric_limits<uInt>::max()));
        z.next_out = reinterpret_cast<Bytef*>(out.data() + done);
        z.avail_out = room;
        const int status = inflate(&z, Z_BLOCK);
        done += room - z.avail_out;
        if (status == Z_STREAM_END)
            gzip_->between = true;  // zlib has checked checksum and length
        else if (status != Z_OK)
            file_.fail(str("damaged gzip stream (", z.msg ? z.msg : "zlib cannot continue", ")"));
        constexpr int kBlockEnds = 128;
        if ((z.data_type & kBlockEnds) != 0) count_block();
    }
    return done;
}

}  // namespace eps::data
