#include "autograd/ops/image/sample_points.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::detail {
namespace {

// The channels of x become its last dimension, without a copy where x is channels-last.
Tensor with_channels_last(const Tensor& x) {
    Dims order{0};
    for (int d = 2; d < x.rank(); ++d) order.push_back(d);
    order.push_back(1);
    return permute(x, order);
}

// A coordinate as an index in [0, extent), in i64, because f32 counts to 2^24 only. NaN becomes 0.
Tensor index_of(const Tensor& coordinate, std::int64_t extent) {
    const Tensor zero = zeros({}, coordinate.options());
    const Tensor number = where(isnan(coordinate), zero, coordinate);
    return to(clamp(number, {.lo = 0, .hi = static_cast<double>(extent - 1)}), i64);
}

}  // namespace

PixelRows::PixelRows(const Tensor& x) {
    const auto batch = static_cast<double>(x.size(0));
    image = unsqueeze(arange(0, batch, 1, {i64, x.device()}), 1);
    std::int64_t pixels = x.size(0);
    for (int d = 2; d < x.rank(); ++d) {
        extents.push_back(x.size(d));
        pixels *= x.size(d);
    }
    rows = reshape(with_channels_last(x), {pixels, x.size(1)});
}

Tensor pixels_at(const PixelRows& image, std::span<const Tensor> coordinates) {
    Tensor index = image.image;
    for (std::size_t d = 0; d < coordinates.size(); ++d)
        index = index * static_cast<double>(image.extents[d]) +
                index_of(coordinates[d], image.extents[d]);
    const Tensor pixels = index_select(image.rows, 0, reshape(index, {index.numel()}));
    return reshape(pixels, {index.size(0), index.size(1), image.rows.size(1)});
}

Tensor inside_image(const PixelRows& image, std::span<const Tensor> coordinates) {
    Tensor inside;
    for (std::size_t d = 0; d < coordinates.size(); ++d) {
        const auto last = static_cast<double>(image.extents[d] - 1);
        const Tensor here = logical_and(coordinates[d] >= 0.0, coordinates[d] <= last);
        inside = d == 0 ? here : logical_and(inside, here);
    }
    return inside;
}

Tensor linear_at(const PixelRows& image, std::span<const Tensor> coordinates) {
    const std::size_t n = coordinates.size();
    Tensor total;
    for (std::size_t corner = 0; corner < std::size_t{1} << n; ++corner) {
        std::vector<Tensor> pixel;
        Tensor weight;
        for (std::size_t d = 0; d < n; ++d) {
            const Tensor below = floor(coordinates[d]);
            const Tensor above = coordinates[d] - below;
            const bool next = (corner >> d & 1) != 0;
            const Tensor near = next ? above : 1.0 - above;
            pixel.push_back(next ? below + 1.0 : below);
            weight = d == 0 ? near : weight * near;
        }
        const Tensor part = unsqueeze(weight, 2) * pixels_at(image, pixel);
        const Tensor counted =
            where(unsqueeze(inside_image(image, pixel), 2), part, zeros({}, part.options()));
        total = corner == 0 ? counted : total + counted;
    }
    return total;
}

}  // namespace eps::detail
