#pragma once
// A run's settings: flat, typed, ordered; written to config.json so that later commands rebuild the model without flags.
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
    void set(const std::string& key, Value value);
    bool has(const std::string& key) const;
    const std::vector<std::pair<std::string, Value>>& entries() const { return entries_; }

    // Throw, naming the key (and the file it was read from), when it is missing or of another type. A whole number serves as double.
    bool flag(const std::string& key) const;
    std::int64_t integer(const std::string& key) const;
    double number(const std::string& key) const;
    const std::string& text(const std::string& key) const;

    /// Reads and writes a flat JSON object; bad files give one sentence naming the file and what is wrong.
    static Config read(const std::filesystem::path& file);
    void write(const std::filesystem::path& file) const;

private:
    const Value& at(const std::string& key) const;
    std::vector<std::pair<std::string, Value>> entries_;
    std::string source_ = "the options";
};

}  // namespace eps::models
