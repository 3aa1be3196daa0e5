#include "experiments/data/byte_stream.h"

#include <algorithm>
#include <array>
#include <utility>

#include "experiments/data/inflater.h"

namespace eps::data {
namespace {

constexpr std::byte kMagic[] = {std::byte{0x1f}, std::byte{0x8b}};

}  // namespace

struct ByteStream::Gzip {
    Inflater inflater{Inflater::Format::gzip};
    std::array<std::byte, 32768> input;
    bool ended = false;  // all members have
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
    if (gzip_) gzip_ = std::make_unique<Gzip>();
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
    if (!gzip_->inflater.input().empty()) return true;
    const std::size_t count = read_plain(gzip_->input);
    gzip_->inflater.feed(std::span(gzip_->input).first(count));
    return count > 0;
}

// Begins the next member. Returns false if there is none.
bool ByteStream::next_member() {
    Inflater& inflater = gzip_->inflater;
    if (fill() && inflater.input()[0] != std::byte{0}) {
        if (inflater.input()[0] != kMagic[0])
            file_.fail("bytes after the end of the gzip stream",
                       "; expected another gzip stream, zeros or nothing");
        inflater.reset();
        return true;
    }
    while (fill()) {
        if (std::ranges::any_of(inflater.input(), [](std::byte b) { return b != std::byte{0}; }))
            file_.fail("bytes after the end of the gzip stream and zeros", "; expected nothing");
        inflater.feed({});
    }
    gzip_->ended = true;
    return false;
}

std::size_t ByteStream::read_gzip(std::span<std::byte> out) {
    Inflater& inflater = gzip_->inflater;
    std::size_t done = 0;
    while (done < out.size() && !gzip_->ended) {
        if (inflater.ended() && !next_member()) break;
        if (!fill()) file_.fail("truncated gzip stream: the file ends within it");
        done += inflater.read(out.subspan(done));
        if (const std::string damage = inflater.damage(); !damage.empty())
            file_.fail(str("damaged gzip stream (", damage, ")"));
    }
    return done;
}

}  // namespace eps::data
