#pragma once
// metrics.jsonl, the log of a run: one JSON object a line, such as
//     {"step": 100, "epoch": 0.17, "seconds": 1.9, "loss": 180.2, "kl": 11.9}
// NaN is written as null. "note" has the sentences that the task noted since the line before,
// separated by line ends.
#include <filesystem>
#include <optional>
#include <string>

#include "experiments/run/task.h"

namespace eps::models {

struct MetricsLine {
    std::int64_t step = 0;  // steps done
    double epoch = 0;       // passes over the data; 0 where data are drawn fresh
    double seconds = 0;     // trained so far, in all sessions
    Scalars scalars = {};   // means since the line before
    std::string note = {};
};

class MetricsLog {
public:
    explicit MetricsLog(std::filesystem::path file) : file_(std::move(file)) {}
    ~MetricsLog();
    MetricsLog(const MetricsLog&) = delete;
    MetricsLog& operator=(const MetricsLog&) = delete;

    /// The last line, or nothing. Here and below, a last line without its end, which a killed
    /// program leaves, does not count; any other damage throws, naming file and line.
    std::optional<MetricsLine> last() const;
    /// Removes the lines after `step`, atomically, and returns the last one that remains.
    std::optional<MetricsLine> cut(std::int64_t step) const;
    void append(const MetricsLine& line);

private:
    std::filesystem::path file_;
    int descriptor_ = -1;
    std::string text_;  // a member so that logging does not allocate
};

}  // namespace eps::models
