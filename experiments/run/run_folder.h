#pragma once
// The folder of one training run. Every later command rebuilds the run from it:
//
//     config.json              its settings
//     metrics.jsonl            its log (metrics_log.h)
//     checkpoint.safetensors   the state of its task (checkpoint.h)
//     samples/NAME-STEP.png    pictures; NAME.png is the newest, NAME-film.png joins all steps
//
// Files are replaced atomically, metrics.jsonl apart, so a program that is killed at any moment
// leaves a folder that can be resumed. Each has a checksum: config.json and the lines of
// metrics.jsonl as a last key, the checkpoint in its metadata, and a PNG by its format.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/run/checkpoint.h"
#include "experiments/run/config.h"
#include "experiments/run/folder_lock.h"
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
    /// For training: a run that begins, or one of equal settings that continues. Creates the
    /// folder, locks it, and looks into it only then; writes nothing yet. An empty folder that it
    /// created is removed in the end. Throws: if the path holds anything else, or another program
    /// trains in it.
    static RunFolder create(std::filesystem::path path, Config config);
    /// For training: a run that exists, locked before its settings are read.
    /// Throws: as open(), or if another program trains in it.
    static RunFolder resume(std::filesystem::path path,
                            EditedConfig edited = EditedConfig::refused);
    /// For reading. Throws, with a hint, if there is no run, or if its config.json is broken.
    static RunFolder open(std::filesystem::path path, EditedConfig edited = EditedConfig::refused);

    const std::filesystem::path& path() const { return path_; }
    const Config& config() const { return config_; }
    const std::string& family() const { return config_.text("family"); }
    std::filesystem::path checkpoint_file() const { return path_ / "checkpoint.safetensors"; }
    std::filesystem::path samples_folder() const { return path_ / "samples"; }
    bool has_checkpoint() const;
    MetricsLog& metrics() { return *metrics_; }

    /// Whether this program may train in the folder.
    bool is_locked() const { return lock_.is_held(); }
    /// Changes the settings, for example to more steps; save_config() writes them.
    void set_config(Config config);
    /// What the user should know about the config.json that was read; empty if nothing.
    const std::string& config_note() const { return config_note_; }
    /// Writes config.json, if it does not hold these settings with their checksum.
    void save_config();

    /// Loads the checkpoint; that of step 0 stands for one that is not there yet.
    CheckpointInfo load_checkpoint(Task& task) const;
    /// The same for commands that need a trained model: throws, with a hint, if there is no
    /// checkpoint.
    CheckpointInfo require_checkpoint(Task& task) const;
    void save_checkpoint(const Task& task, std::int64_t step, bool ended) const;
    void save_pictures(const std::vector<Picture>& pictures, std::int64_t step,
                       const PictureWriter& writer) const;
    /// Joins the pictures that were saved under `name` up to `step` into a film, if there are two.
    void save_film(const std::string& name, std::int64_t step, const PictureWriter& writer) const;

private:
    RunFolder(std::filesystem::path path, FolderLock lock, Config config, bool written);
    static RunFolder existing(std::filesystem::path path, FolderLock lock, EditedConfig edited);

    std::filesystem::path path_;
    FolderLock lock_;
    Config config_;
    std::string config_note_;
    bool written_;  // whether config.json holds config_
    std::unique_ptr<MetricsLog> metrics_;
};

}  // namespace eps::models
