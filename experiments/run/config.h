#pragma once
// A run's settings: flat, typed, ordered; written to config.json so that later commands rebuild the
// model without flags.
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
    bool has(const std::string& key) const;
    const std::vector<std::pair<std::string, Value>>& entries() const { return entries_; }
    /// Where the values came from, for messages: "the options", or the quoted name of a file.
    const std::string& source() const { return source_; }

    // Throw, naming the key (and the file it was read from), when it is missing or of another type.
    // A whole number serves as double.
    bool flag(const std::string& key) const;
    std::int64_t integer(const std::string& key) const;
    double number(const std::string& key) const;
    const std::string& text(const std::string& key) const;

    /// Reads and writes a flat JSON object; bad files give one sentence naming the file and what is
    /// wrong.
    static Config read(const std::filesystem::path& file);
    /// Atomic. Refuses values that JSON cannot hold: NaN, infinities, texts that are not UTF-8.
    void write(const std::filesystem::path& file) const;

private:
    const Value* find(const std::string& key) const;
    template <class T> const T& get(const std::string& key) const;

    std::vector<std::pair<std::string, Value>> entries_;
    std::string source_ = "the options";
};

/// "a whole number": the type of a value in words.
const char* type_name(const Value& value);

}  // namespace eps::models
