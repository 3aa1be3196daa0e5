#pragma once
// A run's settings as named values: flat, typed, in order. config.json holds them, so that later
// commands rebuild the model without flags.
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace eps::models {

using Value = std::variant<bool, std::int64_t, double, std::string>;

class Config {
public:
    /// Replaces the value of a key, or adds the key at the end.
    void set(const std::string& key, Value value);
    /// The value of a key; null if there is none.
    const Value* find(const std::string& key) const;
    bool has(const std::string& key) const { return find(key) != nullptr; }
    const std::vector<std::pair<std::string, Value>>& entries() const { return entries_; }
    /// Where the values came from, for messages: "the options", or the quoted name of a file.
    const std::string& source() const { return source_; }

    // These throw, naming the key and the source, if the key is missing or has another type.
    // A whole number serves as double.
    bool flag(const std::string& key) const;
    std::int64_t integer(const std::string& key) const;
    double number(const std::string& key) const;
    const std::string& text(const std::string& key) const;

    /// Reads a flat JSON object. Throws one sentence that names the file and what is wrong.
    static Config read(const std::filesystem::path& file);
    /// Writes one, atomically. Throws on values that JSON cannot hold: NaN, infinities, texts that
    /// are not UTF-8.
    void write(const std::filesystem::path& file) const;

private:
    template <class T> const T& get(const std::string& key) const;

    std::vector<std::pair<std::string, Value>> entries_;
    std::string source_ = "the options";
};

/// The type of a value in words: "a whole number".
const char* type_name(const Value& value);

}  // namespace eps::models
