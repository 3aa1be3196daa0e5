#include "tensor/io/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace eps::detail {
namespace {

using Json = nlohmann::json;

constexpr DType kDTypes[] = {boolean, u8, i64, f16, bf16, f32, f64};

// Matches the parser's events against the one structure that the format allows. A document tree
// would silently keep the last of two equal keys, and would take memory for whatever the file says.
class HeaderEvents final : public Json::json_sax_t {
public:
    HeaderEvents(const InputFile& file, SafetensorsHeader& header) : file_(file), header_(header) {}

    bool start_object(std::size_t) override {
        if (within_ == Within::start)
            within_ = Within::names;
        else if (within_ == Within::names && name_ == "__metadata__")
            within_ = Within::metadata;
        else if (within_ == Within::names) {
            within_ = Within::tensor;
            header_.entries.push_back({.name = name_, .dtype = f32, .shape = {}});
            seen_dtype_ = seen_shape_ = seen_offsets_ = false;
        } else
            unexpected("an object");
        return true;
    }

    bool key(string_t& key) override {
        if (within_ == Within::names) {
            if (!names_.insert(key).second) fail(str("the name '", key, "' occurs twice"));
            name_ = key;
        } else if (within_ == Within::metadata) {
            if (header_.metadata.contains(key))
                fail(str("the metadata key '", key, "' occurs twice"));
            key_ = key;
        } else {
            bool* const seen = seen_flag(key);
            if (!seen || *seen)
                fail(str(seen ? "repeated" : "unknown", " key '", key, "'", of_tensor()));
            *seen = true;
            key_ = key;
        }
        return true;
    }

    bool string(string_t& value) override {
        if (within_ == Within::metadata)
            header_.metadata.emplace(key_, value);
        else if (within_ == Within::tensor && key_ == "dtype")
            entry().dtype = dtype_of_name(value);
        else
            unexpected("a string");
        return true;
    }

    bool start_array(std::size_t) override {
        if (within_ != Within::tensor || key_ == "dtype") unexpected("a list");
        within_ = key_ == "shape" ? Within::shape : Within::offsets;
        offsets_ = 0;
        return true;
    }

    bool number_unsigned(number_unsigned_t value) override {
        if (within_ == Within::shape) {
            if (entry().shape.rank() == kMaxRank)
                fail(str("more than ", kMaxRank, " dimensions", of_tensor()));
            if (value > static_cast<std::uint64_t>(INT64_MAX))
                fail(str("the extent ", value, " is too large", of_tensor()));
            entry().shape.push_back(static_cast<std::int64_t>(value));
        } else if (within_ == Within::offsets && offsets_ < 2)
            (offsets_++ == 0 ? entry().begin : entry().end) = value;
        else
            unexpected("a number");
        return true;
    }

    bool end_array() override {
        if (within_ == Within::offsets && offsets_ != 2)
            fail(str("data_offsets is not a pair", of_tensor()));
        within_ = Within::tensor;
        return true;
    }

    bool end_object() override {
        if (within_ == Within::tensor && !(seen_dtype_ && seen_shape_ && seen_offsets_))
            fail(str("dtype, shape or data_offsets is missing", of_tensor()));
        within_ = within_ == Within::names ? Within::end : Within::names;
        return true;
    }

    bool null() override { unexpected("null"); }
    bool boolean(bool) override { unexpected("a boolean"); }
    bool number_integer(number_integer_t) override { unexpected("a negative number"); }
    bool number_float(number_float_t, const string_t&) override { unexpected("a fraction"); }
    bool binary(binary_t&) override { unexpected("binary data"); }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        fail(str("the JSON is wrong at byte ", position));
    }

private:
    enum class Within { start, names, metadata, tensor, shape, offsets, end };

    bool* seen_flag(const std::string& key) {
        if (key == "dtype") return &seen_dtype_;
        if (key == "shape") return &seen_shape_;
        return key == "data_offsets" ? &seen_offsets_ : nullptr;
    }
    SafetensorsEntry& entry() { return header_.entries.back(); }
    std::string of_tensor() const { return " of tensor '" + name_ + "'"; }
    [[noreturn]] void fail(const std::string& what) const { file_.fail("header: " + what); }
    [[noreturn]] void unexpected(const char* what) const {
        fail(
            str(what, " where the format has none", name_.empty() ? "" : ", near '" + name_ + "'"));
    }
    DType dtype_of_name(const std::string& name) const {
        for (const DType dtype : kDTypes)
            if (name == safetensors_name(dtype)) return dtype;
        file_.fail(str("header: unsupported dtype '", name, "'", of_tensor()),
                   "; expected F32, F64, F16, BF16, I64, U8 or BOOL");
    }

    const InputFile& file_;
    SafetensorsHeader& header_;
    Within within_ = Within::start;
    std::string name_, key_;
    std::unordered_set<std::string> names_;
    bool seen_dtype_ = false, seen_shape_ = false, seen_offsets_ = false;
    int offsets_ = 0;
};

void check_sizes(const InputFile& file, const std::vector<SafetensorsEntry>& entries) {
    for (const SafetensorsEntry& e : entries) {
        const auto wanted = byte_count(e.shape, size_of(e.dtype));
        if (!wanted)
            file.fail(str("header: shape ", e.shape, " of tensor '", e.name, "' overflows"));
        if (e.begin > e.end || e.end - e.begin != *wanted)
            file.fail(
                str("header: tensor '", e.name, "' has data_offsets [", e.begin, ", ", e.end, "]"),
                str("; expected ", *wanted, " bytes for ", e.dtype, " ", e.shape));
    }
}

// Sorted by offset, each tensor must begin where the one before ends, and the last must end where
// the file does.
void check_cover(const InputFile& file, const std::vector<SafetensorsEntry>& entries,
                 std::uint64_t data_bytes) {
    std::vector<const SafetensorsEntry*> by_offset;
    for (const SafetensorsEntry& e : entries) by_offset.push_back(&e);
    std::sort(by_offset.begin(), by_offset.end(), [](auto* a, auto* b) {
        return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
    });
    std::uint64_t expected = 0;
    for (const SafetensorsEntry* e : by_offset) {
        if (e->begin != expected)
            file.fail(str("header: ", e->begin < expected ? "overlap" : "hole",
                          " in the data before tensor '", e->name, "', which begins at ", e->begin),
                      str("; expected ", expected));
        expected = e->end;
    }
    if (expected != data_bytes)
        file.fail(str(expected > data_bytes ? "truncated data: " : "data after the last tensor: ",
                      data_bytes, " bytes"),
                  str("; expected ", expected));
}

}  // namespace

const char* safetensors_name(DType dtype) {
    switch (dtype) {
        case eps::boolean: return "BOOL";
        case u8: return "U8";
        case i64: return "I64";
        case f16: return "F16";
        case bf16: return "BF16";
        case f32: return "F32";
        case f64: break;
    }
    return "F64";
}

SafetensorsHeader parse_safetensors_header(const InputFile& file, std::string_view json,
                                           std::uint64_t data_bytes) {
    SafetensorsHeader header;
    HeaderEvents events(file, header);
    Json::sax_parse(json.begin(), json.end(), &events);
    check_sizes(file, header.entries);
    check_cover(file, header.entries, data_bytes);
    return header;
}

std::string json_string(const std::string& text) {
    try {
        return Json(text).dump();
    } catch (const Json::exception&) {
        fail("write_safetensors", "a name or metadata text is not valid UTF-8");
    }
}

}  // namespace eps::detail
