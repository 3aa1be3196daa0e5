#include "tensor/io/npy.h"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor/io/atomic_file.h"
#include "tensor/io/input_file.h"
#include "tensor/io/stored_elements.h"

namespace eps {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;  // alignment of the data
// NumPy leaves room for so many digits of the first extent.
constexpr std::size_t kGrowthDigits = 21;
constexpr std::uint64_t kMaxHeader = 10'000;  // bytes; NumPy's limit, too

struct Header {
    std::string descr;
    bool fortran_order = false;
    Shape shape;
    std::uint64_t data_offset = 0;
};

// Parses the header, which is a Python dictionary literal with exactly three keys.
class HeaderParser {
public:
    HeaderParser(const InputFile& file, std::string_view text, int version)
        : file_(file), text_(text), version_(version) {}

    Header parse() {
        expect('{', "header is not a dictionary");
        while (!accept('}')) {
            entry();
            if (!accept(',')) {
                expect('}', "header lacks a ',' or '}'");
                break;
            }
        }
        skip_spaces();
        if (at_ != text_.size()) fail("header continues after its '}'");
        if (!descr_ || !fortran_ || !shape_)
            fail("header lacks 'descr', 'fortran_order' or 'shape'");
        return {*descr_, *fortran_, *shape_, 0};
    }

private:
    void entry() {
        const std::string key = quoted("a key");
        expect(':', "header lacks a ':' after a key");
        if (key == "descr" && !descr_)
            descr_ = descr();
        else if (key == "fortran_order" && !fortran_)
            fortran_ = boolean_value();
        else if (key == "shape" && !shape_)
            shape_ = shape_value();
        else
            fail(str("header has an unknown or repeated key '", key, "'"));
    }

    std::string descr() {
        skip_spaces();
        if (peek() == '[')
            fail("structured elements",
                 "; expected a plain number type; hint: save one field: np.save(path, a['field'])");
        return quoted("'descr'");
    }

    std::string quoted(const char* what) {
        skip_spaces();
        const char quote = peek();
        if (quote != '\'' && quote != '"') fail(str("header: ", what, " is not a quoted string"));
        const std::size_t begin = ++at_;
        while (at_ < text_.size() && text_[at_] != quote) ++at_;
        if (at_ == text_.size()) fail(str("header: ", what, " has no closing quote"));
        return std::string(text_.substr(begin, at_++ - begin));
    }

    bool boolean_value() {
        skip_spaces();
        for (const auto& [word, value] : {std::pair("True", true), std::pair("False", false)})
            if (text_.substr(at_).starts_with(word)) {
                at_ += std::strlen(word);
                return value;
            }
        fail("header: 'fortran_order' is neither True nor False");
    }

    Shape shape_value() {
        Shape shape;
        bool comma = true;  // Python's (3) is a number, (3,) a tuple
        expect('(', "header: 'shape' is not a tuple");
        while (!accept(')')) {
            if (!comma) fail("header: 'shape' lacks a ','");
            if (shape.rank() == kMaxRank)
                fail("too many dimensions", str("; expected at most ", kMaxRank));
            shape.push_back(extent());
            comma = accept(',');
        }
        if (shape.rank() == 1 && !comma) fail("header: 'shape' is not a tuple");
        return shape;
    }

    std::int64_t extent() {
        skip_spaces();
        std::int64_t value = -1;
        const char* const end = text_.data() + text_.size();
        const auto [stop, error] = std::from_chars(text_.data() + at_, end, value);
        if (error == std::errc::result_out_of_range)
            fail("header: an extent of 'shape' is too large");
        if (error != std::errc() || value < 0)
            fail("header: an extent of 'shape' is not a number >= 0");
        at_ = static_cast<std::size_t>(stop - text_.data());
        if (peek() == 'L' && version_ < 3) ++at_;  // a whole number of Python 2
        return value;
    }

    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip_spaces() {
        while (peek() == ' ' || peek() == '\n' || peek() == '\t') ++at_;
    }
    bool accept(char c) {
        skip_spaces();
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    void expect(char c, const char* otherwise) {
        if (!accept(c)) fail(otherwise);
    }
    [[noreturn]] void fail(std::string_view what, std::string_view rest = {}) const {
        file_.fail(str(what, "; got ", excerpt()), rest);
    }
    std::string excerpt() const {
        const std::string_view start = text_.substr(0, 100);
        return str("\"", start.substr(0, start.find_last_not_of(" \n") + 1),
                   text_.size() > 100 ? "...\"" : "\"");
    }

    const InputFile& file_;
    std::string_view text_;
    int version_;
    std::size_t at_ = 0;
    std::optional<std::string> descr_;
    std::optional<bool> fortran_;
    std::optional<Shape> shape_;
};

Header read_header(const InputFile& file) {
    std::array<std::byte, 12> start{};
    const auto read_start = [&](std::size_t end) {
        if (file.size() < end)
            file.fail(str("truncated: ", file.size(), " bytes"),
                      "; expected an .npy file, whose header is longer");
        file.read(0, std::span(start).first(end));
    };
    read_start(8);
    if (std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0)
        file.fail("no .npy signature", "; expected \\x93NUMPY at the start");
    const int major = std::to_integer<int>(start[6]), minor = std::to_integer<int>(start[7]);
    if (major < 1 || major > 3 || minor != 0)
        file.fail(str("unknown format version ", major, ".", minor), "; expected 1.0, 2.0 or 3.0");
    const std::size_t length_bytes = major == 1 ? 2 : 4;
    read_start(8 + length_bytes);
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i)
        length |= std::to_integer<std::uint64_t>(start[8 + i]) << (8 * i);
    if (length > kMaxHeader)
        file.fail(str("a header of ", length, " bytes"), str("; expected at most ", kMaxHeader));
    if (length > file.size() - 8 - length_bytes)
        file.fail(str("truncated: ", file.size(), " bytes"),
                  str("; expected ", 8 + length_bytes + length, " for the header alone"));
    std::string text(static_cast<std::size_t>(length), '\0');
    file.read(8 + length_bytes, std::as_writable_bytes(std::span(text)));
    Header header = HeaderParser(file, text, major).parse();
    header.data_offset = 8 + length_bytes + length;
    return header;
}

// NumPy's name of a dtype; nullptr for bf16, which NumPy lacks.
const char* descr_of(DType dtype) {
    switch (dtype) {
        case f16: return "<f2";
        case f32: return "<f4";
        case f64: return "<f8";
        case i64: return "<i8";
        case u8: return "|u1";
        case boolean: return "|b1";
        case bf16: break;
    }
    return nullptr;
}

// The element type of 'descr': a byte order, a kind and a size, such as "<f4". Without an order,
// and with '=', it is the machine's.
StoredElement element_of(const InputFile& file, const std::string& descr) {
    constexpr const char* kExpected =
        "; expected f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 or b1, after '<', '>', '|' or '='";
    std::string_view kind = descr;
    const char order = kind.empty() ? '\0' : kind[0];
    if (order == '<' || order == '>' || order == '|' || order == '=') kind.remove_prefix(1);
    if (kind.starts_with('O'))
        file.fail("object elements (pickled Python)",
                  "; these are never read; hint: a.astype('f4')");
    const std::size_t size = kind.size() == 2 && kind[1] >= '1' && kind[1] <= '8'
                                 ? static_cast<std::size_t>(kind[1] - '0')
                                 : 0;
    std::optional<StoredElement> element;
    for (const DType dtype : {f16, f32, f64, i64, u8, boolean})
        if (kind == std::string_view(descr_of(dtype)).substr(1)) element = stored(dtype);
    if (!element && (size == 1 || size == 2 || size == 4 || size == 8)) {
        if (kind[0] == 'i') element = signed_integer(size);
        if (kind[0] == 'u') element = unsigned_integer(size);
    }
    if (!element)
        file.fail(str("unsupported element type '", descr, "'"),
                  str(kExpected, "; hint: a.astype('<f4')"));
    element->big_endian = order == '>' && element->bytes > 1;
    return *element;
}

Dims reversed(const Dims& dims) {
    Dims out = dims;
    for (int i = 0; i < dims.rank(); ++i) out[i] = dims[dims.rank() - 1 - i];
    return out;
}

std::string header_text(const Tensor& x, const char* descr) {
    std::string shape;
    for (int i = 0; i < x.rank(); ++i) shape += str(i ? ", " : "", x.shape()[i]);
    std::string text = str("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", shape,
                           x.rank() == 1 ? ",), }" : "), }");
    if (x.rank() > 0) text.append(kGrowthDigits - std::to_string(x.shape()[0]).size(), ' ');
    const std::size_t used = kMagic.size() + 4 + text.size() + 1;
    return text.append(kAlignment - used % kAlignment, ' ') + '\n';  // 1 to 64 spaces, like NumPy
}

}  // namespace

Tensor read_npy(const std::string& path) {
    const InputFile file(path, "read_npy");
    Header header = read_header(file);
    const StoredElement element = element_of(file, header.descr);
    const auto wanted = byte_count(header.shape, element.bytes);
    const std::uint64_t there = file.size() - header.data_offset;
    if (!wanted || !byte_count(header.shape, 8))
        file.fail(str("shape ", header.shape, " overflows"));
    if (*wanted != there)
        file.fail(
            str(*wanted > there ? "truncated data: " : "data after the last element: ", there,
                " bytes"),
            str("; expected ", *wanted, " for shape ", header.shape, " of '", header.descr, "'"));
    const Shape shape = header.shape;
    if (header.fortran_order) header.shape = reversed(shape);
    const Tensor x = read_tensor(file, header.data_offset, header.shape, element);
    return header.fortran_order ? x.as_strided(shape, reversed(x.strides()), 0) : x;
}

void write_npy(const std::string& path, const Tensor& x) {
    check(x.defined(), "write_npy", "the tensor for '", path, "' is undefined");
    const char* const descr = descr_of(x.dtype());
    check(descr != nullptr, "write_npy", "NumPy has no bf16; got ", describe(x), " for '", path,
          "'; hint: to(x, f32), or write_safetensors");
    const std::string text = header_text(x, descr);
    const auto length = static_cast<unsigned>(text.size());
    const char prefix[] = {'\x01', '\x00', static_cast<char>(length & 0xff),
                           static_cast<char>(length >> 8)};
    const HostBytes data = host_bytes(x);
    write_file_atomically(
        path, {as_byte_span(kMagic), as_byte_span({prefix, 4}), as_byte_span(text), data.bytes},
        "write_npy");
}

}  // namespace eps
