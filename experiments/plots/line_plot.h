#pragma once
// A curve with axes, for what is read off at a glance: no text.
#include <vector>

#include "tensor/tensor.h"

namespace eps::models {

/// y over x, joined by lines: f32 [height, width, 3]. y has a logarithmic scale, with a gray line
/// at each power of ten; values that are not positive and finite are gaps. Throws unless there are
/// as many y as x, and x ascend.
Tensor line_plot(const std::vector<double>& x, const std::vector<double>& y,
                 std::int64_t height = 240, std::int64_t width = 320);

}  // namespace eps::models
