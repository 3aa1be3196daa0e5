#pragma once
// The training loop that all families share: step, log, checkpoint, pictures.
#include <atomic>
#include <cstdint>
#include <vector>

#include "experiments/run/run_folder.h"
#include "experiments/run/run_settings.h"
#include "experiments/run/task.h"

namespace eps::models {

struct Progress {
    std::int64_t step;       // steps done
    double seconds;          // trained so far, in all sessions
    const Scalars& scalars;  // what this step returned
};

/// Shows the training to the user.
class TrainListener {
public:
    virtual ~TrainListener() = default;
    /// Called before the first step of this session, which begins at `progress.step`.
    virtual void started(const RunSettings& settings, const Progress& progress) = 0;
    /// Called after every step, so it must be cheap.
    virtual void stepped(const Progress& progress) = 0;
    /// Takes a sentence for the user, which goes to metrics.jsonl as well.
    virtual void noted(const std::string&) {}
};

enum class TrainEnd { steps_done, time_up, interrupted };

struct TrainResult {
    TrainEnd end;
    std::int64_t first_step, last_step;  // this session's; equal if there was nothing to do
    double seconds;                      // trained so far, in all sessions
};

/// Trains in `run`, from its checkpoint if it has one, until the steps are done, the time is up, or
/// `stop` is set, which lets the current step finish. Then it saves a checkpoint, draws pictures
/// and joins those that are filmed. A program that is killed at any moment and calls this again
/// ends with the same files, bit for bit, as one that runs undisturbed, but for the clock in
/// metrics.jsonl.
///
/// Files that cannot be written:
/// - a line of the log, a picture or a film: the listener is told and training goes on. If it is
///   that of the last step, this throws after all else is done and the checkpoint is saved.
/// - a checkpoint or config.json: this throws. The checkpoint before stays.
///
/// Throws: also if a loss (a scalar "loss" or "..._loss") is not finite, naming the step, the op
/// that the value came from, and the last good checkpoint; and if the run was opened for reading.
TrainResult train(Task& task, RunFolder& run, const PictureWriter& writer, TrainListener& listener,
                  const std::atomic<int>& stop);

}  // namespace eps::models
