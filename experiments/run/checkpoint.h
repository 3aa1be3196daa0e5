#pragma once
// checkpoint.safetensors: a task's whole state and the step it stands at. No clock and no path is
// in it, so that equal training makes equal bytes.
#include <cstdint>
#include <string>

#include "experiments/run/task.h"

namespace eps::models {

/// Writes task.state() atomically, with the metadata family, step, parameters, version and
/// checksum. Refuses a state that is not finite, naming the tensor: what is saved can always be
/// trained on.
void save_checkpoint(const std::string& path, const std::string& family, const Task& task,
                     std::int64_t step);

/// Puts a checkpoint's state into the task and returns its step. Everything is checked before the
/// task changes: family, checksum (a file without one, saved by another program, is taken as it
/// is), the names, shapes and dtypes of task.state(). Throws naming the file and what is wrong.
std::int64_t load_checkpoint(const std::string& path, const std::string& family, Task& task);

/// What a checkpoint says about itself, without a task to load it into.
struct CheckpointInfo {
    std::string family, version;
    std::int64_t step = 0, parameters = 0;
};
CheckpointInfo checkpoint_info(const std::string& path);

}  // namespace eps::models
