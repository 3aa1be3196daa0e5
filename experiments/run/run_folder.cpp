#include "experiments/run/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include "experiments/run/checkpoint.h"
#include "experiments/run/flat_json.h"
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

}  // namespace

void RunFolder::CloseFile::operator()(int* descriptor) const {
    ::close(*descriptor);
    delete descriptor;
}

RunFolder::RunFolder(fs::path path, Config config, bool written)
    : path_(std::move(path)),
      config_(std::move(config)),
      written_(written),
      metrics_(std::make_unique<MetricsLog>(path_ / "metrics.jsonl")) {}

RunFolder RunFolder::create(fs::path path, Config config) {
    const std::string name = path.string();
    check(!name.empty(), kOp, "the run folder has no name");
    if (!is_there(path)) return {std::move(path), std::move(config), false};
    check(fs::is_directory(path), kOp, "'", name, "' is there and is no folder");
    if (is_fresh(path)) return {std::move(path), std::move(config), false};
    check(is_there(path / kConfigFile), kOp, "'", name,
          "' is not empty and holds no run; hint: another --out");
    const std::string other = difference(Config::read(path / kConfigFile), config);
    check(other.empty(), kOp, "'", name, "' holds a run of other settings: ", other,
          "; hint: another --out, or go on with it: eps train --resume ", name);
    return {std::move(path), std::move(config), true};
}

RunFolder RunFolder::open(fs::path path) {
    const std::string name = path.string();
    check(is_there(path), kOp, "there is no '", name, "'; hint: eps train vae --out ", name);
    check(fs::is_directory(path), kOp, "'", name, "' is no folder; expected that of a run");
    check(is_there(path / kConfigFile), kOp, "no ", kConfigFile, " in '", name,
          "', so it is not the folder of a run; hint: eps train vae --out ", name);
    Config config = Config::read(path / kConfigFile);
    config.text("family");
    return {std::move(path), std::move(config), true};
}

bool RunFolder::has_checkpoint() const { return is_there(checkpoint_file()); }

void RunFolder::set_config(Config config) {
    written_ = written_ && difference(config_, config).empty();
    config_ = std::move(config);
}

void RunFolder::claim() {
    std::error_code error;
    fs::create_directories(path_, error);
    check(!error, kOp, "cannot create the folder '", path_.string(), "': ", error.message());
    lock_.reset(new int(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    // A file system without locks fails with another error, and then there is no lock to respect.
    const bool taken = ::flock(*lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    check(!taken, kOp, "another program is training in '", path_.string(), "'");
    if (!written_) config_.write(path_ / kConfigFile);
    written_ = true;
}

std::int64_t RunFolder::load_checkpoint(Task& task) const {
    return has_checkpoint() ? models::load_checkpoint(checkpoint_file().string(), family(), task)
                            : 0;
}

std::int64_t RunFolder::require_checkpoint(Task& task) const {
    check(has_checkpoint(), kOp, "no checkpoint in '", path_.string(),
          "' yet; hint: eps train --resume ", path_.string());
    return load_checkpoint(task);
}

void RunFolder::save_checkpoint(const Task& task, std::int64_t step) const {
    models::save_checkpoint(checkpoint_file().string(), family(), task, step);
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
