// Winograd convolution, adjoint in the filters: the transposed algorithm,
//
//     dg = G^T [ sum over tiles of (B^T d B) * (A dY A^T) ] G
//
// where the sum over tiles is, for each point, the matrix product dU [C, K] = V^T [C, tiles]
// dM [tiles, K]. The tiles are cut into slices by their number alone, so that the bits do not
// depend on the number of threads; the sums of the slices are added in order.
#include "cpu/conv/winograd.h"
#include "cpu/conv/winograd_tiles.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

template <class T, class F> class WinogradWeight : WinogradTiles<T, F> {
    using Tiles = WinogradTiles<T, F>;
    using Tiles::block_, Tiles::depth_, Tiles::in_, Tiles::tiles_, Tiles::y_;
    using Tiles::lanes, Tiles::m, Tiles::n, Tiles::planes, Tiles::r;
    using typename Tiles::Origin, typename Tiles::V;

    static constexpr std::int64_t kLeastTiles = 5 * kTileRows;
    static constexpr std::int64_t kMaxSlices = 8, kSumBytes = 1 << 23;  // sums of all slices

public:
    WinogradWeight(const Image<const T>& y, const std::vector<Correlation<T>>& parts)
        : Tiles(y, parts, kLeastTiles) {}

    void run(const std::vector<Filters<T>>& dw) const {
        const std::int64_t blocks = ceil_div(tiles_, block_), size = planes * depth_ * y_.channels;
        const std::int64_t bytes = size * static_cast<std::int64_t>(sizeof(T));
        const std::int64_t slices =
            std::min(blocks, std::clamp<std::int64_t>(kSumBytes / bytes, 2, kMaxSlices));
        const Tensor sums = empty({slices, size}, {.dtype = dtype_of<T>});
        T* const all = static_cast<T*>(sums.raw_data());
        // the sums dU of each slice
        parallel_for(slices, 1, [&](std::int64_t begin, std::int64_t end) {
            const Tensor v_buffer = this->buffer(depth_), g_buffer = this->buffer(y_.channels);
            const Planes<T, F> v = this->planes_of(v_buffer, depth_);
            const Planes<T, F> g = this->planes_of(g_buffer, y_.channels);
            for (std::int64_t s = begin; s < end; ++s)
                add_blocks(v, g, all + s * size, blocks * s / slices, blocks * (s + 1) / slices);
        });
        // their sum
        parallel_for(size, 1 << 14, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t s = 1; s < slices; ++s)
                for (std::int64_t i = begin; i < end; ++i) all[i] += all[s * size + i];
        });
        // transformed back
        for (std::size_t part = 0; part < dw.size(); ++part)
            filter_gradient(dw[part], all + static_cast<std::int64_t>(part) * in_ * y_.channels);
    }

private:
    // sums [point, C, K] = those of the blocks of tiles [begin, end).
    void add_blocks(const Planes<T, F>& v, const Planes<T, F>& g, T* sums, std::int64_t begin,
                    std::int64_t end) const {
        for (std::int64_t block = begin; block < end; ++block) {
            const std::int64_t first = block * block_, count = std::min(block_, tiles_ - first);
            for (std::int64_t t = 0; t < count; ++t) {
                this->input_tile(first + t, v, t);
                gradient_tile(first + t, g, t);
            }
            multiply_transposed(v, g, sums, count, block > begin);
        }
    }

    // dM = A dY A^T of one tile, into row `row` of every plane.
    void gradient_tile(std::int64_t tile, const Planes<T, F>& g, std::int64_t row) const {
        const Origin at = this->origin_of(tile);
        const T* from[m][m];
        this->pixels(y_, at.b, at.y, at.x, from);
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

    // dU[point] [C, K] (+)= V[point]^T [C, count] dM[point] [count, K]
    void multiply_transposed(const Planes<T, F>& v, const Planes<T, F>& g, T* sums,
                             std::int64_t count, bool accumulate) const {
        constexpr int width = kTileColumns<T>;
        const std::int64_t row_tiles = ceil_div(depth_, kTileRows);
        for (int point = 0; point < planes; ++point)
            for (std::int64_t k = 0; k < y_.channels; k += width)
                for (std::int64_t t = 0; t < row_tiles; ++t) {
                    const std::int64_t first = depth_ * t / row_tiles;
                    const std::int64_t rows = depth_ * (t + 1) / row_tiles - first;
                    const std::int64_t columns = std::min<std::int64_t>(width, y_.channels - k);
                    const TileSum<T> sum{.a = v.at(point, 0) + first,
                                         .a_row = 1,
                                         .a_step = v.row,
                                         .b = g.at(point, 0) + k,
                                         .b_step = g.row,
                                         .length = count};
                    run_tile<T, Along::rows>(sum, static_cast<int>(rows), static_cast<int>(columns),
                                             sums + (point * depth_ + first) * y_.channels + k,
                                             y_.channels, accumulate);
                }
    }

    // dg = G^T dU G for the filters of one part.
    void filter_gradient(const Filters<T>& dw, const T* sums) const {
        parallel_for(in_, 8, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t c = begin; c < end; ++c)
                for (std::int64_t k = 0; k < y_.channels; k += lanes) {
                    V u[n][n], g[r][r];
                    for (int i = 0; i < planes; ++i)
                        u[i / n][i % n] = load(sums + (i * depth_ + c) * y_.channels + k);
                    transform_filter_adjoint<F>(u, g);
                    T weights[r * r][lanes];
                    for (int p = 0; p < r * r; ++p) store(weights[p], g[p / r][p % r]);
                    for (int lane = 0; lane < lanes; ++lane) {
                        T* const to = dw.data + (k + lane) * dw.out + c * dw.in;
                        for (int p = 0; p < r * r; ++p)
                            to[p / r * dw.y + p % r * dw.x] = weights[p][lane];
                    }
                }
        });
    }
};

}  // namespace

template <class T>
void correlate_weight_winograd(const std::vector<Filters<T>>& dw, const Image<const T>& y,
                               const std::vector<Correlation<T>>& parts) {
    if (parts[0].filters.height == 3)
        WinogradWeight<T, F43>(y, parts).run(dw);
    else
        WinogradWeight<T, F42>(y, parts).run(dw);
}

template void correlate_weight_winograd(const std::vector<Filters<float>>&,
                                        const Image<const float>&,
                                        const std::vector<Correlation<float>>&);
template void correlate_weight_winograd(const std::vector<Filters<double>>&,
                                        const Image<const double>&,
                                        const std::vector<Correlation<double>>&);

}  // namespace eps::kernels::cpu
