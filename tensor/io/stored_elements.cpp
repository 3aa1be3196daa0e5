#include "tensor/io/stored_elements.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tensor/raw_copy.h"

namespace eps {
namespace {

void check_booleans(const InputFile& file, std::span<const std::byte> bytes) {
    for (const std::byte b : bytes)
        if (std::to_integer<int>(b) > 1)
            file.fail(str("a bool is stored as ", std::to_integer<int>(b)), "; expected 0 or 1");
}

void reverse_each(std::span<std::byte> elements, std::size_t size) {
    for (; !elements.empty(); elements = elements.subspan(size))
        std::reverse(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(size));
}

// Widens integers in place: they stand at the end of the target and are written from its start, so
// none is overwritten before it is used.
void widen(const InputFile& file, std::span<std::byte> target, const StoredElement& element) {
    const std::size_t count = target.size() / 8;
    const auto* const narrow =
        reinterpret_cast<const unsigned char*>(target.last(count * element.bytes).data());
    const bool is_signed = element.integer == StoredElement::Integer::widened_signed;
    const std::uint64_t sign = std::uint64_t{1} << (8 * element.bytes - 1);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t value = 0;
        for (std::size_t b = 0; b < element.bytes; ++b)
            value |= std::uint64_t{narrow[i * element.bytes + b]} << (8 * b);
        if (is_signed) value = (value ^ sign) - sign;
        if (!is_signed && value > INT64_MAX)
            file.fail(str("an unsigned integer is ", value),
                      "; expected less than 2^63, to be read as i64");
        std::memcpy(target.data() + 8 * i, &value, 8);
    }
}

}  // namespace

std::optional<std::uint64_t> byte_count(const Shape& shape, std::size_t element_bytes) {
    std::int64_t bytes = static_cast<std::int64_t>(element_bytes);
    bool has_zero = false;
    for (const std::int64_t extent : shape) {
        if (extent < 0 || __builtin_mul_overflow(bytes, extent == 0 ? 1 : extent, &bytes))
            return std::nullopt;
        has_zero = has_zero || extent == 0;
    }
    return has_zero ? 0 : static_cast<std::uint64_t>(bytes);
}

Tensor read_tensor(const InputFile& file, std::uint64_t offset, const Shape& shape,
                   const StoredElement& element) {
    Tensor x = empty(shape, {.dtype = element.dtype});
    const auto count = static_cast<std::size_t>(x.numel());
    const std::span target(static_cast<std::byte*>(x.raw_data()), count * size_of(element.dtype));
    const std::span bytes = target.last(count * element.bytes);
    file.read(offset, bytes);
    if (element.big_endian) reverse_each(bytes, element.bytes);
    if (element.dtype == boolean) check_booleans(file, bytes);
    if (element.integer != StoredElement::Integer::kept) widen(file, target, element);
    return x;
}

HostBytes host_bytes(const Tensor& x) {
    Tensor host = raw::contiguous(raw::to(x, cpu));
    const auto* const first = static_cast<const std::byte*>(host.raw_data());
    const std::span bytes(first, static_cast<std::size_t>(host.numel()) * size_of(host.dtype()));
    return {std::move(host), bytes};
}

}  // namespace eps
