// Winograd convolution, forward: three passes over each block of tiles (winograd.h has the formula
// and winograd_tiles.h the blocking).
#include "cpu/conv/winograd.h"

#include "cpu/conv/winograd_tiles.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

template <class T, class F> class WinogradForward : WinogradTiles<T, F> {
    using Tiles = WinogradTiles<T, F>;
    using Tiles::block_, Tiles::depth_, Tiles::in_, Tiles::parts_, Tiles::tiles_, Tiles::y_;
    using Tiles::lanes, Tiles::m, Tiles::n, Tiles::planes, Tiles::r;
    using typename Tiles::Origin, typename Tiles::V;

    static constexpr std::int64_t kLeastTiles = 2 * kTileRows;

public:
    WinogradForward(const Image<const T>& y, const std::vector<Correlation<T>>& parts)
        : Tiles(y, parts, kLeastTiles) {}

    void run(T* out, const T* bias) const {
        const Tensor filters = transformed_filters();
        const T* const u = static_cast<const T*>(filters.raw_data());
        parallel_for(ceil_div(tiles_, block_), 1, [&](std::int64_t begin, std::int64_t end) {
            const Tensor v_buffer = this->buffer(depth_), m_buffer = this->buffer(y_.channels);
            const Planes<T, F> v = this->planes_of(v_buffer, depth_);
            const Planes<T, F> products = this->planes_of(m_buffer, y_.channels);
            for (std::int64_t block = begin; block < end; ++block) {
                const std::int64_t first = block * block_, count = std::min(block_, tiles_ - first);
                // input tiles
                for (std::int64_t t = 0; t < count; ++t) this->input_tile(first + t, v, t);
                // products
                multiply(v, u, products, count);
                // output tiles
                for (std::int64_t t = 0; t < count; ++t)
                    output_tile(first + t, products, t, out, bias);
            }
        });
    }

private:
    // U = G g G^T for every pair of channels, laid out as tiles of the product read it:
    // [point][strip of output channels][input channel][output channel of the strip]. One register
    // holds the same kernel position of `lanes` output channels.
    Tensor transformed_filters() const {
        constexpr int width = kTileColumns<T>;
        const std::int64_t strips = ceil_div(y_.channels, width), strip_size = depth_ * width;
        const Tensor packed = empty({planes, strips * strip_size}, {.dtype = dtype_of<T>});
        T* const to = static_cast<T*>(packed.raw_data());
        parallel_for(depth_, 8, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t c = begin; c < end; ++c) {
                const Filters<const T>& w = parts_[static_cast<std::size_t>(c / in_)].filters;
                for (std::int64_t k = 0; k < y_.channels; k += lanes) {
                    T weights[r * r][lanes];
                    for (int lane = 0; lane < lanes; ++lane) {
                        const T* const from = w.data + (k + lane) * w.out + c % in_ * w.in;
                        for (int p = 0; p < r * r; ++p)
                            weights[p][lane] = from[p / r * w.y + p % r * w.x];
                    }
                    V g[r][r], u[n][n];
                    for (int p = 0; p < r * r; ++p) g[p / r][p % r] = load(weights[p]);
                    transform_filter<F>(g, u);
                    T* const column = to + k / width * strip_size + c * width + k % width;
                    for (int point = 0; point < planes; ++point)
                        store(column + point * strips * strip_size, u[point / n][point % n]);
                }
            }
        });
        return packed;
    }

    // M[point] [count, K] = V[point] [count, C] U[point] [C, K]
    void multiply(const Planes<T, F>& v, const T* u, const Planes<T, F>& products,
                  std::int64_t count) const {
        constexpr int width = kTileColumns<T>;
        const std::int64_t row_tiles = ceil_div(count, kTileRows);
        for (int point = 0; point < planes; ++point)
            for (std::int64_t k = 0; k < y_.channels; k += width, u += depth_ * width)
                for (std::int64_t t = 0; t < row_tiles; ++t) {
                    const std::int64_t first = count * t / row_tiles;
                    const std::int64_t rows = count * (t + 1) / row_tiles - first;
                    const std::int64_t columns = std::min<std::int64_t>(width, y_.channels - k);
                    const TileSum<T> sum{.a = v.at(point, first),
                                         .a_row = v.row,
                                         .a_step = 1,
                                         .b = u,
                                         .b_step = width,
                                         .length = depth_};
                    run_tile<T, Along::steps>(sum, static_cast<int>(rows),
                                              static_cast<int>(columns),
                                              products.at(point, first) + k, products.row, false);
                }
    }

    // Y = A^T M A + bias; tiles at the edge of the image are cut.
    void output_tile(std::int64_t tile, const Planes<T, F>& products, std::int64_t row, T* out,
                     const T* bias) const {
        const Origin at = this->origin_of(tile);
        const int height = static_cast<int>(std::min<std::int64_t>(m, y_.height - at.y));
        const int width = static_cast<int>(std::min<std::int64_t>(m, y_.width - at.x));
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
};

}  // namespace

template <class T> bool winograd_fits(const Image<const T>& out, const Correlation<T>& c) {
    const std::int64_t size = c.filters.height;
    const bool whole_registers = c.in.channels % kLanes<T> == 0 && out.channels % kLanes<T> == 0;
    return (size == 2 || size == 3) && c.filters.width == size && !c.has_stride() &&
           !c.has_dilation() && c.groups == 1 && whole_registers && out.height >= 2 &&
           out.width >= 2;
}

template <class T>
void correlate_winograd(const Image<T>& out, const std::vector<Correlation<T>>& parts,
                        const T* bias) {
    const Image<const T> y = out;
    if (parts[0].filters.height == 3)
        WinogradForward<T, F43>(y, parts).run(out.data, bias);
    else
        WinogradForward<T, F42>(y, parts).run(out.data, bias);
}

#define EPS_INSTANTIATE(T)                                                     \
    template bool winograd_fits(const Image<const T>&, const Correlation<T>&); \
    template void correlate_winograd(const Image<T>&, const std::vector<Correlation<T>>&, const T*);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
#undef EPS_INSTANTIATE

}  // namespace eps::kernels::cpu
