#include "cpu/conv/winograd.h"

#include <algorithm>

#include "cpu/matmul/tile.h"
#include "cpu/conv/winograd_transforms.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

// Bytes of transformed tiles that are worked on at once, half of L2, but no fewer tiles than pay
// for passing over U or dU once more.
constexpr std::int64_t kBlockBytes = 1 << 19, kForwardTiles = 2 * kTileRows,
                       kWeightTiles = 5 * kTileRows;
// of the tiles, for gradients of filters; of all their sums
constexpr std::int64_t kMaxSlices = 8, kSliceBytes = 1 << 23;

/// Matrices, one for each point of the transform, `count` tiles by `channels`. Their distance is
/// off the multiples of a page, so that the same element of all of them does not fall into one set
/// of L1.
template <class T, class F> struct Planes {
    static constexpr int count = F::points * F::points;
    T* data;
    std::int64_t row, plane;
    T* at(int point, std::int64_t tile) const { return data + point * plane + tile * row; }
};

template <class T, class F> class Winograd {
    using V = Vector<T>;
    static constexpr int lanes = kLanes<T>, n = F::points, m = F::results, r = F::taps,
                         planes = n * n;

public:
    Winograd(const Image<const T>& y, const std::vector<Correlation<T>>& parts,
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
                            16 * std::int64_t{kTileRows});
    }

    void forward(T* out, const T* bias) const {
        const Tensor filters = transformed_filters();
        const T* const u = static_cast<const T*>(filters.raw_data());
        parallel_for(ceil_div(tiles_, block_), 1, [&](std::int64_t begin, std::int64_t end) {
            const Tensor v_buffer = buffer(depth_), m_buffer = buffer(y_.channels);
            const Planes<T, F> v = planes_of(v_buffer, depth_),
                               products = planes_of(m_buffer, y_.channels);
            for (std::int64_t block = begin; block < end; ++block) {
                const std::int64_t first = block * block_, count = std::min(block_, tiles_ - first);
                for (std::int64_t t = 0; t < count; ++t) input_tile(first + t, v, t);
                multiply(v, u, products, count);
                for (std::int64_t t = 0; t < count; ++t)
                    output_tile(first + t, products, t, out, bias);
            }
        });
    }

    // The adjoint in the filters: the transposed algorithm. Tiles are cut into slices by their
    // number alone, whose sums are added in order.
    void weight(const std::vector<Filters<T>>& dw) const {
        const std::int64_t blocks = ceil_div(tiles_, block_), size = planes * depth_ * y_.channels;
        const std::int64_t slices = std::min(
            blocks,
            std::clamp<std::int64_t>(kSliceBytes / (size * static_cast<std::int64_t>(sizeof(T))), 2,
                                     kMaxSlices));
        const Tensor sums = empty({slices, size}, {.dtype = dtype_of<T>});
        T* const all = static_cast<T*>(sums.raw_data());
        parallel_for(slices, 1, [&](std::int64_t begin, std::int64_t end) {
            const Tensor v_buffer = buffer(depth_), g_buffer = buffer(y_.channels);
            const Planes<T, F> v = planes_of(v_buffer, depth_),
                               g = planes_of(g_buffer, y_.channels);
            for (std::int64_t s = begin; s < end; ++s) {
                const std::int64_t first_block = blocks * s / slices;
                for (std::int64_t block = first_block; block < blocks * (s + 1) / slices; ++block) {
                    const std::int64_t first = block * block_,
                                       count = std::min(block_, tiles_ - first);
                    for (std::int64_t t = 0; t < count; ++t) {
                        input_tile(first + t, v, t);
                        gradient_tile(first + t, g, t);
                    }
                    multiply_transposed(v, g, all + s * size, count, block > first_block);
                }
            }
        });
        parallel_for(size, 1 << 14, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t s = 1; s < slices; ++s)
                for (std::int64_t i = begin; i < end; ++i) all[i] += all[s * size + i];
        });
        for (std::size_t part = 0; part < dw.size(); ++part)
            filter_gradient(dw[part], all + static_cast<std::int64_t>(part) * in_ * y_.channels);
    }

private:
    // rows of a page's length would collide, too
    std::int64_t row_length(std::int64_t channels) const {
        return channels + (channels * static_cast<std::int64_t>(sizeof(T)) % 4096 == 0 ? lanes : 0);
    }
    std::int64_t plane_length(std::int64_t channels) const {
        return block_ * row_length(channels) + lanes;
    }
    Tensor buffer(std::int64_t channels) const {
        return empty({planes * plane_length(channels)}, {.dtype = dtype_of<T>});
    }
    Planes<T, F> planes_of(const Tensor& buffer, std::int64_t channels) const {
        return {static_cast<T*>(buffer.raw_data()), row_length(channels), plane_length(channels)};
    }

    // U = G g G^T for every pair of channels, laid out as tiles read it: [point][strip of
    // outputs][input][output of the strip].
    Tensor transformed_filters() const {
        constexpr int width = kTileColumns<T>;
        const std::int64_t strips = ceil_div(y_.channels, width), strip_size = depth_ * width;
        const Tensor packed = empty({planes, strips * strip_size}, {.dtype = dtype_of<T>});
        T* const to = static_cast<T*>(packed.raw_data());
        parallel_for(depth_, 8, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t c = begin; c < end; ++c) {
                const Filters<const T>& w = parts_[static_cast<std::size_t>(c / in_)].filters;
                for (std::int64_t k = 0; k < y_.channels; k += lanes) {
                    T taps[r * r][lanes];
                    for (int lane = 0; lane < lanes; ++lane) {
                        const T* const from = w.data + (k + lane) * w.out + c % in_ * w.in;
                        for (int tap = 0; tap < r * r; ++tap)
                            taps[tap][lane] = from[tap / r * w.y + tap % r * w.x];
                    }
                    V g[r][r], u[n][n];
                    for (int tap = 0; tap < r * r; ++tap) g[tap / r][tap % r] = load(taps[tap]);
                    transform_filter<F>(g, u);
                    for (int point = 0; point < planes; ++point)
                        store(
                            to + (point * strips + k / width) * strip_size + c * width + k % width,
                            u[point / n][point % n]);
                }
            }
        });
        return packed;
    }

    struct Place {
        std::int64_t b, y, x;  // of the tile's first result
    };
    Place place_of(std::int64_t tile) const {
        return {tile / (down_ * across_), tile / across_ % down_ * m, tile % across_ * m};
    }

    /// A square of pixels of an image from (y, x) on; zeros where there is no image.
    template <int side>
    void pixels(const Image<const T>& image, std::int64_t b, std::int64_t y, std::int64_t x,
                const T* (&to)[side][side]) const {
        const T* lines[side];
        std::int64_t places[side];
        for (int i = 0; i < side; ++i) {
            lines[i] = y + i >= 0 && y + i < image.height
                           ? image.data + b * image.batch + (y + i) * image.line
                           : nullptr;
            places[i] = x + i >= 0 && x + i < image.width ? (x + i) * image.pixel : -1;
        }
        const T* const nothing = static_cast<const T*>(zeros_.raw_data());
#pragma GCC unroll 6
        for (int i = 0; i < side; ++i)
#pragma GCC unroll 6
            for (int j = 0; j < side; ++j)
                to[i][j] = lines[i] && places[j] >= 0 ? lines[i] + places[j] : nothing;
    }

    // V = B^T d B
    void input_tile(std::int64_t tile, const Planes<T, F>& v, std::int64_t row) const {
        const Place at = place_of(tile);
        for (std::size_t part = 0; part < parts_.size(); ++part) {
            const Correlation<T>& c = parts_[part];
            const T* from[n][n];
            pixels(c.in, at.b, at.y - c.before_y, at.x - c.before_x, from);
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

    // A dY A^T
    void gradient_tile(std::int64_t tile, const Planes<T, F>& g, std::int64_t row) const {
        const Place at = place_of(tile);
        const T* from[m][m];
        pixels(y_, at.b, at.y, at.x, from);
        T* const to = g.at(0, row);
        for (std::int64_t k = 0; k < y_.channels; k += lanes) {
            V d[m][m], t[n][n];
#pragma GCC unroll 16
            for (int i = 0; i < m * m; ++i) d[i / m][i % m] = load(from[i / m][i % m] + k);
            transform_output_adjoint<F>(d, t);
#pragma GCC unroll 36
            for (int i = 0; i < planes; ++i) store(to + i * g.plane + k, t[i / n][i % n]);
        }
    }

    // Y = A^T M A + bias
    void output_tile(std::int64_t tile, const Planes<T, F>& products, std::int64_t row, T* out,
                     const T* bias) const {
        const Place at = place_of(tile);
        const int height = static_cast<int>(std::min<std::int64_t>(m, y_.height - at.y)),
                  width = static_cast<int>(std::min<std::int64_t>(m, y_.width - at.x));
        const T* const from = products.at(0, row);
        T* const to = out + at.b * y_.batch + at.y * y_.line + at.x * y_.pixel;
        for (std::int64_t k = 0; k < y_.channels; k += lanes) {
            V p[n][n], result[m][m];
#pragma GCC unroll 36
            for (int i = 0; i < planes; ++i) p[i / n][i % n] = load(from + i * products.plane + k);
            transform_output<F>(p, result);
            const V b = bias ? load(bias + k) : V{};
            for (int i = 0; i < height; ++i)
                for (int j = 0; j < width; ++j)
                    store(to + i * y_.line + j * y_.pixel + k, result[i][j] + b);
        }
    }

    // M[point] = V[point] U[point]
    void multiply(const Planes<T, F>& v, const T* u, const Planes<T, F>& products,
                  std::int64_t count) const {
        constexpr int width = kTileColumns<T>;
        const std::int64_t tiles = ceil_div(count, kTileRows);
        for (int point = 0; point < planes; ++point)
            for (std::int64_t k = 0; k < y_.channels; k += width, u += depth_ * width)
                for (std::int64_t t = 0; t < tiles; ++t) {
                    const std::int64_t first = count * t / tiles,
                                       rows = count * (t + 1) / tiles - first;
                    const TileSum<T> sum{.a = v.at(point, first),
                                         .a_row = v.row,
                                         .a_step = 1,
                                         .b = u,
                                         .b_step = width,
                                         .length = depth_};
                    run_tile<T, Along::steps>(
                        sum, static_cast<int>(rows),
                        static_cast<int>(std::min<std::int64_t>(width, y_.channels - k)),
                        products.at(point, first) + k, products.row, false);
                }
    }

    // dU[point] += V[point]^T dM[point]
    void multiply_transposed(const Planes<T, F>& v, const Planes<T, F>& g, T* sums,
                             std::int64_t count, bool accumulate) const {
        const std::int64_t tiles = ceil_div(depth_, kTileRows);
        for (int point = 0; point < planes; ++point)
            for (std::int64_t k = 0; k < y_.channels; k += kTileColumns<T>)
                for (std::int64_t t = 0; t < tiles; ++t) {
                    const std::int64_t first = depth_ * t / tiles,
                                       rows = depth_ * (t + 1) / tiles - first;
                    const TileSum<T> sum{.a = v.at(point, 0) + first,
                                         .a_row = 1,
                                         .a_step = v.row,
                                         .b = g.at(point, 0) + k,
                                         .b_step = g.row,
                                         .length = count};
                    run_tile<T, Along::rows>(
                        sum, static_cast<int>(rows),
                        static_cast<int>(std::min<std::int64_t>(kTileColumns<T>, y_.channels - k)),
                        sums + (point * depth_ + first) * y_.channels + k, y_.channels, accumulate);
                }
    }

    // dg = G^T dU G
    void filter_gradient(const Filters<T>& dw, const T* sums) const {
        parallel_for(in_, 8, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t c = begin; c < end; ++c)
                for (std::int64_t k = 0; k < y_.channels; k += lanes) {
                    V u[n][n], g[r][r];
                    for (int i = 0; i < planes; ++i)
                        u[i / n][i % n] = load(sums + (i * depth_ + c) * y_.channels + k);
                    transform_filter_adjoint<F>(u, g);
                    T taps[r * r][lanes];
                    for (int tap = 0; tap < r * r; ++tap) store(taps[tap], g[tap / r][tap % r]);
                    for (int lane = 0; lane < lanes; ++lane) {
                        T* const to = dw.data + (k + lane) * dw.out + c * dw.in;
                        for (int tap = 0; tap < r * r; ++tap)
                            to[tap / r * dw.y + tap % r * dw.x] = taps[tap][lane];
                    }
                }
        });
    }

    const Image<const T>& y_;
    const std::vector<Correlation<T>>& parts_;
    std::int64_t in_, depth_, down_, across_, tiles_, block_;
    Tensor zeros_;
};

}  // namespace

template <class T> bool winograd_fits(const Image<const T>& out, const Correlation<T>& c) {
    const std::int64_t taps = c.filters.height;
    return (taps == 2 || taps == 3) && c.filters.width == taps && c.stride_y == 1 &&
           c.stride_x == 1 && c.step_y == 1 && c.step_x == 1 && c.groups == 1 &&
           c.in.channels % kLanes<T> == 0 && out.channels % kLanes<T> == 0 && out.height >= 2 &&
           out.width >= 2;
}

template <class T>
void correlate_winograd(const Image<T>& out, const std::vector<Correlation<T>>& parts,
                        const T* bias) {
    const Image<const T> y{out.data,        out.batch,  out.line,  out.pixel,
                           out.batch_count, out.height, out.width, out.channels};
    parts[0].filters.height == 3
        ? Winograd<T, F43>(y, parts, kForwardTiles).forward(out.data, bias)
        : Winograd<T, F42>(y, parts, kForwardTiles).forward(out.data, bias);
}

template <class T>
void correlate_weight_winograd(const std::vector<Filters<T>>& dw, const Image<const T>& y,
                               const std::vector<Correlation<T>>& parts) {
    parts[0].filters.height == 3 ? Winograd<T, F43>(y, parts, kWeightTiles).weight(dw)
                                 : Winograd<T, F42>(y, parts, kWeightTiles).weight(dw);
}

#define EPS_INSTANTIATE(T)                                                                         \
    template bool winograd_fits(const Image<const T>&, const Correlation<T>&);                     \
    template void correlate_winograd(const Image<T>&, const std::vector<Correlation<T>>&,          \
                                     const T*);                                                    \
    template void correlate_weight_winograd(const std::vector<Filters<T>>&, const Image<const T>&, \
                                            const std::vector<Correlation<T>>&);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
#undef EPS_INSTANTIATE

}  // namespace eps::kernels::cpu
