#pragma once
// The folder of one training run. Every later command rebuilds the run from it:
//
//     config.json              its settings
//     metrics.jsonl            its log (metrics_log.h)
//     checkpoint.safetensors   the state of its task (checkpoint.h)
//     samples/NAME-STEP.png    pictures; NAME.png is the newest, NAME-film.png joins all steps
//
// Files are replaced atomically, metrics.jsonl apart, so a program that is killed at any moment
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

/// Saves pictures as files. The program provides it, because it knows the PNG format.
struct PictureWriter {
    std::function<void(const std::string& file, const Picture& picture)> save;
    /// Makes `file` a film of pictures that were saved before, in this order.
    std::function<void(const std::string& file, const std::vector<std::string>& frames)> join;
};

class RunFolder {
public:
    /// A run that begins. Writes nothing yet. Throws if the path holds anything but a run of equal
    /// settings, which is then continued.
    static RunFolder create(std::filesystem::path path, Config config);
    /// A run that exists. Throws, with a hint, if it does not, or if its config.json is broken.
    static RunFolder open(std::filesystem::path path);

    const std::filesystem::path& path() const { return path_; }
    const Config& config() const { return config_; }
    const std::string& family() const { return config_.text("family"); }
    std::filesystem::path checkpoint_file() const { return path_ / "checkpoint.safetensors"; }
    std::filesystem::path samples_folder() const { return path_ / "samples"; }
    bool has_checkpoint() const;
    MetricsLog& metrics() { return *metrics_; }

    /// Changes the settings, for example to more steps; claim() writes them.
    void set_config(Config config);
    /// Prepares the folder for training: creates it, locks it against a second program, and writes
    /// config.json if it changed.
    void claim();

    /// Loads the checkpoint and returns its step; 0 if there is no checkpoint yet.
    std::int64_t load_checkpoint(Task& task) const;
    /// The same for commands that need a trained model: throws, with a hint, if there is no
    /// checkpoint.
    std::int64_t require_checkpoint(Task& task) const;
    void save_checkpoint(const Task& task, std::int64_t step) const;
    void save_pictures(const std::vector<Picture>& pictures, std::int64_t step,
                       const PictureWriter& writer) const;
    /// Joins the pictures that were saved under `name` up to `step` into a film, if there are two.
    void save_film(const std::string& name, std::int64_t step, const PictureWriter& writer) const;

private:
    RunFolder(std::filesystem::path path, Config config, bool written);

    std::filesystem::path path_;
    Config config_;
    bool written_;  // whether config.json holds config_
    std::unique_ptr<MetricsLog> metrics_;
    struct CloseFile {
        void operator()(int* descriptor) const;
    };
    std::unique_ptr<int, CloseFile> lock_;
};

}  // namespace eps::models
