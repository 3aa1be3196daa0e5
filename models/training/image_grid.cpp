#include "models/training/image_grid.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/shape.h"
#include "tensor/create.h"

namespace eps::models {

Tensor image_grid(const Tensor& images, std::int64_t columns, std::int64_t margin) {
    check(images.defined() && images.rank() == 3 && images.size(0) > 0, "image_grid", "needs images [N, H, W]; got ", describe(images));
    NoGrad guard;
    const std::int64_t count = images.size(0), height = images.size(1), width = images.size(2);
    if (columns <= 0) columns = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
    const std::int64_t rows = (count + columns - 1) / columns;
    Tensor grid = full({rows * (height + margin) + margin, columns * (width + margin) + margin}, 0.5);
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t top = margin + i / columns * (height + margin), left = margin + i % columns * (width + margin);
        narrow(narrow(grid, 0, top, height), 1, left, width).copy_(select(images, 0, i));
    }
    return grid;
}

}  // namespace eps::models
