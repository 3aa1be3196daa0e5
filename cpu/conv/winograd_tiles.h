#pragma once
// What both directions of a Winograd convolution share: how the results are cut into tiles, the
// blocks of tiles that are worked on at once, and the transform of the input.
//
// All transformed tiles of an image would not fit into any cache. A block of tiles is as large as
// half of L2 allows for its V and M together (kBlockBytes), so that between the three passes
// nothing leaves the cache; but no smaller than `least_tiles`, because each block passes over all
// of U, or dU, once more.
#include <algorithm>
#include <vector>

#include "cpu/conv/winograd.h"
#include "cpu/conv/winograd_transforms.h"
#include "cpu/matmul/tile.h"
#include "tensor/create.h"
#include "tensor/numbers.h"

namespace eps::kernels::cpu {

/// One matrix [tiles, channels] for each point of the transform. Points are `plane` elements apart
/// and tiles `row`, neither of which is a multiple of a page: the same element of all matrices must
/// not fall into one set of L1.
template <class T, class F> struct Planes {
    static constexpr int count = F::points * F::points;
    T* data;
    std::int64_t row, plane;
    T* at(int point, std::int64_t tile) const { return data + point * plane + tile * row; }
};

template <class T, class F> class WinogradTiles {
protected:
    using V = Vector<T>;
    static constexpr int lanes = kLanes<T>;
    static constexpr int n = F::points, m = F::results, r = F::positions;
    static constexpr int planes = n * n;
    static constexpr std::int64_t kBlockBytes = 1 << 19;
    static constexpr std::int64_t kMostTiles = 16 * std::int64_t{kTileRows};  // tiles of a block

    WinogradTiles(const Image<const T>& y, const std::vector<Correlation<T>>& parts,
                  std::int64_t least_tiles)
        : y_(y),
          parts_(parts),
          in_(parts[0].in.channels),
          depth_(in_ * static_cast<std::int64_t>(parts.size())),
          down_(ceil_div(y.height, m)),
          across_(ceil_div(y.width, m)),
          tiles_(y.batch_count * down_ * across_),
          zeros_(zeros({std::max(in_, y.channels)}, {.dtype = dtype_of<T>})) {
        const auto bytes_of_a_tile =
            planes * (depth_ + y.channels) * static_cast<std::int64_t>(sizeof(T));
        block_ = std::clamp(kBlockBytes / bytes_of_a_tile / kTileRows * kTileRows, least_tiles,
                            kMostTiles);
    }

    Tensor buffer(std::int64_t channels) const {
        return empty({planes * plane_length(channels)}, {.dtype = dtype_of<T>});
    }
    Planes<T, F> planes_of(const Tensor& buffer, std::int64_t channels) const {
        return {static_cast<T*>(buffer.raw_data()), row_length(channels), plane_length(channels)};
    }

    /// The first result of a tile.
    struct Origin {
        std::int64_t b, y, x;
    };
    Origin origin_of(std::int64_t tile) const {
        return {tile / (down_ * across_), tile / across_ % down_ * m, tile % across_ * m};
    }

    /// Pointers to a square of pixels of an image, from (y, x) on; to zeros outside of the image.
    template <int side>
    void pixels(const Image<const T>& image, std::int64_t b, std::int64_t y, std::int64_t x,
                const T* (&to)[side][side]) const {
        const T* lines[side];
        std::int64_t columns[side];
        for (int i = 0; i < side; ++i) {
            lines[i] = y + i >= 0 && y + i < image.height
                           ? image.data + b * image.batch + (y + i) * image.line
                           : nullptr;
            columns[i] = x + i >= 0 && x + i < image.width ? (x + i) * image.pixel : -1;
        }
        const T* const outside = static_cast<const T*>(zeros_.raw_data());
#pragma GCC unroll 6
        for (int i = 0; i < side; ++i)
#pragma GCC unroll 6
            for (int j = 0; j < side; ++j)
                to[i][j] = lines[i] && columns[j] >= 0 ? lines[i] + columns[j] : outside;
    }

    /// V = B^T d B of one tile of all parts, into row `row` of every plane.
    void input_tile(std::int64_t tile, const Planes<T, F>& v, std::int64_t row) const {
        const Origin at = origin_of(tile);
        for (std::size_t part = 0; part < parts_.size(); ++part) {
            const Correlation<T>& c = parts_[part];
            const T* from[n][n];
            pixels(c.in, at.b, at.y - c.padding_y, at.x - c.padding_x, from);
            T* const to = v.at(0, row) + static_cast<std::int64_t>(part) * in_;
            for (std::int64_t k = 0; k < in_; k += lanes) {
                V d[n][n], t[n][n];
#pragma GCC unroll 36
                for (int i = 0; i < planes; ++i) d[i / n][i % n] = load(from[i / n][i % n] + k);
                transform_input<F>(d, t);
#pragma GCC unroll 36
                for (int i = 0; i < planes; ++i) store(to + i * v.plane + k, t[i / n][i % n]);
            }
        }
    }

    const Image<const T>& y_;  // the results, or their gradient
    const std::vector<Correlation<T>>& parts_;
    std::int64_t in_, depth_;             // input channels: of a part, of all parts
    std::int64_t down_, across_, tiles_;  // tiles: of a column, of a line, of all images
    std::int64_t block_;                  // tiles of a block

private:
    std::int64_t row_length(std::int64_t channels) const {
        return channels + (channels * static_cast<std::int64_t>(sizeof(T)) % 4096 == 0 ? lanes : 0);
    }
    std::int64_t plane_length(std::int64_t channels) const {
        return block_ * row_length(channels) + lanes;
    }

    Tensor zeros_;
};

}  // namespace eps::kernels::cpu
