// Matrix products, cut so that what is read again lies in cache: B in blocks of kDepth x kWidth,
// packed into strips of a tile's width, of which one stays in L1 while the rows of A pass by; A as
// it lies where its rows are contiguous, packed where not. The scheme is that of Goto and van de
// Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).
#include "cpu/matmul/gemm.h"

#include <algorithm>
#include <utility>

#include "cpu/matmul/pack.h"
#include "cpu/matmul/tile.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kDepth = 512;             // a strip of B: 64 KiB of f32
constexpr std::int64_t kWidth = 4096;            // a block of B: 8 MiB
constexpr std::int64_t kGroupTiles = 16;         // tiles of one strip that one thread takes at once
constexpr std::int64_t kPackedRows = 8;          // of B, packed at once
constexpr std::int64_t kSmallBlock = 128 * 128;  // numbers of B that stay in cache as they are
constexpr std::int64_t kThreadWork = 1 << 20;    // multiply-adds worth a second thread, about 10 us

/// Where a block of B lies once it is ready for tiles.
template <class T> struct Strips {
    const T* data;
    std::int64_t strip;  // from one strip to the next
    std::int64_t step;   // from one p to the next
};

/// One block of the product: all of it that needs depth steps [p0, p0 + depth) and columns [j0, j0
/// + width).
template <class T> class Block {
public:
    Block(const Gemm<T>& g, std::int64_t p0, std::int64_t depth, std::int64_t j0,
          std::int64_t width)
        : g_(g),
          p0_(p0),
          depth_(depth),
          j0_(j0),
          width_(width),
          strips_(ceil_div(width, kTileColumns<T>)) {}

    void run() {
        const Tensor b_buffer = prepare_b();
        if (g_.a_column != 1 && depth_ != 1) return multiply<Rows::packed>();
        // Rows are read where they lie, kTileRows of them side by side; a distance of whole pages
        // would put all of them into one set of L1.
        const bool collide =
            g_.m > 1 && g_.a_row * static_cast<std::int64_t>(sizeof(T)) % 4096 == 0;
        collide ? multiply<Rows::copied>() : multiply<Rows::in_place>();
    }

private:
    /// How a group of rows of A is made ready. Each thread does so for the groups it needs: what it
    /// has just written lies in its L2.
    enum class Rows { in_place, copied, packed };

    bool b_direct() const {
        return g_.b_column == 1 && width_ % kLanes<T> == 0 &&
               (g_.m <= kTileRows || depth_ * width_ <= kSmallBlock);
    }

    Tensor prepare_b() {
        const T* const from = g_.b + p0_ * g_.b_row + j0_ * g_.b_column;
        if (b_direct()) {
            b_ = {from, kTileColumns<T>, g_.b_row};
            return {};
        }
        constexpr int strip = kTileColumns<T>;
        const Tensor buffer = empty({strips_ * depth_ * strip}, {.dtype = dtype_of<T>});
        T* const to = static_cast<T*>(buffer.raw_data());
        // Rows of B are read as they lie, some at a time for all strips; columns, a strip of them
        // from end to end.
        const std::int64_t chunk = g_.b_column == 1 ? kPackedRows : depth_;
        parallel_for(
            strips_, grain(strips_, depth_ * width_ * 4),
            [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t p = 0; p < depth_; p += chunk)
                    for (std::int64_t s = begin; s < end; ++s)
                        pack_strip<T, strip>(
                            to + (s * depth_ + p) * strip,
                            from + p * g_.b_row + s * strip * g_.b_column, g_.b_row, g_.b_column,
                            std::min(chunk, depth_ - p),
                            static_cast<int>(std::min<std::int64_t>(strip, width_ - s * strip)));
            });
        b_ = {to, depth_ * strip, strip};
        return buffer;
    }

    // A unit of work is one group of rows, kGroupTiles tiles one below the other, times one strip.
    // Tiles of a product are of even height.
    template <Rows ready> void multiply() const {
        constexpr Along along = ready == Rows::packed ? Along::rows : Along::steps;
        const std::int64_t tiles = ceil_div(g_.m, kTileRows), groups = ceil_div(tiles, kGroupTiles),
                           units = groups * strips_;
        const auto first_row = [&](std::int64_t tile) { return g_.m * tile / tiles; };
        // Where rows are made ready, large pieces: it is done anew in each.
        const std::int64_t least = ready == Rows::in_place ? 1 : ceil_div(units, num_threads());
        parallel_for(
            units, std::max(least, grain(units, g_.m * width_ * depth_)),
            [&](std::int64_t begin, std::int64_t end) {
                Tensor buffer;
                if (ready != Rows::in_place)
                    buffer = empty({kGroupTiles * kTileRows * pitch()}, {.dtype = dtype_of<T>});
                T* const rows =
                    ready == Rows::in_place ? nullptr : static_cast<T*>(buffer.raw_data());
                std::int64_t group_ready = -1;
                for (std::int64_t unit = begin; unit < end; ++unit) {
                    const std::int64_t group = unit / strips_, strip = unit % strips_;
                    const std::int64_t first_tile = tiles * group / groups,
                                       last_tile = tiles * (group + 1) / groups;
                    if (ready != Rows::in_place && std::exchange(group_ready, group) != group)
                        for (std::int64_t t = first_tile; t < last_tile; ++t)
                            prepare_rows<ready>(rows, t - first_tile, first_row(t),
                                                first_row(t + 1));
                    const std::int64_t column = strip * kTileColumns<T>;
                    const int columns =
                        static_cast<int>(std::min<std::int64_t>(kTileColumns<T>, width_ - column));
                    for (std::int64_t t = first_tile; t < last_tile; ++t) {
                        const std::int64_t row = first_row(t);
                        TileSum<T> sum{.a = rows + (t - first_tile) * kTileRows * pitch(),
                                       .a_row = pitch(),
                                       .a_step = 1,
                                       .b = b_.data + strip * b_.strip,
                                       .b_step = b_.step,
                                       .length = depth_};
                        if constexpr (ready == Rows::packed) sum.a_step = kTileRows;
                        if constexpr (ready == Rows::in_place) {
                            sum.a = g_.a + row * g_.a_row + p0_ * g_.a_column;
                            sum.a_row = g_.a_row;
                        }
                        run_tile<T, along>(sum, static_cast<int>(first_row(t + 1) - row), columns,
                                           g_.c + row * g_.c_row + j0_ + column, g_.c_row,
                                           p0_ > 0 || g_.accumulate);
                    }
                }
            });
    }

    // From one row to the next of a buffer of copied rows: off the multiples of a page.
    std::int64_t pitch() const { return depth_ + kLanes<T>; }

    template <Rows ready>
    void prepare_rows(T* buffer, std::int64_t tile, std::int64_t first, std::int64_t last) const {
        T* const to = buffer + tile * kTileRows * pitch();
        const T* const from = g_.a + first * g_.a_row + p0_ * g_.a_column;
        if constexpr (ready == Rows::packed)
            pack_strip<T, kTileRows>(to, from, g_.a_column, g_.a_row, depth_,
                                     static_cast<int>(last - first));
        else
            for (std::int64_t i = 0; i < last - first; ++i)
                std::copy_n(from + i * g_.a_row, depth_, to + i * pitch());
    }

    // Units that are worth a thread of their own, when all of them together take `work`
    // multiply-adds.
    std::int64_t grain(std::int64_t units, std::int64_t work) const {
        return std::max<std::int64_t>(1, units * kThreadWork / std::max<std::int64_t>(work, 1));
    }

    const Gemm<T>& g_;
    std::int64_t p0_, depth_, j0_, width_, strips_;
    Strips<T> b_{};
};

}  // namespace

template <class T> void Gemm<T>::run() const {
    const std::int64_t depths = ceil_div(k, kDepth);
    for (std::int64_t j0 = 0; j0 < n; j0 += kWidth)
        for (std::int64_t d = 0; d < depths; ++d) {
            const std::int64_t p0 = k * d / depths;
            Block<T>(*this, p0, k * (d + 1) / depths - p0, j0, std::min(kWidth, n - j0)).run();
        }
}

template struct Gemm<float>;
template struct Gemm<double>;

}  // namespace eps::kernels::cpu
