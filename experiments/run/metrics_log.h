#pragma once
// metrics.jsonl, the log of a run: one JSON object a line, such as
//     {"step": 100, "epoch": 0.17, "seconds": 1.9, "loss": 180.2, "checksum": "5b3c06f1"}
// NaN is written as null. "note" has the sentences that the task noted since the line before,
// separated by line ends. "checksum" covers the characters before its comma; a line without one,
// of an older version or another program, is read as well.
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

/// Reading begins at the end of the file and goes no further than it must, so it takes the same
/// time and memory for any length. Damaged lines are skipped.
class MetricsLog {
public:
    explicit MetricsLog(std::filesystem::path file) : file_(std::move(file)) {}
    ~MetricsLog();
    MetricsLog(const MetricsLog&) = delete;
    MetricsLog& operator=(const MetricsLog&) = delete;

    /// The last line that can be read, or nothing.
    std::optional<MetricsLine> last();
    /// Removes what a killed program left: the lines after `step`, and a line without its end.
    /// Atomically. Damaged lines before them stay. Returns the last line that remains, as last().
    std::optional<MetricsLine> cut(std::int64_t step);
    /// A sentence about what last() or cut() skipped; empty if that was nothing.
    const std::string& skipped() const { return skipped_; }

    /// Adds a line, or throws and leaves the file as it was.
    void append(const MetricsLine& line);

private:
    void open();

    std::filesystem::path file_;
    std::string skipped_;
    int descriptor_ = -1;
    std::string text_;  // a member so that logging does not allocate
};

}  // namespace eps::models
