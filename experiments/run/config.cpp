#include "experiments/run/config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/run/checksum.h"
#include "experiments/run/flat_json.h"
#include "tensor/io/atomic_file.h"
#include "tensor/io/input_file.h"

namespace eps::models {
namespace {

constexpr std::uint64_t kLargestFile = 1 << 16;  // bytes; settings are some 2000
constexpr const char* kChecksum = "checksum";

std::string checksum_of(const Fields& entries) { return Checksum().add(to_json(entries)).text(); }

}  // namespace

const char* type_name(const Value& value) {
    constexpr std::array names{"true or false", "a whole number", "a number", "a text"};
    return names[value.index()];
}

const Value* Config::find(const std::string& key) const {
    for (const auto& [name, value] : entries_)
        if (name == key) return &value;
    return nullptr;
}

void Config::set(const std::string& key, Value value) {
    for (auto& [name, old] : entries_)
        if (name == key) {
            old = std::move(value);
            return;
        }
    entries_.emplace_back(key, std::move(value));
}

template <class T> const T& Config::get(const std::string& key) const {
    const Value* value = find(key);
    check(value != nullptr, "config", "'", key, "' is missing in ", source_);
    const T* typed = std::get_if<T>(value);
    check(typed != nullptr, "config", "'", key, "' is ", type_name(*value), " in ", source_,
          "; expected ", type_name(T{}));
    return *typed;
}

bool Config::flag(const std::string& key) const { return get<bool>(key); }
std::int64_t Config::integer(const std::string& key) const { return get<std::int64_t>(key); }
const std::string& Config::text(const std::string& key) const { return get<std::string>(key); }

double Config::number(const std::string& key) const {
    const Value* value = find(key);
    if (value != nullptr)
        if (const auto* whole = std::get_if<std::int64_t>(value))
            return static_cast<double>(*whole);
    return get<double>(key);
}

Config Config::read(const std::filesystem::path& path, EditedConfig edited) {
    const InputFile file(path.string(), "config", kLargestFile);
    std::string text(static_cast<std::size_t>(file.size()), '\0');
    file.read(0, std::as_writable_bytes(std::span(text)));
    Config config;
    config.source_ = "'" + path.string() + "'";
    config.entries_ = parse_flat_json(text, "config", config.source_);
    const auto stored = std::find_if(config.entries_.begin(), config.entries_.end(),
                                     [](const auto& entry) { return entry.first == kChecksum; });
    std::optional<Value> sum;
    if (stored != config.entries_.end()) {
        sum = std::move(stored->second);
        config.entries_.erase(stored);
    }
    config.check_sum(sum, edited);
    return config;
}

void Config::check_sum(const std::optional<Value>& stored, EditedConfig edited) {
    if (!stored) {
        note_ = source_ + " has no checksum, so that damage to it goes unnoticed";
    } else if (*stored != Value(checksum_of(entries_))) {
        check(
            edited == EditedConfig::accepted, "config",
            "the checksum does not match the settings in ", source_,
            "; hint: if you edited them by hand, add --accept-edited-config to eps train --resume, "
            "sample, eval or info; otherwise the file is damaged");
        note_ = source_ + " was edited, and is taken as it is";
    }
}

void Config::write(const std::filesystem::path& file) const {
    for (const auto& [key, value] : entries_)
        if (const auto* number = std::get_if<double>(&value))
            check(std::isfinite(*number), "config", "'", key, "' is ", *number,
                  "; expected a finite number");
    Fields fields = entries_;
    fields.emplace_back(kChecksum, checksum_of(entries_));
    write_file_atomically(file.string(), to_json(fields, true) + "\n", "config");
}

}  // namespace eps::models
