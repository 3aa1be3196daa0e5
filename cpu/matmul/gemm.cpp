// Matrix products, cut so that what is read again lies in a cache:
//
//     for each block of B, kDepth x kWidth           8 MiB: L3
//         pack it into strips of a tile's width      prepare_b()
//         for each group of rows of A                kGroupTiles tiles: L2
//             for each strip of the block            64 KiB with AVX-512, 32 KiB with AVX2: L1
//                 for each tile of the group         tile.h: registers
//
// Packing gives B the order in which tiles read it. A is read in place if its rows are contiguous,
// which saves a copy; it is copied or packed only if it must be: see Rows.
//
// Source: Goto & van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).
#include "cpu/matmul/gemm.h"

#include <algorithm>
#include <utility>

#include "cpu/matmul/pack.h"
#include "cpu/matmul/tile.h"
#include "tensor/create.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kDepth = 512;      // steps of a block: a strip of f32 has 64 KiB
constexpr std::int64_t kWidth = 4096;     // columns of a block: 8 MiB
constexpr std::int64_t kGroupTiles = 16;  // tiles of one strip that a thread computes in a row
constexpr std::int64_t kPackedRows = 8;   // rows of B that are packed into all strips at a time
constexpr std::int64_t kSmallBlock = 128 * 128;  // elements of B that stay in cache unpacked
constexpr std::int64_t kPageBytes = 4096;
// Multiply-adds that are worth a second thread, about 10 us.
constexpr std::int64_t kThreadWork = 1 << 20;

/// A block of B as tiles read it: element (p, j) of strip s is at data[s strip + p step + j].
template <class T> struct Strips {
    const T* data;
    std::int64_t strip, step;
};

/// The part of the product that needs the steps [p0, p0 + depth) and the columns [j0, j0 + width).
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
        const std::int64_t row_bytes = g_.a_row * static_cast<std::int64_t>(sizeof(T));
        if (g_.a_column != 1 && depth_ != 1)
            multiply<Rows::packed>();
        else if (g_.m > 1 && row_bytes % kPageBytes == 0)
            multiply<Rows::copied>();
        else
            multiply<Rows::in_place>();
    }

private:
    /// How tiles read the rows of A.
    ///     in_place   they are contiguous
    ///     copied     they are, but whole pages apart: the rows of a tile, which are read side by
    ///                side, would all fall into one set of L1
    ///     packed     they are not contiguous
    /// Each thread copies or packs the groups that it needs, so that they lie in its own L2.
    enum class Rows { in_place, copied, packed };

    // B is read in place if its rows are contiguous and packing would not pay.
    bool b_in_place() const {
        return g_.b_column == 1 && width_ % kLanes<T> == 0 &&
               (g_.m <= kTileRows || depth_ * width_ <= kSmallBlock);
    }

    Tensor prepare_b() {
        const T* const from = g_.b + p0_ * g_.b_row + j0_ * g_.b_column;
        if (b_in_place()) {
            b_ = {from, kTileColumns<T>, g_.b_row};
            return {};
        }
        constexpr int strip = kTileColumns<T>;
        const Tensor buffer = empty({strips_ * depth_ * strip}, {.dtype = dtype_of<T>});
        T* const to = static_cast<T*>(buffer.raw_data());
        // Along the memory of B: some rows for all strips, or the columns of a strip from end to
        // end.
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

    // A unit of work is one group of rows times one strip. The tiles of a product differ by one row
    // in height at most.
    template <Rows rows> void multiply() const {
        const std::int64_t tiles = ceil_div(g_.m, kTileRows), groups = ceil_div(tiles, kGroupTiles);
        const std::int64_t units = groups * strips_;
        // Every thread prepares the rows of its units anew: as few pieces of work as threads.
        const std::int64_t least = rows == Rows::in_place ? 1 : ceil_div(units, num_threads());
        parallel_for(
            units, std::max(least, grain(units, g_.m * width_ * depth_)),
            [&](std::int64_t begin, std::int64_t end) {
                Tensor buffer;
                if (rows != Rows::in_place)
                    buffer = empty({kGroupTiles * kTileRows * pitch()}, {.dtype = dtype_of<T>});
                T* const prepared =
                    rows == Rows::in_place ? nullptr : static_cast<T*>(buffer.raw_data());
                std::int64_t group_prepared = -1;
                for (std::int64_t unit = begin; unit < end; ++unit) {
                    const std::int64_t group = unit / strips_, strip = unit % strips_;
                    const std::int64_t first = tiles * group / groups;
                    const std::int64_t last = tiles * (group + 1) / groups;
                    if (rows != Rows::in_place && std::exchange(group_prepared, group) != group)
                        for (std::int64_t t = first; t < last; ++t)
                            prepare_rows<rows>(prepared + (t - first) * kTileRows * pitch(),
                                               g_.m * t / tiles, g_.m * (t + 1) / tiles);
                    for (std::int64_t t = first; t < last; ++t)
                        tile<rows>(
                            prepared ? prepared + (t - first) * kTileRows * pitch() : nullptr,
                            strip, g_.m * t / tiles, g_.m * (t + 1) / tiles);
                }
            });
    }

    // One tile: rows [first, last) times one strip.
    template <Rows rows>
    void tile(const T* prepared, std::int64_t strip, std::int64_t first, std::int64_t last) const {
        constexpr Along along = rows == Rows::packed ? Along::rows : Along::steps;
        const std::int64_t column = strip * kTileColumns<T>;
        const std::int64_t columns = std::min<std::int64_t>(kTileColumns<T>, width_ - column);
        TileSum<T> sum{.a = prepared,
                       .a_row = pitch(),
                       .a_step = 1,
                       .b = b_.data + strip * b_.strip,
                       .b_step = b_.step,
                       .length = depth_};
        if constexpr (rows == Rows::packed) sum.a_step = kTileRows;
        if constexpr (rows == Rows::in_place) {
            sum.a = g_.a + first * g_.a_row + p0_ * g_.a_column;
            sum.a_row = g_.a_row;
        }
        run_tile<T, along>(sum, static_cast<int>(last - first), static_cast<int>(columns),
                           g_.c + first * g_.c_row + j0_ + column, g_.c_row,
                           p0_ > 0 || g_.accumulate);
    }

    // The distance of copied rows, which is no multiple of a page.
    std::int64_t pitch() const { return depth_ + kLanes<T>; }

    // to = rows [first, last) of A, copied or packed.
    template <Rows rows> void prepare_rows(T* to, std::int64_t first, std::int64_t last) const {
        const T* const from = g_.a + first * g_.a_row + p0_ * g_.a_column;
        if constexpr (rows == Rows::packed)
            pack_strip<T, kTileRows>(to, from, g_.a_column, g_.a_row, depth_,
                                     static_cast<int>(last - first));
        else
            for (std::int64_t i = 0; i < last - first; ++i)
                std::copy_n(from + i * g_.a_row, depth_, to + i * pitch());
    }

    // Units that are worth a thread, if all `units` together take `work` multiply-adds.
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
