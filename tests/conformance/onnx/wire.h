#pragma once
// The wire format of Protocol Buffers, as far as ONNX files need it: a message is a sequence of
// fields, and a field is a number and a value. Whatever the bytes are, reading them gives fields or
// throws an Error; it never goes outside the bytes.
#include <cstdint>
#include <string_view>
#include <vector>

namespace eps::conformance {

class Field {
public:
    enum class Wire { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

    std::uint32_t number() const { return number_; }
    /// The value, as the type that the schema gives it. Throws if the wire holds another kind.
    std::int64_t integer() const;
    float real() const;
    std::string_view bytes() const;

    // Repeated numbers are stored one in a field, or packed: all of them in the bytes of one field.
    // Readers must accept both.
    void append_to(std::vector<std::int64_t>& out) const;
    void append_to(std::vector<std::uint64_t>& out) const;
    void append_to(std::vector<float>& out) const;
    void append_to(std::vector<double>& out) const;

private:
    friend class WireReader;
    [[noreturn]] void wrong_type(const char* wanted) const;
    std::uint32_t number_ = 0;
    Wire wire_ = Wire::varint;
    std::uint64_t bits_ = 0;  // the value, if it is a number
    std::string_view bytes_;
};

/// The fields of one message, in order:
///     WireReader reader(bytes, "NodeProto");
///     for (Field field; reader.next(field);) ...
class WireReader {
public:
    /// `message` is the name that errors begin with.
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
