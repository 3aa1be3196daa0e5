#pragma once
// A run's settings as named values: flat, typed, in order. config.json holds them, so that later
// commands rebuild the model without flags.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace eps::models {

using Value = std::variant<bool, std::int64_t, double, std::string>;

/// What to do with a config.json whose checksum belongs to other values.
enum class EditedConfig { refused, accepted };

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

    /// Reads a flat JSON object of at most 64 kB. Its key "checksum" is not among the entries: it
    /// covers their names, values and order, but not white space.
    /// Throws one sentence that names the file and what is wrong. An object without a checksum is
    /// read, with a note.
    static Config read(const std::filesystem::path& file,
                       EditedConfig edited = EditedConfig::refused);
    /// What the user should know about the file that was read: it has no checksum, or another one.
    /// Empty if it is as this program wrote it.
    const std::string& note() const { return note_; }
    /// Writes one, with its checksum, atomically. Throws on values that JSON cannot hold: NaN,
    /// infinities, texts that are not UTF-8.
    void write(const std::filesystem::path& file) const;

private:
    template <class T> const T& get(const std::string& key) const;
    void check_sum(const std::optional<Value>& stored, EditedConfig edited);

    std::vector<std::pair<std::string, Value>> entries_;
    std::string source_ = "the options", note_;
};

/// The type of a value in words: "a whole number".
const char* type_name(const Value& value);

}  // namespace eps::models
