#pragma once
// Films: animated PNG files. Browsers play them; other programs show the last frame.
#include <string>
#include <vector>

#include "experiments/run/task.h"

namespace eps::cli {

/// Writes frames [F, H, W, 1] (gray) or [F, H, W, 3] (RGB), each as write_png would, atomically.
/// The film loops and rests on its last frame. Throws, naming the file, on other shapes, on NaN and
/// on no frames.
void write_film(const std::string& path, const Tensor& frames, int scale = 1);

/// Writes a film if the pixels have rank 4, else one PNG.
void write_picture(const std::string& path, const models::Picture& picture);

/// Joins PNG files, in this order, into a film; a file that is a film itself gives its last frame.
/// Leaves out files that cannot be read, and files whose size differs from that of the last one
/// that can. Takes 100 of more than 100 files, evenly. Writes nothing if fewer than two are left.
void join_film(const std::string& path, const std::vector<std::string>& files);

}  // namespace eps::cli
