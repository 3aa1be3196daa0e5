// The loop around every row: threads, strides, conversions. No arithmetic of an op is here.
#include "cpu/pointwise/rows.h"

#include <algorithm>

#include "tensor/contract/loop.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kTile = 1024;  // elements of one tile: four f32 operands are 16 KiB
// elements of a line that are too few for a call: several lines share a tile
constexpr std::int64_t kNarrow = 64;
constexpr std::int64_t kGrain = 16 * 1024;  // elements worth a second thread

/// Where the elements of a tile lie: `lines` of `width` elements, from `offset` on.
struct TilePlace {
    std::int64_t offset, line_stride, stride, lines, width;
    bool is_run() const { return stride == 1 && (lines == 1 || line_stride == width); }
};

/// f(i, at) for every element: i counts them, at is where each lies.
template <class F> void for_each_element(const TilePlace& place, const F& f) {
    // the lines are short, and many
    for (std::int64_t x = 0; x < place.width && place.lines > 1; ++x)
        for (std::int64_t y = 0; y < place.lines; ++y)
            f(y * place.width + x, place.offset + y * place.line_stride + x * place.stride);
    if (place.lines > 1) return;
    for (std::int64_t x = 0; x < place.width; ++x) f(x, place.offset + x * place.stride);
}

/// The elements of a tile one after the other, converted.
template <class T>
void load_tile(T* __restrict tile, const void* src, DType dtype, const TilePlace& place) {
    visit(dtype, [&]<class S>() {
        if constexpr (!is_stored_only<S>) {  // ops refused those
            const S* __restrict p = static_cast<const S*>(src);
            if (place.stride == 0 && place.lines == 1)
                std::fill_n(tile, place.width, convert<T>(p[place.offset]));
            else
                for_each_element(
                    place, [&](std::int64_t i, std::int64_t at) { tile[i] = convert<T>(p[at]); });
        }
    });
}

/// Visits the output tile by tile: a piece of one line, or some lines where these are narrow.
template <class T, class Out>
void run_tiles(const void* f, RowFunction<T, Out> run, const std::array<const Tensor*, 6>& operands,
               const Loop<6>& loop) {
    Out* const out = static_cast<Out*>(operands[0]->raw_data());
    const std::int64_t inner = loop.inner_size(),
                       count =
                           loop.rank > 1 ? loop.sizes[static_cast<std::size_t>(loop.rank - 2)] : 1;
    const std::int64_t width = std::min(inner, kTile),
                       lines = inner < kNarrow ? std::min(count, kTile / inner) : 1;
    // tiles
    const std::int64_t across = (inner + width - 1) / width, down = (count + lines - 1) / lines;
    const std::int64_t grain = std::max<std::int64_t>(1, kGrain / (lines * width));
    parallel_for(
        loop.outer_count() / count * down * across, grain,
        [&](std::int64_t begin, std::int64_t end) {
            T buffer[5][kTile];
            Out out_buffer[kTile];
            for (std::int64_t tile = begin; tile < end; ++tile) {
                const std::int64_t column = tile % across * width, block = tile / across,
                                   line = block % down * lines;
                const auto place_of = [&](std::size_t operand) {
                    return TilePlace{loop.row_offset(operand, block / down * count + line) +
                                         column * loop.inner_stride(operand),
                                     loop.line_stride(operand), loop.inner_stride(operand),
                                     std::min(lines, count - line),
                                     std::min(width, inner - column)};
                };
                Pointers<T> p{};
                for (std::size_t k = 1; k < 6; ++k) {
                    if (!operands[k]) continue;
                    const TilePlace place = place_of(k);
                    if (place.is_run() && operands[k]->dtype() == dtype_of<T>) {
                        p[k - 1] = static_cast<const T*>(operands[k]->raw_data()) + place.offset;
                    } else {
                        load_tile(buffer[k - 1], operands[k]->raw_data(), operands[k]->dtype(),
                                  place);
                        p[k - 1] = buffer[k - 1];
                    }
                }
                const TilePlace target = place_of(0);
                const std::int64_t n = target.lines * target.width;
                if (target.is_run()) {
                    run(f, out + target.offset, p, n);
                } else {
                    run(f, out_buffer, p, n);
                    for_each_element(
                        target, [&](std::int64_t i, std::int64_t at) { out[at] = out_buffer[i]; });
                }
            }
        });
}

}  // namespace

template <class T, class Out>
void run_loop(const void* f, RowFunction<T, Out> run,
              const std::array<const Tensor*, 6>& operands) {
    const Tensor& out = *operands[0];
    Out* const out_data = static_cast<Out*>(out.raw_data());
    const DType dtype = dtype_of<T>;

    bool flat = out.is_contiguous();
    for (std::size_t k = 1; flat && k < 6; ++k)
        flat =
            !operands[k] || (operands[k]->dtype() == dtype && operands[k]->shape() == out.shape() &&
                             operands[k]->is_contiguous());
    if (flat) {
        Pointers<T> p{};
        for (std::size_t k = 0; k < 5; ++k)
            if (operands[k + 1]) p[k] = static_cast<const T*>(operands[k + 1]->raw_data());
        parallel_for(out.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
            Pointers<T> here = p;
            for (const T*& x : here)
                if (x) x += begin;
            run(f, out_data + begin, here, end - begin);
        });
        return;
    }

    if (out.numel() > 0) run_tiles(f, run, operands, plan_loop<6>(operands));
}

#define EPS_INSTANTIATE(T)                                             \
    template void run_loop<T, T>(const void*, RowFunction<T, T>,       \
                                 const std::array<const Tensor*, 6>&); \
    template void run_loop<T, bool>(const void*, RowFunction<T, bool>, \
                                    const std::array<const Tensor*, 6>&);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
EPS_INSTANTIATE(std::int64_t)
EPS_INSTANTIATE(std::uint8_t)

}  // namespace eps::kernels::cpu
