#pragma once
// A curve with axes, to be read at a glance: it has no text.
#include <vector>

#include "tensor/tensor.h"

namespace eps::models {

/// y over x, joined by lines. The scale of y is logarithmic, with a gray line at each power of ten;
/// values that are not positive and finite leave gaps.
/// Shapes: f32 [height, width, 3].
/// Throws unless x and y have equal lengths and x ascends.
Tensor line_plot(const std::vector<double>& x, const std::vector<double>& y,
                 std::int64_t height = 240, std::int64_t width = 320);

}  // namespace eps::models
