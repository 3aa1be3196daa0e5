#include "experiments/plots/image_grid.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/numbers.h"

namespace eps::models {

Tensor image_grid(const Tensor& images, std::int64_t columns, std::int64_t padding,
                  double background) {
    check(images.defined() && images.rank() == 3 && images.numel() > 0 &&
              (images.dtype() == f32 || images.dtype() == u8),
          "image_grid", "got ", describe(images), "; expected f32 or u8 [N, H, W], not empty");
    check(padding >= 0, "image_grid", "negative padding; got ", padding);
    const std::int64_t count = images.size(0), height = images.size(1), width = images.size(2);
    if (columns <= 0)
        columns = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
    const std::int64_t rows = ceil_div(count, columns);
    Tensor picture = full(
        {rows * (height + padding) + padding, columns * (width + padding) + padding}, background);
    const Tensor source = contiguous(to(to(images, cpu), f32));
    const float unit = images.dtype() == u8 ? 255.0f : 1.0f;
    for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t y = 0; y < height; ++y) {
            const float* const from = source.data<float>() + (i * height + y) * width;
            const std::int64_t top = padding + (i / columns) * (height + padding) + y;
            const std::int64_t left = padding + (i % columns) * (width + padding);
            std::transform(from, from + width, picture.data<float>() + top * picture.size(1) + left,
                           [unit](float v) { return v / unit; });
        }
    return picture;
}

}  // namespace eps::models
