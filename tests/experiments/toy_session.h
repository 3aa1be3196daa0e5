#pragma once
// Sessions of a toy task in a run folder, and what they leave there.
#include "tests/experiments/toy_task.h"
#include "tests/files.h"

namespace eps::test {

/// Writes the word "picture", and for a film the names of its frames.
inline models::PictureWriter toy_writer() {
    return {.save = [](const std::string& file, const models::Picture&) { put(file, "picture"); },
            .join =
                [](const std::string& file, const std::vector<std::string>& frames) {
                    std::string names;
                    for (const std::string& frame : frames)
                        names += std::filesystem::path(frame).filename().string() + "\n";
                    put(file, names);
                }};
}

/// What a test changes before a session.
struct Session {
    ToyTask& task;
    QuietListener& listener;
    std::atomic<int>& stop;
    models::PictureWriter& writer;
};

/// Trains in a folder that is open. The task is made anew, as in a new process.
inline models::TrainResult session(models::RunFolder run,
                                   const std::function<void(Session)>& prepare = {}) {
    ToyTask task;
    QuietListener listener;
    std::atomic<int> stop{0};
    models::PictureWriter writer = toy_writer();
    if (prepare) prepare({task, listener, stop, writer});
    return models::train(task, run, writer, listener, stop);
}
/// One session as `eps train --out` would run it.
inline models::TrainResult session(const std::filesystem::path& path, const models::Config& config,
                                   const std::function<void(Session)>& prepare = {}) {
    return session(models::RunFolder::create(path, config), prepare);
}

inline std::string checkpoint_of(const std::filesystem::path& path) {
    return bytes_of_file((path / "checkpoint.safetensors").string());
}

/// The log without its clock, and without the checksums, which cover it.
inline std::string metrics_of(const std::filesystem::path& path) {
    std::string text = bytes_of_file((path / "metrics.jsonl").string());
    for (const char* key : {"\"seconds\"", "\"checksum\""})
        for (std::size_t at = 0; (at = text.find(key, at)) != std::string::npos;)
            text.erase(at, text.find_first_of(",}", at) - at);
    return text;
}

}  // namespace eps::test
