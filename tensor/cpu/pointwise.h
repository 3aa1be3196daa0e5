#pragma once
// The CPU body of the pointwise family. One plain counted loop per row and dtype, over unit-stride pointers, which g++ vectorises;
// whatever is strided, broadcast or of another dtype is first laid out in a tile that stays in L1.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "tensor/kernels.h"
#include "tensor/loop.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {

inline constexpr std::int64_t kTile = 1024;         // elements of one tile: four f32 operands are 16 KiB
inline constexpr std::int64_t kNarrow = 64;         // elements of a line that are too few for a call: several lines share a tile
inline constexpr std::int64_t kGrain = 16 * 1024;   // elements worth a second thread

/// Where the elements of a tile lie: `lines` of `width` elements, from `offset` on.
struct TilePlace {
    std::int64_t offset, line_stride, stride, lines, width;
    bool is_run() const { return stride == 1 && (lines == 1 || line_stride == width); }
};

/// f(i, at) for every element: i counts them, at is where each lies.
template <class F>
void for_each_element(const TilePlace& place, const F& f) {
    for (std::int64_t x = 0; x < place.width && place.lines > 1; ++x)  // the lines are short, and many
        for (std::int64_t y = 0; y < place.lines; ++y) f(y * place.width + x, place.offset + y * place.line_stride + x * place.stride);
    if (place.lines > 1) return;
    for (std::int64_t x = 0; x < place.width; ++x) f(x, place.offset + x * place.stride);
}

/// The elements of a tile one after the other, converted.
template <class T>
void load_tile(T* __restrict tile, const void* src, DType dtype, const TilePlace& place) {
    visit(dtype, [&]<class S>() {
        const S* __restrict p = static_cast<const S*>(src);
        if (place.stride == 0 && place.lines == 1) std::fill_n(tile, place.width, convert<T>(p[place.offset]));
        else for_each_element(place, [&](std::int64_t i, std::int64_t at) { tile[i] = convert<T>(p[at]); });
    });
}

/// Up to five operands of one row: g, then the inputs. Those the row does not read are null.
template <class T>
using Pointers = std::array<const T*, 5>;

/// out[i] = (g[i] *) d^I f(x0[i], ...), n elements.
template <class F, int Row, class T, class Out>
void run_row(const F& f, Out* __restrict out, const Pointers<T>& p, std::int64_t n) {
    using R = family::Rows<F>;
    static constexpr Partial row = R::table[Row];
    constexpr auto reads = [](int j) { return (row.reads >> j & 1u) != 0; };
    const F op = f;  // a local copy: the compiler sees that the stores to out cannot change it
    const T* __restrict g = p[0];
    const T* __restrict x0 = p[1];
    const T* __restrict x1 = p[2];
    const T* __restrict x2 = p[3];
    const T* __restrict x3 = p[4];
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) {
        family::Args<T, R::arity> a;
        a.x[0] = reads(0) ? x0[i] : T(0);
        if constexpr (R::arity > 1) a.x[1] = reads(1) ? x1[i] : T(0);
        if constexpr (R::arity > 2) a.x[2] = reads(2) ? x2[i] : T(0);
        if constexpr (R::arity > 3) a.x[3] = reads(3) ? x3[i] : T(0);
        const auto y = family::unpack<row.index>([&]<int... I>() __attribute__((always_inline)) { return family::Derivative<I...>::at(op, a); });
        if constexpr (row.index.order > 0) out[i] = static_cast<Out>(g[i] * y);
        else out[i] = static_cast<Out>(y);
    }
}

template <class T, class Out>
using RowFunction = void (*)(const void* f, Out* out, const Pointers<T>& p, std::int64_t n);

/// Visits the output tile by tile: a piece of one line, or some lines where these are narrow.
template <class T, class Out>
void run_tiles(const void* f, RowFunction<T, Out> run, const std::array<const Tensor*, 6>& operands, const Loop<6>& loop) {
    Out* const out = static_cast<Out*>(operands[0]->raw_data());
    const std::int64_t inner = loop.inner_size(), count = loop.rank > 1 ? loop.sizes[static_cast<std::size_t>(loop.rank - 2)] : 1;
    const std::int64_t width = std::min(inner, kTile), lines = inner < kNarrow ? std::min(count, kTile / inner) : 1;
    const std::int64_t across = (inner + width - 1) / width, down = (count + lines - 1) / lines;  // tiles
    const std::int64_t grain = std::max<std::int64_t>(1, kGrain / (lines * width));
    parallel_for(loop.outer_count() / count * down * across, grain, [&](std::int64_t begin, std::int64_t end) {
        T buffer[5][kTile];
        Out out_buffer[kTile];
        for (std::int64_t tile = begin; tile < end; ++tile) {
            const std::int64_t column = tile % across * width, block = tile / across, line = block % down * lines;
            const auto place_of = [&](std::size_t operand) {
                return TilePlace{loop.row_offset(operand, block / down * count + line) + column * loop.inner_stride(operand), loop.line_stride(operand),
                                 loop.inner_stride(operand), std::min(lines, count - line), std::min(width, inner - column)};
            };
            Pointers<T> p{};
            for (std::size_t k = 1; k < 6; ++k) {
                if (!operands[k]) continue;
                const TilePlace place = place_of(k);
                if (place.is_run() && operands[k]->dtype() == dtype_of<T>) {
                    p[k - 1] = static_cast<const T*>(operands[k]->raw_data()) + place.offset;
                } else {
                    load_tile(buffer[k - 1], operands[k]->raw_data(), operands[k]->dtype(), place);
                    p[k - 1] = buffer[k - 1];
                }
            }
            const TilePlace target = place_of(0);
            const std::int64_t n = target.lines * target.width;
            if (target.is_run()) {
                run(f, out + target.offset, p, n);
            } else {
                run(f, out_buffer, p, n);
                for_each_element(target, [&](std::int64_t i, std::int64_t at) { out[at] = out_buffer[i]; });
            }
        }
    });
}

/// Visits the whole output with one row function. Operands: 0 out, 1 g, 2.. inputs.
template <class T, class Out>
void run_loop(const void* f, RowFunction<T, Out> run, const std::array<const Tensor*, 6>& operands) {
    const Tensor& out = *operands[0];
    Out* const out_data = static_cast<Out*>(out.raw_data());
    const DType dtype = dtype_of<T>;

    bool flat = out.is_contiguous();
    for (std::size_t k = 1; flat && k < 6; ++k)
        flat = !operands[k] || (operands[k]->dtype() == dtype && operands[k]->shape() == out.shape() && operands[k]->is_contiguous());
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

// Rows known to be zero or one are never launched; they have no loop.
template <class F, class T, class Out, std::size_t Row>
constexpr RowFunction<T, Out> row_function() {
    if constexpr (Row > 0 && family::Rows<F>::table[Row].kind != Partial::Kind::other) return nullptr;
    else
        return [](const void* f, Out* out, const Pointers<T>& p, std::int64_t n) {
            run_row<F, static_cast<int>(Row), T, Out>(*static_cast<const F*>(f), out, p, n);
        };
}

template <class F, class T, class Out, std::size_t... Row>
void dispatch_row(const void* attributes, int row, const std::array<const Tensor*, 6>& operands, std::index_sequence<Row...>) {
    static constexpr std::array<RowFunction<T, Out>, sizeof...(Row)> functions{row_function<F, T, Out, Row>()...};
    run_loop<T, Out>(attributes, functions[static_cast<std::size_t>(row)], operands);
}

// Integers have the forward row only.
template <class F, class T>
void run_typed(const void* attributes, int row, const std::array<const Tensor*, 6>& operands) {
    using Out = std::conditional_t<family::kind_of<F>() == PointwiseKind::predicate, bool, T>;
    constexpr std::size_t rows = std::is_floating_point_v<T> ? family::Rows<F>::table.size() : 1;
    dispatch_row<F, T, Out>(attributes, row, operands, std::make_index_sequence<rows>());
}

template <class F>
void pointwise(const void* attributes, int row, const PointwiseArgs& args) {
    using R = family::Rows<F>;
    constexpr PointwiseKind kind = family::kind_of<F>();
    const Partial& partial = R::table[static_cast<std::size_t>(row)];
    std::array<const Tensor*, 6> operands{&args.out, args.g.defined() ? &args.g : nullptr};
    DType dtype = kind == PointwiseKind::predicate ? DType::boolean : args.out.dtype();
    for (int j = 0; j < R::arity; ++j) {
        if (!(partial.reads >> j & 1u)) continue;
        operands[static_cast<std::size_t>(j + 2)] = &args.inputs[j];
        if (kind == PointwiseKind::predicate) dtype = promote(dtype, args.inputs[j].dtype());
    }
    if (dtype == DType::f32) return run_typed<F, float>(attributes, row, operands);
    if (dtype == DType::f64) return run_typed<F, double>(attributes, row, operands);
    if constexpr (kind != PointwiseKind::floating) {
        if (dtype == DType::i64) return run_typed<F, std::int64_t>(attributes, row, operands);
        return run_typed<F, std::uint8_t>(attributes, row, operands);
    }
}

template <class F>
PointwiseKernels pointwise_kernels() {
    if constexpr (family::has_slope<F>) return {pointwise<F>, pointwise<family::SlopeOfOutput<F>>};
    else return {pointwise<F>, nullptr};
}

}  // namespace eps::kernels::cpu
