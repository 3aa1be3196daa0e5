#pragma once
// The loop that every family shares: data source -> step -> log -> pictures -> checkpoint.
#include <atomic>
#include <cstdint>
#include <vector>

#include "experiments/run/run_folder.h"
#include "experiments/run/run_settings.h"
#include "experiments/run/task.h"

namespace eps::models {

struct Progress {
    std::int64_t step;       // steps done
    double seconds;          // of training, over all sessions
    const Scalars& scalars;  // of this step
};

class TrainListener {
public:
    virtual ~TrainListener() = default;
    /// Before the first step of this session, which begins at `progress.step`.
    virtual void started(const RunSettings& settings, const Progress& progress) = 0;
    /// After every step: keep it cheap.
    virtual void stepped(const Progress& progress) = 0;
    /// A sentence for the person at the screen; it is in metrics.jsonl as well.
    virtual void noted(const std::string&) {}
};

enum class TrainEnd { steps_done, time_up, interrupted };

struct TrainResult {
    TrainEnd end;
    std::int64_t first_step, last_step;  // of this session; equal if there was nothing to do
    double seconds;                      // of training, over all sessions
};

/// Trains in `run` from its checkpoint, if it has one, until the steps are done, the time is up or
/// `stop` is set (the step under way is finished first); saves; returns. Killed at any moment and
/// called again, it ends with bitwise the checkpoint of an undisturbed run. A loss (a scalar "loss"
/// or "..._loss") that is not finite throws, naming the step, the op it came from and the last good
/// checkpoint. However it ends otherwise, the pictures that are filmed have been joined.
TrainResult train(Task& task, RunFolder& run, const PictureWriter& writer, TrainListener& listener,
                  const std::atomic<int>& stop);

}  // namespace eps::models
