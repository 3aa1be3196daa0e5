#pragma once
// checkpoint.safetensors: the whole state of a task, and its step. It contains no time and no path,
// so equal training makes equal bytes.
#include <cstdint>
#include <string>

#include "experiments/run/task.h"

namespace eps::models {

/// Writes task.state() atomically, with family, step, parameters, version and checksum as metadata.
/// Throws: if a tensor is not finite, naming it, so that training can continue from any checkpoint.
void save_checkpoint(const std::string& path, const std::string& family, const Task& task,
                     std::int64_t step);

/// Loads a checkpoint into the task and returns its step.
/// Throws: naming the file and what is wrong, before the task changes, if the family, the checksum
/// or the names, shapes and dtypes of the tensors are others. A file without a checksum, which
/// another program saved, is accepted.
std::int64_t load_checkpoint(const std::string& path, const std::string& family, Task& task);

/// The metadata of a checkpoint.
struct CheckpointInfo {
    std::string family, version;
    std::int64_t step = 0, parameters = 0;
};
CheckpointInfo checkpoint_info(const std::string& path);

}  // namespace eps::models
