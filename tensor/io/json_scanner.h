#pragma once
// Strict JSON (RFC 8259) from a range of a file, one token after the other. A scanner takes a
// window of 64 KB, whatever the file holds.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tensor/io/input_file.h"

namespace eps::detail {

/// Walks through a document whose structure the caller knows:
///     json.take('{');
///     for (bool first = true; json.next('}', first);) {
///         const std::string key = json.text();
///         json.take(':');
///         if (key == "size") size = json.whole_number(); else json.skip_value();
///     }
///     json.finish();
/// Every function throws, through file.fail, where the JSON is not what it takes.
class JsonScanner {
public:
    JsonScanner(const InputFile& file, std::uint64_t begin, std::uint64_t length);

    /// The next character that is no white space, without taking it; NUL at the end.
    char peek();
    void take(char expected);
    /// Whether a list or an object goes on; takes the comma before the next element, or `close`.
    bool next(char close, bool& first);
    /// A string without its escapes, in valid UTF-8. Throws if it is longer than `most` bytes.
    void text(std::string& out, std::size_t most);
    /// The same of any length, in memory of exactly that length.
    std::string text();
    std::uint64_t whole_number();
    /// Takes null, if that is next.
    bool null();
    /// Takes a value of any kind.
    void skip_value() { skip_value(0); }
    /// Throws unless only white space is left.
    void finish();

    /// What comes next: "a string", "a list", "a negative number"; empty if it is no JSON.
    const char* kind();
    /// "the JSON is wrong at byte 12"
    [[noreturn]] void fail() const;

private:
    std::uint64_t position() const { return loaded_ - (window_.size() - at_); }
    void seek(std::uint64_t position);
    bool fill();
    unsigned char get();
    std::size_t string(std::string* out, std::size_t most);
    std::uint32_t hex4();
    std::uint32_t escape();
    void skip_value(int depth);
    void skip_number();
    void word(std::string_view expected);

    const InputFile& file_;
    std::uint64_t begin_, length_;
    std::uint64_t loaded_ = 0;  // bytes of the range up to the end of the window
    std::string window_;
    std::size_t at_ = 0;  // in the window
};

/// text as a JSON string, quotes included. Throws an Error of `op` on invalid UTF-8.
std::string json_string(const std::string& text, const char* op);

}  // namespace eps::detail
