#include "tensor/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "tensor/io/json_scanner.h"

namespace eps::detail {
namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000;  // bytes; the reference implementation's limit
constexpr std::size_t kMaxName = 65'536;           // bytes of a name, a key or a type
constexpr std::size_t kMaxMetadata = 4096;         // keys

class HeaderParser {
public:
    HeaderParser(const InputFile& file, std::uint64_t length)
        : file_(file), json_(file, 8, length) {
        header_.index.reserve(length);
        header_.data_offset = 8 + length;
    }

    SafetensorsHeader parse() {
        open('{');
        bool has_metadata = false;
        for (bool first = true; json_.next('}', first);) {
            text(name_);
            json_.take(':');
            if (name_ != "__metadata__")
                tensor();
            else if (std::exchange(has_metadata, true))
                fail("the name '__metadata__' occurs twice");
            else if (!json_.null())
                metadata();
        }
        json_.finish();
        if (const auto name = header_.index.sort_names())
            fail(str("the name '", *name, "' occurs twice"));
        return std::move(header_);
    }

private:
    void metadata() {
        open('{');
        for (bool first = true; json_.next('}', first);) {
            text(key_);
            json_.take(':');
            if (json_.peek() != '"') unexpected();
            if (!header_.metadata.emplace(key_, json_.text()).second)
                fail(str("the metadata key '", key_, "' occurs twice"));
            if (header_.metadata.size() > kMaxMetadata)
                fail(str("more than ", kMaxMetadata, " metadata keys"));
        }
    }

    void tensor() {
        open('{');
        entry_ = {};
        seen_ = {};
        for (bool first = true; json_.next('}', first);) {
            text(key_);
            json_.take(':');
            if (key_ == "dtype")
                dtype();
            else if (key_ == "shape")
                shape();
            else if (key_ == "data_offsets")
                offsets();
            else
                json_.skip_value();
        }
        if (!seen_[0] || !seen_[1] || !seen_[2])
            fail(str("dtype, shape or data_offsets is missing", of_tensor()));
        check_size();
        entry_.name = name_;
        header_.index.add(entry_);
    }

    void dtype() {
        once(0);
        text(text_);
        entry_.type = safetensors_type(text_);
        if (entry_.type == nullptr) fail(str("the format has no dtype '", text_, "'", of_tensor()));
    }

    void shape() {
        once(1);
        elements_ = 1;
        has_zero_ = overflows_ = false;
        open('[');
        for (bool first = true; json_.next(']', first);) {
            const std::uint64_t extent = number();
            if (extent > static_cast<std::uint64_t>(INT64_MAX))
                fail(str("the extent ", extent, " is too large", of_tensor()));
            has_zero_ = has_zero_ || extent == 0;
            overflows_ =
                overflows_ ||
                __builtin_mul_overflow(elements_, std::max<std::uint64_t>(extent, 1), &elements_);
            entry_.too_many_dimensions = entry_.shape.rank() == kMaxRank;
            if (!entry_.too_many_dimensions)
                entry_.shape.push_back(static_cast<std::int64_t>(extent));
        }
    }

    void offsets() {
        once(2);
        open('[');
        std::size_t count = 0;
        for (bool first = true; json_.next(']', first); ++count) {
            const std::uint64_t offset = number();
            if (count < 2) (count == 0 ? entry_.begin : entry_.end) = offset;
        }
        if (count != 2) fail(str("data_offsets is not a pair", of_tensor()));
    }

    // The byte range must be that of the elements. Widened to i64, they must have a size, too.
    void check_size() {
        const auto bits = static_cast<std::uint64_t>(entry_.type->bits);
        std::uint64_t room = 0;
        if (overflows_ || __builtin_mul_overflow(elements_, std::uint64_t{64}, &room) ||
            room > static_cast<std::uint64_t>(INT64_MAX))
            fail(str("shape ", entry_.shape, of_tensor(), " overflows"));
        const std::uint64_t wanted = has_zero_ ? 0 : elements_ * bits;
        if (wanted % 8 != 0)
            fail(str(elements_, " elements of ", bits, " bits", of_tensor(), " end within a byte"));
        if (entry_.begin > entry_.end || entry_.end - entry_.begin != wanted / 8)
            file_.fail(str("header: tensor '", name_, "' has data_offsets [", entry_.begin, ", ",
                           entry_.end, "]"),
                       str("; expected ", wanted / 8, " bytes for ", entry_.type->name, " ",
                           entry_.shape));
    }

    void once(std::size_t key) {
        if (std::exchange(seen_[key], true)) fail(str("repeated key '", key_, "'", of_tensor()));
    }
    void open(char bracket) {
        if (json_.peek() != bracket) unexpected();
        json_.take(bracket);
    }
    void text(std::string& out) {
        if (json_.peek() != '"') unexpected();
        json_.text(out, kMaxName);
    }
    std::uint64_t number() {
        if (std::string_view(json_.kind()) != "a number") unexpected();
        const std::uint64_t value = json_.whole_number();
        if (std::string_view(json_.kind()) == "a fraction") unexpected();
        return value;
    }
    [[noreturn]] void unexpected() {
        const std::string kind = json_.kind();
        if (kind.empty()) json_.fail();
        fail(kind + " where the format has none" + (name_.empty() ? "" : ", near '" + name_ + "'"));
    }
    std::string of_tensor() const { return " of tensor '" + name_ + "'"; }
    [[noreturn]] void fail(const std::string& what) const { file_.fail("header: " + what); }

    const InputFile& file_;
    JsonScanner json_;
    SafetensorsHeader header_;
    SafetensorsEntry entry_;
    std::string name_, key_, text_;
    std::array<bool, 3> seen_{};  // dtype, shape, data_offsets of entry_
    std::uint64_t elements_ = 1;  // product of the extents of entry_ that are not 0
    bool has_zero_ = false, overflows_ = false;
};

// Sorted by offset, each tensor must begin where the one before ends, and the last must end where
// the file does.
void check_cover(const InputFile& file, const SafetensorsIndex& index, std::uint64_t data_bytes) {
    struct Range {
        std::uint64_t begin, end;
        std::uint32_t i;
        bool operator<(const Range& other) const {
            return begin != other.begin ? begin < other.begin : end < other.end;
        }
    };
    std::vector<Range> ranges;
    ranges.reserve(index.size());
    for (std::size_t i = 0; i < index.size(); ++i) {
        const SafetensorsEntry entry = index[i];
        ranges.push_back({entry.begin, entry.end, static_cast<std::uint32_t>(i)});
    }
    std::sort(ranges.begin(), ranges.end());
    std::uint64_t expected = 0;
    for (const auto& [begin, end, i] : ranges) {
        if (begin != expected)
            file.fail(
                str("header: ", begin < expected ? "overlap" : "hole",
                    " in the data before tensor '", index[i].name, "', which begins at ", begin),
                str("; expected ", expected));
        expected = end;
    }
    if (expected > data_bytes)
        file.fail(str("truncated: ", data_bytes, " bytes of data"), str("; expected ", expected));
    if (expected < data_bytes)
        file.fail(str("data after the last tensor: ", data_bytes, " bytes"),
                  str("; expected ", expected));
}

}  // namespace

SafetensorsHeader read_safetensors_header(const InputFile& file) {
    std::array<std::byte, 8> start{};
    if (file.size() < start.size())
        file.fail(str("truncated: ", file.size(), " bytes"),
                  "; expected a safetensors file, which begins with a length of 8 bytes");
    file.read(0, start);
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < start.size(); ++i)
        length |= std::to_integer<std::uint64_t>(start[i]) << (8 * i);
    if (length > kMaxHeader)
        file.fail(str("no safetensors file: a header of ", length, " bytes"),
                  str("; expected at most ", kMaxHeader));
    if (length > file.size() - start.size())
        file.fail(str("truncated: ", file.size(), " bytes"),
                  str("; expected ", start.size() + length, " for the header alone"));
    SafetensorsHeader header = HeaderParser(file, length).parse();
    check_cover(file, header.index, file.size() - header.data_offset);
    return header;
}

}  // namespace eps::detail
