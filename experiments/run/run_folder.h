#pragma once
// The folder of one training run, from which every later command rebuilds it:
//     config.json   metrics.jsonl   samples/   checkpoint.safetensors
// samples/ has NAME-STEP.png, NAME.png (the newest), NAME-film.png (all steps, of the pictures that
// are filmed). Everything but metrics.jsonl is replaced atomically; a program killed at any moment
// leaves a folder that can be resumed.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/run/config.h"
#include "experiments/run/metrics_log.h"
#include "experiments/run/task.h"

namespace eps::models {

/// Saves pictures as files; given by the program, which knows about PNG.
struct PictureWriter {
    std::function<void(const std::string& file, const Picture& picture)> save;
    /// Makes `file` a film of pictures saved before, in this order.
    std::function<void(const std::string& file, const std::vector<std::string>& frames)> join;
};

class RunFolder {
public:
    /// A run to begin; writes nothing yet. Throws if the path holds anything but a run of equal
    /// settings, which is then continued.
    static RunFolder create(std::filesystem::path path, Config config);
    /// A run that is there. Throws, with a hint, if it is not, or if its config.json is broken.
    static RunFolder open(std::filesystem::path path);

    const std::filesystem::path& path() const { return path_; }
    const Config& config() const { return config_; }
    const std::string& family() const { return config_.text("family"); }
    std::filesystem::path checkpoint_file() const { return path_ / "checkpoint.safetensors"; }
    std::filesystem::path samples_folder() const { return path_ / "samples"; }
    bool has_checkpoint() const;
    MetricsLog& metrics() { return *metrics_; }

    /// Other settings from here on (more steps, say); written by claim().
    void set_config(Config config);
    /// Makes the folder ready for training: creates it, locks it against a second program, writes
    /// config.json if it changed.
    void claim();

    /// 0, and nothing loaded, where there is no checkpoint yet.
    std::int64_t load_checkpoint(Task& task) const;
    /// The same for commands that need a trained model: throws, with a hint, where there is no
    /// checkpoint.
    std::int64_t require_checkpoint(Task& task) const;
    void save_checkpoint(const Task& task, std::int64_t step) const;
    void save_pictures(const std::vector<Picture>& pictures, std::int64_t step,
                       const PictureWriter& writer) const;
    /// A film of everything saved of the picture `name` up to `step`, if that is more than once.
    void save_film(const std::string& name, std::int64_t step, const PictureWriter& writer) const;

private:
    RunFolder(std::filesystem::path path, Config config, bool written);

    std::filesystem::path path_;
    Config config_;
    bool written_;  // config.json holds config_
    std::unique_ptr<MetricsLog> metrics_;
    struct CloseFile {
        void operator()(int* descriptor) const;
    };
    std::unique_ptr<int, CloseFile> lock_;
};

}  // namespace eps::models
