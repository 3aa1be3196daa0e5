#include "tensor/io/json_scanner.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

namespace eps::detail {
namespace {

constexpr std::size_t kWindow = 65536;
constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
constexpr int kMaxDepth = 128;  // of lists and objects within each other

// Checks UTF-8 byte by byte (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF.
class Utf8 {
public:
    bool accepts(unsigned char c) {
        if (left_ > 0) {
            const bool fits = c >= low_ && c <= high_;
            low_ = 0x80;
            high_ = 0xbf;
            --left_;
            return fits;
        }
        if (c < 0x80) return true;
        if (c < 0xc2 || c > 0xf4) return false;
        left_ = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        low_ = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
        high_ = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
        return true;
    }
    bool complete() const { return left_ == 0; }

private:
    int left_ = 0;  // bytes of the character that are still to come, the next from low_ to high_
    unsigned char low_ = 0x80, high_ = 0xbf;
};

std::string utf8(std::uint32_t code) {
    const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
    const auto tail = [&](int shift) { return byte(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) return {byte(code)};
    if (code < 0x800) return {byte(0xc0 | code >> 6), tail(0)};
    if (code < 0x10000) return {byte(0xe0 | code >> 12), tail(6), tail(0)};
    return {byte(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

JsonScanner::JsonScanner(const InputFile& file, std::uint64_t begin, std::uint64_t length)
    : file_(file), begin_(begin), length_(length) {}

void JsonScanner::fail() const { file_.fail(str("the JSON is wrong at byte ", position())); }

bool JsonScanner::fill() {
    if (loaded_ == length_) return false;
    window_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kWindow, length_ - loaded_)));
    file_.read(begin_ + loaded_, std::as_writable_bytes(std::span(window_)));
    loaded_ += window_.size();
    at_ = 0;
    return true;
}

void JsonScanner::seek(std::uint64_t position) {
    const std::uint64_t window_begin = loaded_ - window_.size();
    if (position >= window_begin) {
        at_ = static_cast<std::size_t>(position - window_begin);
        return;
    }
    loaded_ = position;
    window_.clear();
    at_ = 0;
}

unsigned char JsonScanner::get() {
    if (at_ == window_.size() && !fill()) fail();
    return static_cast<unsigned char>(window_[at_++]);
}

char JsonScanner::peek() {
    while (at_ < window_.size() || fill()) {
        const char c = window_[at_];
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return c;
        ++at_;
    }
    return '\0';
}

void JsonScanner::take(char expected) {
    if (peek() != expected) fail();
    ++at_;
}

bool JsonScanner::next(char close, bool& first) {
    const bool ends = peek() == close;
    if (ends)
        ++at_;
    else if (!first)
        take(',');
    if (!ends && peek() == close) fail();  // a comma before the end
    first = false;
    return !ends;
}

std::uint32_t JsonScanner::hex4() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
        const unsigned char c = get();
        const int lower = c | 0x20;
        const bool letter = lower >= 'a' && lower <= 'f';
        if (!letter && !is_digit(static_cast<char>(c))) fail();
        code = code * 16 + static_cast<std::uint32_t>(letter ? lower - 'a' + 10 : c - '0');
    }
    return code;
}

// The character of an escape whose backslash has been taken.
std::uint32_t JsonScanner::escape() {
    constexpr std::string_view kShort = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
    const unsigned char c = get();
    if (c != 'u') {
        const std::size_t at = kShort.find(static_cast<char>(c));
        if (at == std::string_view::npos) fail();
        return static_cast<std::uint32_t>(kMeaning[at]);
    }
    const std::uint32_t high = hex4();
    if (high < 0xd800 || high > 0xdfff) return high;
    // A surrogate counts only as the first of a pair.
    if (high > 0xdbff || get() != '\\' || get() != 'u') fail();
    const std::uint32_t low = hex4();
    if (low < 0xdc00 || low > 0xdfff) fail();
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

// Takes a string, appends it to `out` if there is one, and returns its length.
std::size_t JsonScanner::string(std::string* out, std::size_t most) {
    take('"');
    Utf8 encoding;
    std::size_t length = 0;
    while (true) {
        const unsigned char c = get();
        if (c < 0x20 || !encoding.accepts(c)) fail();
        if (c == '"') return length;
        if (c == '\\') {
            const std::string character = utf8(escape());
            length += character.size();
            if (out) out->append(character);
        } else {
            ++length;
            if (out) out->push_back(static_cast<char>(c));
        }
        if (length > most) file_.fail(str("a text of more than ", most, " bytes"));
    }
}

void JsonScanner::text(std::string& out, std::size_t most) {
    out.clear();
    string(&out, most);
}

std::string JsonScanner::text() {
    peek();
    const std::uint64_t start = position();
    std::string out;
    out.reserve(string(nullptr, kUnlimited));
    seek(start);
    string(&out, kUnlimited);
    return out;
}

std::uint64_t JsonScanner::whole_number() {
    if (!is_digit(peek())) fail();
    std::uint64_t value = 0;
    bool leading_zero = false;
    for (int digits = 0; (at_ < window_.size() || fill()) && is_digit(window_[at_]); ++digits) {
        if (leading_zero) fail();
        const auto digit = static_cast<std::uint64_t>(window_[at_] - '0');
        if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
            __builtin_add_overflow(value, digit, &value))
            file_.fail("a number beyond 2^64");
        leading_zero = digits == 0 && digit == 0;
        ++at_;
    }
    return value;
}

bool JsonScanner::null() {
    if (peek() != 'n') return false;
    word("null");
    return true;
}

void JsonScanner::word(std::string_view expected) {
    for (const char c : expected)
        if (get() != static_cast<unsigned char>(c)) fail();
}

void JsonScanner::skip_number() {
    const auto digits = [&] {
        if (!is_digit(static_cast<char>(get()))) fail();
        while ((at_ < window_.size() || fill()) && is_digit(window_[at_])) ++at_;
    };
    const auto accept = [&](std::string_view any) {
        const bool found = (at_ < window_.size() || fill()) && any.find(window_[at_]) != any.npos;
        at_ += found ? 1 : 0;
        return found;
    };
    accept("-");
    if (!accept("0")) digits();
    if (accept(".")) digits();
    if (accept("eE")) {
        accept("+-");
        digits();
    }
}

void JsonScanner::skip_value(int depth) {
    const char start = peek();
    if (start == '{' || start == '[') {
        if (depth == kMaxDepth) file_.fail(str("JSON nested more than ", kMaxDepth, " times"));
        take(start);
        for (bool first = true; next(start == '{' ? '}' : ']', first);) {
            if (start == '{') {
                string(nullptr, kUnlimited);
                take(':');
            }
            skip_value(depth + 1);
        }
    } else if (start == '"') {
        string(nullptr, kUnlimited);
    } else if (start == 't' || start == 'f' || start == 'n') {
        word(start == 't' ? "true" : start == 'f' ? "false" : "null");
    } else {
        skip_number();
    }
}

void JsonScanner::finish() {
    peek();
    if (position() != length_) fail();
}

const char* JsonScanner::kind() {
    switch (peek()) {
        case '{': return "an object";
        case '[': return "a list";
        case '"': return "a string";
        case 't':
        case 'f': return "a boolean";
        case 'n': return "null";
        case '-': return "a negative number";
        case '.':
        case 'e':
        case 'E': return "a fraction";
        default: return is_digit(peek()) ? "a number" : "";
    }
}

std::string json_string(const std::string& text, const char* op) {
    Utf8 encoding;
    bool valid = true;
    std::string out = "\"";
    for (const char c : text) {
        constexpr std::string_view kShort = "\"\\bfnrt", kMeaning = "\"\\\b\f\n\r\t";
        valid = valid && encoding.accepts(static_cast<unsigned char>(c));
        if (const std::size_t at = kMeaning.find(c); at != kMeaning.npos) {
            out += {'\\', kShort[at]};
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 7> code{};
            std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
            out += code.data();
        } else {
            out += c;
        }
    }
    check(valid && encoding.complete(), op, "a name or metadata text is not valid UTF-8");
    return out + '"';
}

}  // namespace eps::detail
