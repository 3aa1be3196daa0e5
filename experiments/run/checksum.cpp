#include "experiments/run/checksum.h"

#include <zlib.h>

#include <cstdio>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"

namespace eps::models {

void Checksum::add_bytes(const void* bytes, std::size_t count) {
    value_ = static_cast<std::uint32_t>(crc32_z(value_, static_cast<const Bytef*>(bytes), count));
}

Checksum& Checksum::add(const std::string& text) {
    add_bytes(text.c_str(), text.size() + 1);
    return *this;
}

Checksum& Checksum::add(const Tensor& x) {
    const NoGrad guard;
    const Tensor host = contiguous(to(x, cpu));
    add(describe(host).to_string());
    if (host.numel() > 0)
        add_bytes(host.raw_data(), static_cast<std::size_t>(host.numel()) * size_of(host.dtype()));
    return *this;
}

Checksum& Checksum::add(const NamedTensors& tensors) {
    for (const auto& [name, x] : tensors) add(name).add(x);
    return *this;
}

std::string Checksum::text() const {
    char text[9];
    std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(value_));
    return text;
}

}  // namespace eps::models
