// The formats of single files. Whatever can be read is written and read again, and must come back
// the same.
#include <zlib.h>

#include "cli/png.h"
#include "experiments/data/idx.h"
#include "tensor/io/npy.h"
#include "tensor/io/safetensors.h"
#include "tests/fuzz/target.h"

namespace eps::fuzz {

void fuzz_safetensors(Bytes bytes) {
    const MemoryFile file(bytes);
    SafetensorsFile first;
    NamedTensors tensors;
    if (!reads([&] {
            first = read_safetensors(file.path());
            tensors = first.tensors();
        }))
        return;
    const MemoryFile copy({});
    write_safetensors(copy.path(), tensors, first.metadata);
    const std::string written = copy.bytes();
    const SafetensorsFile second = read_safetensors(copy.path());
    require(second.size() == tensors.size(), "safetensors: a tensor was lost");
    require(second.metadata == first.metadata, "safetensors: metadata changed");
    write_safetensors(copy.path(), second.tensors(), second.metadata);
    require(copy.bytes() == written, "safetensors: written again, the bytes differ");
}

void fuzz_npy(Bytes bytes) {
    const MemoryFile file(bytes);
    Tensor first;
    if (!reads([&] { first = read_npy(file.path()); })) return;
    const MemoryFile copy({});
    write_npy(copy.path(), first);
    const std::string written = copy.bytes();
    const Tensor second = read_npy(copy.path());
    require(second.shape() == first.shape() && second.dtype() == first.dtype(),
            "npy: shape or dtype changed");
    write_npy(copy.path(), second);
    require(copy.bytes() == written, "npy: written again, the bytes differ");
}

void fuzz_idx(Bytes bytes) {
    const MemoryFile file(bytes);
    reads([&] { data::read_idx(file.path()); });
}

void fuzz_png(Bytes bytes) {
    Tensor first;
    if (!reads([&] { first = cli::decode_png("picture", {bytes.begin(), bytes.end()}); })) return;
    const auto written = cli::encode_png("picture", first);
    const Tensor second = cli::decode_png("picture", written);
    require(second.shape() == first.shape(), "png: the shape changed");
    require(cli::encode_png("picture", second) == written, "png: the pixels changed");
}

// A chunk is its length, four letters, its data, and a CRC-32 of letters and data.
void repair_png(std::span<std::byte> bytes) {
    const auto number = [&](std::size_t at) {
        std::size_t value = 0;
        for (std::size_t i = 0; i < 4; ++i)
            value = value * 256 + std::to_integer<std::size_t>(bytes[at + i]);
        return value;
    };
    for (std::size_t at = 8; at + 12 <= bytes.size();) {
        const std::size_t length = number(at);
        if (length > bytes.size() - at - 12) return;
        const auto* const start = reinterpret_cast<const Bytef*>(bytes.data() + at + 4);
        const std::size_t sum = ::crc32(0, start, static_cast<uInt>(length + 4));
        at += length + 12;
        for (std::size_t i = 0; i < 4; ++i)
            bytes[at - 4 + i] = static_cast<std::byte>(sum >> (24 - 8 * i));
    }
}

}  // namespace eps::fuzz
