#pragma once
// Small trainings of every family, and what goes wrong around them.
#include <cstdlib>

#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

namespace eps::test {

/// Whether every fault is tried (EPS_FAULTS=all), and not a sample that takes seconds.
inline bool all_faults() {
    const char* const text = std::getenv("EPS_FAULTS");
    return text != nullptr && std::string(text) == "all";
}

/// 0 to `count` - 1: all of them, or about `sample`, with a stride that is no power of two, so that
/// every kind of call is met.
inline std::vector<int> chosen(int count, int sample) {
    const int stride = all_faults() ? 1 : std::max(1, count / sample) | 1;
    std::vector<int> numbers;
    for (int i = 0; i < count; i += stride) numbers.push_back(i);
    return numbers;
}

struct SmallFamily {
    std::string name, options;
};
inline const SmallFamily small_families[] = {
    {"vae", "--data mnist --hidden 8 --latent 2 --batch 10 --eval-k 2"},
    {"gan",
     "--data ring8 --width 8 --layers 1 --batch 8 --lr-decay none "
     "--instance-noise-steps 50"},
    {"ddpm",
     "--data grid25 --T 4 --schedule cosine --width 8 --blocks 1 --batch 8 --sample-steps 2 "
     "--lr-decay none"},
    {"flow", "--flow realnvp --target mnist --k 1 --width 4 --batch 8 --lr-decay none"},
};

/// Runs of a family, in a folder of their own. Eight steps save checkpoints at 3, 6 and 8, and
/// pictures at 4 and 8.
struct SmallRuns {
    explicit SmallRuns(const SmallFamily& family) : family_(family) { put_tiny_data(folder); }

    Words train(const std::string& run, const std::string& more = "") const {
        Words options = words(family_.options) + words("--log-every 2 --threads 1");
        if (contains(family_.options, "mnist"))
            options = options + Words{"--data-dir", folder.path().string()};
        return Words{"train", family_.name, "--out", run} +
               Words{"--steps",
                     std::to_string(steps),
                     "--checkpoint-every",
                     std::to_string(checkpoint_every),
                     "--picture-every",
                     std::to_string(picture_every)} +
               options + words(more);
    }
    /// Goes on with a run, or begins it if it had not begun, and returns how that ended.
    Finished recover(const std::string& run) const {
        const bool begun = std::filesystem::exists(run + "/config.json");
        return eps_program(begun ? Words{"train", "--resume", run, "--threads", "1"} : train(run));
    }
    /// The bytes of a run's pictures and checkpoint, and its log without clock and checksums.
    static std::map<std::string, std::string> files_of(const std::string& run) {
        std::map<std::string, std::string> files;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(run))
            if (entry.is_regular_file())
                files[std::filesystem::relative(entry.path(), run).string()] =
                    bytes_of_file(entry.path().string());
        std::string& log = files["metrics.jsonl"];
        for (const char* key : {"\"seconds\"", "\"checksum\""})
            for (std::size_t at = 0; (at = log.find(key, at)) != std::string::npos;)
                log.erase(at, log.find_first_of(",}", at) - at);
        return files;
    }

    TempFolder folder;
    int steps = 8, checkpoint_every = 3, picture_every = 4;

private:
    SmallFamily family_;
};

inline std::string checkpoint_in(const std::string& run) {
    return bytes_of_file(run + "/checkpoint.safetensors");
}

using Files = std::map<std::string, std::string>;
/// The name of an expected file that is missing or different; empty if all are there.
inline std::string difference(const Files& files, const Files& expected) {
    for (const auto& [name, bytes] : expected)
        if (!files.contains(name) || files.at(name) != bytes) return name;
    return "";
}

/// The names of temporary files below a folder.
inline Words temporary_files(const std::string& folder) {
    Words names;
    if (!std::filesystem::exists(folder)) return names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().string().ends_with(".eps-tmp")) names.push_back(entry.path().string());
    return names;
}

/// Whether a program that met an error ended as it should: without one after all, or with a
/// sentence as its last line and exit code 1.
inline bool ended_well(const Finished& finished) {
    if (finished.code == 0) return true;
    const std::string& err = finished.err;
    const std::size_t last = err.size() < 2 ? std::string::npos : err.rfind('\n', err.size() - 2);
    return finished.code == 1 && err.ends_with("\n") &&
           err.substr(last == std::string::npos ? 0 : last + 1).starts_with("eps: ");
}

/// What tests/preload/failing_files.cpp does to a program: `fault` at call number `at` on a file
/// in `folder`.
struct FileFault {
    std::string folder, log, fault = "";
    int at = -1;
    bool lasts = false;

    std::map<std::string, std::string> environment() const {
        std::map<std::string, std::string> variables{{"LD_PRELOAD", EPS_FAILING_FILES},
                                                     {"EPS_FAULT_FOLDER", folder},
                                                     {"EPS_FAULT_LOG", log}};
        if (at < 0) return variables;
        variables["EPS_FAULT"] = fault;
        variables["EPS_FAULT_AT"] = std::to_string(at);
        if (lasts) variables["EPS_FAULT_LASTS"] = "1";
        return variables;
    }
};

/// The calls on files of `folder` that a program makes, which must succeed: "create", "write" ...
inline Words calls_on_files(const Words& command, const std::string& folder,
                            const std::string& log) {
    const Finished finished = eps_program(command, FileFault{folder, log}.environment());
    REQUIRE_MESSAGE(finished.code == 0, finished.err);
    return words(bytes_of_file(log));
}

#ifdef EPS_SANITIZED
constexpr bool kPreloads = false;  // a sanitizer has a malloc and file functions of its own
#else
constexpr bool kPreloads = true;
#endif

}  // namespace eps::test
