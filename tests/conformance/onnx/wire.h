#pragma once
// The wire format of Protocol Buffers, as far as ONNX files need it: a message is a sequence of
// fields, a field a number and a value. Whatever the bytes are, reading ends in fields or in an
// Error, and never outside the bytes.
#include <cstdint>
#include <string_view>
#include <vector>

namespace eps::conformance {

class Field {
public:
    enum class Wire { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

    std::uint32_t number() const { return number_; }
    /// The value as what the schema says it is; throws where the wire holds another kind.
    std::int64_t integer() const;
    float real() const;
    std::string_view bytes() const;

    // A repeated number is stored one a field, or packed: all of them in the bytes of one field.
    // Readers must take both.
    void append_to(std::vector<std::int64_t>& out) const;
    void append_to(std::vector<std::uint64_t>& out) const;
    void append_to(std::vector<float>& out) const;
    void append_to(std::vector<double>& out) const;

private:
    friend class WireReader;
    [[noreturn]] void refuse(const char* wanted) const;
    std::uint32_t number_ = 0;
    Wire wire_ = Wire::varint;
    std::uint64_t bits_ = 0;  // of the three kinds of numbers
    std::string_view bytes_;
};

/// The fields of one message, in order:  WireReader reader(bytes, "NodeProto"); for (Field field;
/// reader.next(field);) ...
class WireReader {
public:
    /// `message` is its name in complaints.
    WireReader(std::string_view bytes, const char* message) : bytes_(bytes), message_(message) {}
    /// The next field; false at the end of the message.
    bool next(Field& field);
    bool at_end() const { return at_ == bytes_.size(); }
    std::uint64_t varint();

private:
    std::uint64_t fixed(std::size_t width);
    std::string_view bytes_;
    const char* message_;
    std::size_t at_ = 0;
};

}  // namespace eps::conformance
