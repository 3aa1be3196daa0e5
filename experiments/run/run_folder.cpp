#include "experiments/run/run_folder.h"

#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include "experiments/run/flat_json.h"
#include "experiments/run/shell_quoted.h"
#include "tensor/io/atomic_file.h"

namespace eps::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOp = "run";
constexpr const char* kConfigFile = "config.json";

// Also true of a dangling link, which would be in the way.
bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(path, ignored));
}

// Whether the folder is empty, but for what a program leaves that is killed before it has written
// its settings.
bool is_fresh(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
        if (!is_temporary_name(entry->path().filename().string())) return false;
    check(!error, kOp, "cannot read the folder '", folder.string(), "': ", error.message());
    return true;
}

// "latent is 20 there, 10 here", or nothing if the settings are equal.
std::string difference(const Config& there, const Config& here) {
    for (const auto& [key, value] : here.entries()) {
        for (const auto& [other, old] : there.entries())
            if (other == key && old != value)
                return str(key, " is ", json_value(old), " there, ", json_value(value), " here");
        if (!there.has(key)) return str(key, " is not set there");
    }
    for (const auto& [key, value] : there.entries())
        if (!here.has(key)) return str(key, " is not set here");
    return "";
}

// The step in a file name NAME-STEP.png; nothing for other names.
std::optional<std::int64_t> step_of(std::string_view file, const std::string& name) {
    const std::string begin = name + "-", end = ".png";
    if (!file.starts_with(begin) || !file.ends_with(end) ||
        file.size() <= begin.size() + end.size())
        return std::nullopt;
    file = file.substr(begin.size(), file.size() - begin.size() - end.size());
    std::int64_t step = 0;
    const auto [stop, error] = std::from_chars(file.data(), file.data() + file.size(), step);
    return error == std::errc() && stop == file.data() + file.size() && step >= 0
               ? std::optional(step)
               : std::nullopt;
}

// For hints: "eps train --resume 'a run'".
std::string command(const char* words, const fs::path& path) {
    return str("eps ", words, " ", shell_quoted(path.string()));
}

void check_run(const fs::path& path) {
    const std::string name = path.string();
    check(is_there(path), kOp, "there is no '", name,
          "'; hint: ", command("train vae --out", path));
    check(fs::is_directory(path), kOp, "'", name, "' is no folder; expected that of a run");
    check(is_there(path / kConfigFile), kOp, "no ", kConfigFile, " in '", name,
          "', so it is not the folder of a run; hint: ", command("train vae --out", path));
}

}  // namespace

RunFolder::RunFolder(fs::path path, FolderLock lock, Config config, bool written)
    : path_(std::move(path)),
      lock_(std::move(lock)),
      config_(std::move(config)),
      config_note_(config_.note()),
      written_(written),
      metrics_(std::make_unique<MetricsLog>(path_ / "metrics.jsonl")) {}

RunFolder RunFolder::create(fs::path path, Config config) {
    const std::string name = path.string();
    check(!name.empty(), kOp, "the run folder has no name");
    check(!is_there(path) || fs::is_directory(path), kOp, "'", name, "' is there and is no folder");
    FolderLock lock(path);
    if (is_fresh(path)) return {std::move(path), std::move(lock), std::move(config), false};
    check(is_there(path / kConfigFile), kOp, "'", name,
          "' is not empty and holds no run; hint: another --out");
    const Config there = Config::read(path / kConfigFile);
    const std::string other = difference(there, config);
    check(other.empty(), kOp, "'", name, "' holds a run of other settings: ", other,
          "; hint: another --out, or go on with it: ", command("train --resume", path));
    return {std::move(path), std::move(lock), there, there.note().empty()};
}

RunFolder RunFolder::resume(fs::path path, EditedConfig edited) {
    check_run(path);
    FolderLock lock(path);
    return existing(std::move(path), std::move(lock), edited);
}

RunFolder RunFolder::open(fs::path path, EditedConfig edited) {
    return existing(std::move(path), FolderLock(), edited);
}

RunFolder RunFolder::existing(fs::path path, FolderLock lock, EditedConfig edited) {
    check_run(path);
    Config config = Config::read(path / kConfigFile, edited);
    config.text("family");
    const bool written = config.note().empty();
    return {std::move(path), std::move(lock), std::move(config), written};
}

bool RunFolder::has_checkpoint() const { return is_there(checkpoint_file()); }

void RunFolder::set_config(Config config) {
    written_ = written_ && difference(config_, config).empty();
    config_ = std::move(config);
}

void RunFolder::save_config() {
    if (!written_) config_.write(path_ / kConfigFile);
    written_ = true;
}

CheckpointInfo RunFolder::load_checkpoint(Task& task) const {
    return has_checkpoint() ? models::load_checkpoint(checkpoint_file().string(), family(), task)
                            : CheckpointInfo();
}

CheckpointInfo RunFolder::require_checkpoint(Task& task) const {
    check(has_checkpoint(), kOp, "no checkpoint in '", path_.string(),
          "' yet; hint: ", command("train --resume", path_));
    return load_checkpoint(task);
}

void RunFolder::save_checkpoint(const Task& task, std::int64_t step, bool ended) const {
    models::save_checkpoint(checkpoint_file().string(), family(), task, step, ended);
}

void RunFolder::save_pictures(const std::vector<Picture>& pictures, std::int64_t step,
                              const PictureWriter& writer) const {
    std::error_code error;
    fs::create_directories(samples_folder(), error);
    check(!error, kOp, "cannot create the folder '", samples_folder().string(),
          "': ", error.message());
    char at[32];  // with leading zeros, so that names sort by step
    std::snprintf(at, sizeof at, "-%07lld.png", static_cast<long long>(step));
    for (const Picture& picture : pictures) {
        writer.save((samples_folder() / (picture.name + at)).string(), picture);
        writer.save((samples_folder() / (picture.name + ".png")).string(), picture);
    }
}

void RunFolder::save_film(const std::string& name, std::int64_t step,
                          const PictureWriter& writer) const {
    std::map<std::int64_t, std::string> frames;
    std::error_code error;
    for (fs::directory_iterator entry(samples_folder(), error), end; !error && entry != end;
         entry.increment(error)) {
        const std::optional<std::int64_t> at = step_of(entry->path().filename().string(), name);
        if (at && *at <= step) frames[*at] = entry->path().string();
    }
    check(!error, kOp, "cannot read the folder '", samples_folder().string(),
          "': ", error.message());
    if (frames.size() < 2) return;
    std::vector<std::string> files;
    for (auto& [at, file] : frames) files.push_back(std::move(file));
    writer.join((samples_folder() / (name + "-film.png")).string(), files);
}

}  // namespace eps::models
