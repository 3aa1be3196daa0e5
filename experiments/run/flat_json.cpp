#include "experiments/run/flat_json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "tensor/error.h"

namespace eps::models {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostKeys = 1000;  // settings are some sixty, a line of metrics some twenty

// Receives the events of nlohmann's parser. Returning false ends the parse, so that nothing nested
// is ever built.
class FlatReader final : public nlohmann::json_sax<Json> {
public:
    explicit FlatReader(bool nulls) : nulls_(nulls) {}

    Fields fields;
    std::string problem;

    bool null() override {
        return nulls_ ? value(std::numeric_limits<double>::quiet_NaN()) : reject("null");
    }
    bool boolean(bool v) override { return value(v); }
    bool number_integer(number_integer_t v) override { return value(std::int64_t{v}); }
    bool number_unsigned(number_unsigned_t v) override {
        if (v > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
            return reject("a whole number beyond 2^63 - 1");
        return value(static_cast<std::int64_t>(v));
    }
    bool number_float(number_float_t v, const string_t&) override { return value(v); }
    bool string(string_t& v) override { return value(std::move(v)); }
    bool binary(binary_t&) override { return reject("binary data"); }

    bool start_object(std::size_t) override {
        if (inside_) return reject("an object within the object");
        return inside_ = true;
    }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return reject("a list"); }
    bool end_array() override { return true; }

    bool key(string_t& name) override {
        const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
            return c > ' ' && c <= '~' && c != '"' && c != '\\';
        });
        if (name.empty() || !printable || name.size() > 100) return reject("a key that is no name");
        if (keys_.size() == kMostKeys) return reject(str("more than ", kMostKeys, " keys"));
        if (!keys_.insert(name).second) return reject("the key '" + name + "' twice");
        key_ = std::move(name);
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
        return reject(str("a syntax error at byte ", position));
    }

private:
    bool value(Value v) {
        if (!inside_) return reject("a bare value");
        fields.emplace_back(std::move(key_), std::move(v));
        return true;
    }
    bool reject(std::string what) {
        problem = std::move(what);
        return false;
    }

    bool nulls_, inside_ = false;
    std::string key_;
    std::unordered_set<std::string> keys_;
};

}  // namespace

Fields parse_flat_json(std::string_view text, const char* op, const std::string& where,
                       bool nulls) {
    // the parser would take a zero byte for the end
    check(text.find('\0') == text.npos, op, "a zero byte in ", where);
    FlatReader reader(nulls);
    const bool parsed = Json::sax_parse(text.begin(), text.end(), &reader);
    check(parsed, op, reader.problem.empty() ? "a syntax error" : reader.problem, " in ", where,
          "; expected one flat JSON object");
    return std::move(reader.fields);
}

std::string json_quoted(const std::string& text) {
    try {
        return Json(text).dump();
    } catch (const Json::exception&) { fail("json", "a text is not UTF-8"); }
}

std::string json_number(double value) {
    if (!std::isfinite(value)) return "null";
    const std::string text = str(value);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string json_value(const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
    if (const auto* number = std::get_if<double>(&value)) return json_number(*number);
    return json_quoted(std::get<std::string>(value));
}

std::string to_json(const Fields& fields, bool line_each) {
    std::string text = "{";
    for (const auto& [key, value] : fields) {
        if (text.size() > 1) text += line_each ? "," : ", ";
        if (line_each) text += "\n  ";
        text += json_quoted(key) + ": " + json_value(value);
    }
    return text + (line_each ? "\n}" : "}");
}

}  // namespace eps::models
