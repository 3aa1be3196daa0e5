#pragma once
// Films: animated PNG files, which browsers play and every other program shows as a picture, the
// last frame.
#include <string>
#include <vector>

#include "experiments/run/task.h"

namespace eps::cli {

/// Writes frames [F, H, W, 1] (gray) or [F, H, W, 3], each as write_png would, atomically. The film
/// loops and rests on its last frame. Throws, naming the file, on other shapes, on NaN and on no
/// frames.
void write_film(const std::string& path, const Tensor& frames, int scale = 1);

/// A picture of a model by what it is: a film if its pixels have rank 4, else one PNG.
void write_picture(const std::string& path, const models::Picture& picture);

/// A film of PNG files, in this order; one that is a film itself gives its last frame. Files that
/// cannot be read are left out, as are those of another size than the last that can. Of more than
/// 100 files it takes 100, evenly. Writes nothing where fewer than two are left.
void join_film(const std::string& path, const std::vector<std::string>& files);

}  // namespace eps::cli
