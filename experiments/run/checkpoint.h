#pragma once
// checkpoint.safetensors: the whole state of a task, and its step. It contains no time and no path,
// so equal training makes equal bytes.
#include <cstdint>
#include <string>

#include "experiments/run/task.h"

namespace eps::models {

/// The metadata of a checkpoint.
struct CheckpointInfo {
    std::string family, version;
    std::int64_t step = 0, parameters = 0;
    // Whether training ended here, with pictures and films saved. A program may be killed between
    // the checkpoint and the pictures of its step.
    bool ended = true;
    // What the user should know: that there is no checksum. Empty if there is one.
    std::string note = {};
};

/// Writes task.state() atomically, with family, step, parameters, version, `ended` and checksum as
/// metadata.
/// Throws: if a tensor is not finite, naming it, so that training can continue from any checkpoint.
void save_checkpoint(const std::string& path, const std::string& family, const Task& task,
                     std::int64_t step, bool ended = true);

/// Loads a checkpoint into the task.
/// Throws: naming the file and what is wrong, before the task changes, if the family, the checksum
/// or the names, shapes and dtypes of the tensors are others, or a tensor is not finite. A file
/// without a checksum, which another program saved, is accepted, with a note.
CheckpointInfo load_checkpoint(const std::string& path, const std::string& family, Task& task);

/// Reads the whole file, one tensor after the other, and checks it as load_checkpoint does, but for
/// what depends on a task.
CheckpointInfo checkpoint_info(const std::string& path);

/// The family in the metadata, unchecked.
std::string checkpoint_family(const std::string& path);

}  // namespace eps::models
