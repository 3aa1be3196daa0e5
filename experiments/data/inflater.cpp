#include "experiments/data/inflater.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "tensor/error.h"

namespace eps::data {

struct Inflater::State {
    z_stream stream{};
    int status = Z_OK;
    std::uint64_t taken = 0, blocks = 0;  // compressed bytes and blocks of DEFLATE, of all streams

    // A block begins with tables that take time to build. Compressors write blocks of kilobytes; a
    // stream of tiny ones is made to keep the reader busy.
    bool too_many_blocks() const {
        constexpr std::uint64_t kSlack = 8192, kLeastBytes = 32;
        return blocks > kSlack + taken / kLeastBytes;
    }
};

Inflater::Inflater(Format format) : state_(std::make_unique<State>()) {
    const int gzip_only = format == Format::gzip ? 16 : 0;
    check(inflateInit2(&state_->stream, gzip_only + MAX_WBITS) == Z_OK, "inflate",
          "zlib cannot start: out of memory");
}

Inflater::~Inflater() { inflateEnd(&state_->stream); }

void Inflater::reset() { state_->status = inflateReset(&state_->stream); }

void Inflater::feed(std::span<const std::byte> input) {
    z_stream& z = state_->stream;
    z.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));  // zlib reads it
    z.avail_in = static_cast<uInt>(input.size());
}

std::span<const std::byte> Inflater::input() const {
    return {reinterpret_cast<const std::byte*>(state_->stream.next_in), state_->stream.avail_in};
}

std::size_t Inflater::read(std::span<std::byte> out) {
    z_stream& z = state_->stream;
    std::size_t done = 0;
    while (done < out.size() && z.avail_in > 0 && state_->status == Z_OK &&
           !state_->too_many_blocks()) {
        const auto room = static_cast<uInt>(
            std::min<std::size_t>(out.size() - done, std::numeric_limits<uInt>::max()));
        const uInt input = z.avail_in;
        z.next_out = reinterpret_cast<Bytef*>(out.data() + done);
        z.avail_out = room;
        state_->status = inflate(&z, Z_BLOCK);
        done += room - z.avail_out;
        state_->taken += input - z.avail_in;
        constexpr int kBlockEnds = 128;
        state_->blocks += (z.data_type & kBlockEnds) != 0 ? 1 : 0;
    }
    return done;
}

bool Inflater::ended() const { return state_->status == Z_STREAM_END; }

std::string Inflater::damage() const {
    if (state_->too_many_blocks())
        return str(state_->blocks, " blocks in ", state_->taken, " bytes");
    if (state_->status == Z_OK || ended()) return "";
    return state_->stream.msg ? state_->stream.msg : "zlib cannot continue";
}

}  // namespace eps::data
