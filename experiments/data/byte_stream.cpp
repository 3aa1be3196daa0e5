#include "experiments/data/byte_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace eps::data {
namespace {

// DEFLATE encodes at most 258 bytes in two bits (https://zlib.net/zlib_tech.html).
constexpr std::uint64_t kMaxRatio = 1032;

}  // namespace

struct ByteStream::Gzip {
    z_stream state{};
    std::array<std::byte, 32768> input;
    bool finished = false;

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
    if (start == std::array{std::byte{0x1f}, std::byte{0x8b}}) gzip_ = std::make_unique<Gzip>();
}

ByteStream::~ByteStream() = default;

std::uint64_t ByteStream::max_size() const {
    if (!gzip_) return file_.size();
    return file_.size() > std::numeric_limits<std::uint64_t>::max() / kMaxRatio
               ? std::numeric_limits<std::uint64_t>::max()
               : file_.size() * kMaxRatio;
}

std::size_t ByteStream::read(std::span<std::byte> out) {
    return gzip_ ? read_gzip(out) : read_plain(out);
}

std::size_t ByteStream::read_plain(std::span<std::byte> out) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), file_.size() - position_));
    file_.read(position_, out.first(count));
    position_ += count;
    return count;
}

void ByteStream::refill() {
    const auto count = static_cast<std::size_t>(
        std::min<std::uint64_t>(gzip_->input.size(), file_.size() - position_));
    if (count == 0) file_.fail("truncated gzip stream: the file ends within it");
    file_.read(position_, std::span(gzip_->input).first(count));
    position_ += count;
    gzip_->state.next_in = reinterpret_cast<Bytef*>(gzip_->input.data());
    gzip_->state.avail_in = static_cast<uInt>(count);
}

std::size_t ByteStream::read_gzip(std::span<std::byte> out) {
    z_stream& z = gzip_->state;
    std::size_t done = 0;
    while (done < out.size() && !gzip_->finished) {
        if (z.avail_in == 0) refill();
        const auto room = static_cast<uInt>(
            std::min<std::size_t>(out.size() - done, std::numeric_limits<uInt>::max()));
        z.next_out = reinterpret_cast<Bytef*>(out.data() + done);
        z.avail_out = room;
        const int status = inflate(&z, Z_NO_FLUSH);
        done += room - z.avail_out;
        if (status == Z_STREAM_END)
            gzip_->finished = true;  // zlib has checked checksum and length
        else if (status != Z_OK)
            file_.fail(str("damaged gzip stream (", z.msg ? z.msg : "zlib cannot continue", ")"));
    }
    if (gzip_->finished && (z.avail_in > 0 || position_ < file_.size()))
        file_.fail("bytes after the end of the gzip stream");
    return done;
}

}  // namespace eps::data
