// The loop around every entry of a derivative table: threads, strides, conversions. No arithmetic
// of an op is here.
#include "cpu/pointwise/entries.h"

#include <algorithm>

#include "tensor/contract/loop.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kTile = 1024;        // elements of a tile: four f32 operands are 16 KiB
constexpr std::int64_t kNarrow = 64;        // shorter lines are gathered, several to a tile
constexpr std::int64_t kGrain = 16 * 1024;  // elements that are worth a second thread

/// The part of an operand that a tile covers: `lines` of `width` elements, from `offset` on.
struct TileLayout {
    std::int64_t offset;
    std::int64_t line_stride;
    std::int64_t stride;
    std::int64_t lines;
    std::int64_t width;
    bool is_contiguous() const { return stride == 1 && (lines == 1 || line_stride == width); }
};

/// Calls f(i, at) for every element: i counts them, `at` is the offset of each.
template <class F> void for_each_element(const TileLayout& layout, const F& f) {
    // Where a tile has several lines, they are short and many: the inner loop goes over lines.
    for (std::int64_t x = 0; x < layout.width && layout.lines > 1; ++x)
        for (std::int64_t y = 0; y < layout.lines; ++y)
            f(y * layout.width + x, layout.offset + y * layout.line_stride + x * layout.stride);
    if (layout.lines > 1) return;
    for (std::int64_t x = 0; x < layout.width; ++x) f(x, layout.offset + x * layout.stride);
}

/// Copies the elements of a tile one after the other, converted to T.
template <class T>
void load_tile(T* __restrict tile, const void* src, DType dtype, const TileLayout& layout) {
    visit(dtype, [&]<class S>() {
        if constexpr (!is_stored_only<S>) {  // the ops reject those
            const S* __restrict p = static_cast<const S*>(src);
            if (layout.stride == 0 && layout.lines == 1)
                std::fill_n(tile, layout.width, convert<T>(p[layout.offset]));
            else
                for_each_element(
                    layout, [&](std::int64_t i, std::int64_t at) { tile[i] = convert<T>(p[at]); });
        }
    });
}

/// How the output is cut into tiles: pieces of one line, or several lines where these are narrow.
struct Tiling {
    std::int64_t inner;  // elements of a line
    std::int64_t count;  // lines of the second innermost dimension
    std::int64_t width;  // elements of a line that a tile covers
    std::int64_t lines;  // lines that a tile covers
    std::int64_t across;
    std::int64_t down;

    explicit Tiling(const Loop<6>& loop) : inner(loop.inner_size()) {
        count = loop.rank > 1 ? loop.sizes[static_cast<std::size_t>(loop.rank - 2)] : 1;
        width = std::min(inner, kTile);
        lines = inner < kNarrow ? std::min(count, kTile / inner) : 1;
        across = ceil_div(inner, width);
        down = ceil_div(count, lines);
    }

    /// The part of one operand that a tile covers.
    TileLayout layout(const Loop<6>& loop, std::int64_t tile, std::size_t operand) const {
        const std::int64_t column = tile % across * width;
        const std::int64_t block = tile / across;
        const std::int64_t line = block % down * lines;
        return {.offset = loop.row_offset(operand, block / down * count + line) +
                          column * loop.inner_stride(operand),
                .line_stride = loop.line_stride(operand),
                .stride = loop.inner_stride(operand),
                .lines = std::min(lines, count - line),
                .width = std::min(width, inner - column)};
    }
};

/// Visits the output tile by tile. A tile of an operand that is contiguous and of type T is read in
/// place, others go through a buffer.
template <class T, class Out>
void run_tiles(const void* f, EntryFunction<T, Out> run, const Operands& operands,
               const Loop<6>& loop) {
    Out* const out = static_cast<Out*>(operands[0]->raw_data());
    const Tiling tiling(loop);
    const std::int64_t tiles = loop.outer_count() / tiling.count * tiling.down * tiling.across;
    const std::int64_t grain = std::max<std::int64_t>(1, kGrain / (tiling.lines * tiling.width));
    parallel_for(tiles, grain, [&](std::int64_t begin, std::int64_t end) {
        T buffer[5][kTile];
        Out out_buffer[kTile];
        for (std::int64_t tile = begin; tile < end; ++tile) {
            Pointers<T> p{};
            for (std::size_t k = 1; k < 6; ++k) {
                if (!operands[k]) continue;
                const TileLayout layout = tiling.layout(loop, tile, k);
                const void* const data = operands[k]->raw_data();
                if (layout.is_contiguous() && operands[k]->dtype() == dtype_of<T>) {
                    p[k - 1] = static_cast<const T*>(data) + layout.offset;
                } else {
                    load_tile(buffer[k - 1], data, operands[k]->dtype(), layout);
                    p[k - 1] = buffer[k - 1];
                }
            }
            const TileLayout target = tiling.layout(loop, tile, 0);
            const std::int64_t n = target.lines * target.width;
            if (target.is_contiguous()) {
                run(f, out + target.offset, p, n);
            } else {
                run(f, out_buffer, p, n);
                for_each_element(target,
                                 [&](std::int64_t i, std::int64_t at) { out[at] = out_buffer[i]; });
            }
        }
    });
}

/// Visits contiguous operands of the output's shape, cut into ranges for the threads.
template <class T, class Out>
void run_flat(const void* f, EntryFunction<T, Out> run, const Operands& operands) {
    Out* const out = static_cast<Out*>(operands[0]->raw_data());
    Pointers<T> p{};
    for (std::size_t k = 0; k < 5; ++k)
        if (operands[k + 1]) p[k] = static_cast<const T*>(operands[k + 1]->raw_data());
    parallel_for(operands[0]->numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
        Pointers<T> range = p;
        for (const T*& x : range)
            if (x) x += begin;
        run(f, out + begin, range, end - begin);
    });
}

}  // namespace

template <class T, class Out>
void run_loop(const void* f, EntryFunction<T, Out> run, const Operands& operands) {
    const Tensor& out = *operands[0];
    bool flat = out.is_contiguous();
    for (std::size_t k = 1; flat && k < 6; ++k) {
        const Tensor* const x = operands[k];
        flat = !x || (x->dtype() == dtype_of<T> && x->shape() == out.shape() && x->is_contiguous());
    }
    if (flat) return run_flat(f, run, operands);
    if (out.numel() > 0) run_tiles(f, run, operands, plan_loop<6>(operands));
}

#define EPS_INSTANTIATE(T)                                                           \
    template void run_loop<T, T>(const void*, EntryFunction<T, T>, const Operands&); \
    template void run_loop<T, bool>(const void*, EntryFunction<T, bool>, const Operands&);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
EPS_INSTANTIATE(std::int64_t)
EPS_INSTANTIATE(std::uint8_t)

}  // namespace eps::kernels::cpu
