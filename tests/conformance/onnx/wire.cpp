#include "tests/conformance/onnx/wire.h"

#include <bit>
#include <cstring>

#include "tensor/error.h"

namespace eps::conformance {

bool WireReader::next(Field& field) {
    if (at_end()) return false;
    const std::uint64_t key = varint();
    check(key >> 3 >= 1 && key >> 3 < (1u << 29), message_, "no field can have number ", key >> 3,
          "; the file is damaged");
    field.number_ = static_cast<std::uint32_t>(key >> 3);
    field.wire_ = static_cast<Field::Wire>(key & 7);
    field.bytes_ = {};
    switch (field.wire_) {
        case Field::Wire::varint: field.bits_ = varint(); return true;
        case Field::Wire::fixed64: field.bits_ = fixed(8); return true;
        case Field::Wire::fixed32: field.bits_ = fixed(4); return true;
        case Field::Wire::bytes: break;
        default:
            fail(message_, "field ", field.number_, " has unknown wire type ", key & 7,
                 "; expected 0, 1, 2 or 5");
    }
    const std::uint64_t length = varint();
    const std::uint64_t rest = bytes_.size() - at_;
    check(length <= rest, message_, "field ", field.number_, " claims ", length, " bytes; only ",
          rest, " are left");
    field.bytes_ = bytes_.substr(at_, static_cast<std::size_t>(length));
    at_ += static_cast<std::size_t>(length);
    return true;
}

// Each byte holds seven bits, the lowest first; its top bit says that another byte follows. 64 bits
// take at most ten bytes.
std::uint64_t WireReader::varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        check(!at_end(), message_, "ends within a number");
        const auto byte = static_cast<unsigned char>(bytes_[at_++]);
        check(shift < 63 || byte <= 1, message_, "a number has more than 64 bits");
        value |= std::uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) return value;
    }
    fail(message_, "a number has more than ten bytes");
}

std::uint64_t WireReader::fixed(std::size_t width) {
    check(bytes_.size() - at_ >= width, message_, "ends within a number of ", width, " bytes");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
        value |= std::uint64_t{static_cast<unsigned char>(bytes_[at_ + i])} << (8 * i);
    at_ += width;
    return value;
}

void Field::wrong_type(const char* wanted) const {
    fail("onnx", "field ", number_, " has wire type ", static_cast<int>(wire_), "; expected ",
         wanted);
}

std::int64_t Field::integer() const {
    if (wire_ != Wire::varint) wrong_type("a varint (0)");
    return static_cast<std::int64_t>(bits_);
}

float Field::real() const {
    if (wire_ != Wire::fixed32) wrong_type("four bytes (5)");
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits_));
}

std::string_view Field::bytes() const {
    if (wire_ != Wire::bytes) wrong_type("bytes (2)");
    return bytes_;
}

void Field::append_to(std::vector<std::uint64_t>& out) const {
    if (wire_ == Wire::varint) return out.push_back(bits_);
    WireReader packed(bytes(), "packed integers");
    while (!packed.at_end()) out.push_back(packed.varint());
}

void Field::append_to(std::vector<std::int64_t>& out) const {
    std::vector<std::uint64_t> numbers;
    append_to(numbers);
    for (const std::uint64_t number : numbers) out.push_back(static_cast<std::int64_t>(number));
}

namespace {
template <class T> void append_packed(std::string_view bytes, std::vector<T>& out) {
    check(bytes.size() % sizeof(T) == 0, "onnx", "packed numbers of ", sizeof(T), " bytes take ",
          bytes.size(), "; expected a multiple");
    const std::size_t before = out.size();
    out.resize(before + bytes.size() / sizeof(T));
    if (!bytes.empty()) std::memcpy(out.data() + before, bytes.data(), bytes.size());
}
}  // namespace

void Field::append_to(std::vector<float>& out) const {
    if (wire_ == Wire::fixed32) return out.push_back(real());
    append_packed(bytes(), out);
}

void Field::append_to(std::vector<double>& out) const {
    if (wire_ == Wire::fixed64) return out.push_back(std::bit_cast<double>(bits_));
    append_packed(bytes(), out);
}

}  // namespace eps::conformance
