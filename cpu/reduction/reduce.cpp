// sum, max, min and argmax. Who is combined with whom is a function of shape and strides alone
// (fixed lanes, fixed chunks, fixed trees), so the bits do not depend on the number of threads, and
// the error of a long sum grows with its logarithm.
//
//   along rows     the reduced elements are neighbours in memory: running values side by side along
//   each row along columns  the outputs are neighbours in memory: whole rows of columns are
//   combined at once
#include "cpu/reduction/reduce.h"

#include <vector>

#include "cpu/reduction/lines.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kChunk = 4096;   // elements of a row combined one after the other
constexpr std::int64_t kShortRow = 32;  // rows shorter than this are combined side by side
constexpr std::int64_t kColumns = 256;  // columns combined side by side
constexpr std::int64_t kRows = 256;     // rows of columns combined one after the other
// elements from which argmax is faster in two vectorised passes than in one that branches
constexpr std::int64_t kLongLine = 64;
constexpr std::int64_t kGrain = 128 * 1024;  // elements worth a second thread

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t grain_of(std::int64_t unit_work) {
    return std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, unit_work));
}

/// src as [kept..., reduced...], each ordered by memory. Operand 0 is src, operand 1 (of kept
/// dimensions) is out.
struct Plan {
    Nest<2> kept;
    Nest<1> reduced;

    Plan(const Tensor& out, const Tensor& src, const Dims& dims) {
        for (const std::int64_t dim : by_stride(src)) {
            const int d = static_cast<int>(dim);
            if (dims.contains(d))
                reduced.append({src.size(d), {src.strides()[d]}});
            else
                kept.append({src.size(d), {src.strides()[d], out.strides()[d]}});
        }
    }
    // Dimensions by falling stride: an insertion sort.
    static Dims by_stride(const Tensor& src) {
        Dims order;
        for (int d = 0; d < src.rank(); ++d) {
            int at = d;
            while (at > 0 && src.strides()[static_cast<int>(order[at - 1])] < src.strides()[d])
                --at;
            order.insert(at, d);
        }
        return order;
    }
};

/// The rows of a plan, each of them `outer` places times `inner` elements, cut into chunks.
template <class R, class T, class S> struct Rows {
    T* out;
    const S* src;
    const Nest<2>& kept;
    Nest<1> outer;
    Axis<1> inner;
    std::int64_t pieces, chunks;

    Rows(T* target, const S* source, const Plan& plan)
        : out(target), src(source), kept(plan.kept), outer(plan.reduced), inner(outer.pop()) {
        pieces = ceil_div(inner.size, kChunk);
        chunks = outer.count() * pieces;
    }
    T chunk(std::int64_t base, std::int64_t c) const {
        const Walk<1> at(outer, c / pieces);
        const std::int64_t first = c % pieces * kChunk;
        return reduce_line<R, T>(src + base + at[0] + first * inner.strides[0], inner.strides[0],
                                 std::min(kChunk, inner.size - first));
    }
    // A chunk is all there is of each row.
    void single() const {
        parallel_for(kept.count(), grain_of(inner.size), [&](std::int64_t begin, std::int64_t end) {
            Walk<2> at(kept, begin);
            for (std::int64_t o = begin; o < end; ++o, at.next())
                out[at[1]] = reduce_line<R, T>(src + at[0], inner.strides[0], inner.size);
        });
    }
    // Rows of a few elements: `width` rows at a time, element after element.
    void side_by_side(const Axis<2>& rows, const Nest<2>& places) const {
        constexpr std::int64_t width = 16;
        const std::int64_t groups = ceil_div(rows.size, width);
        parallel_for(
            places.count() * groups, grain_of(inner.size * width),
            [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t unit = begin; unit < end; ++unit) {
                    const Walk<2> at(places, unit / groups);
                    const std::int64_t first = unit % groups * width,
                                       n = std::min(width, rows.size - first);
                    const S* __restrict x = src + at[0] + first * rows.strides[0];
                    T values[width];
                    std::fill_n(values, width, R::identity());
                    for (std::int64_t i = 0; i < inner.size; ++i) {
                        const auto join = [&](std::int64_t r) {
                            values[r] = R::combine(
                                values[r],
                                static_cast<T>(x[r * rows.strides[0] + i * inner.strides[0]]));
                        };
                        if (n == width)
                            for (std::int64_t r = 0; r < width; ++r) join(r);
                        else
                            for (std::int64_t r = 0; r < n; ++r) join(r);
                    }
                    for (std::int64_t r = 0; r < n; ++r)
                        out[at[1] + (first + r) * rows.strides[1]] = values[r];
                }
            });
    }
    // Long rows: all chunks of all rows in parallel, then each row's tree.
    void chunked() const {
        const std::int64_t outputs = kept.count();
        std::vector<T> partial(static_cast<std::size_t>(outputs * chunks));
        parallel_for(outputs * chunks, grain_of(std::min(kChunk, inner.size)),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t u = begin; u < end; ++u)
                             partial[static_cast<std::size_t>(u)] =
                                 chunk(Walk<2>(kept, u / chunks)[0], u % chunks);
                     });
        for (std::int64_t o = 0; o < outputs; ++o) {
            T* const values = partial.data() + o * chunks;
            combine_rows<R>(values, chunks, 1, 1);
            out[Walk<2>(kept, o)[1]] = values[0];
        }
    }
    void run() const {
        if (chunks > 1) return chunked();
        Nest<2> places = kept;
        const Axis<2> rows = places.pop();
        inner.size<kShortRow && rows.size> 1 ? side_by_side(rows, places) : single();
    }
};

/// The columns of a plan: `width` of them contiguous, at each of `places`. A strip is up to
/// kColumns of them. Where rows follow each other without a gap and are short, `group` of them are
/// taken as one row of a strip and folded at the end.
template <class R, class T, class S> struct Columns {
    T* out;
    const S* src;
    Nest<2> places;
    Axis<2> columns;
    Nest<1> rows;  // the reduced dimensions, in groups; `rest` rows fill no group
    std::int64_t group = 1, rest = 0, strips, height, chunks;

    Columns(T* target, const S* source, const Plan& plan)
        : out(target), src(source), places(plan.kept), columns(places.pop()), rows(plan.reduced) {
        if (rows.rank() == 1 && rows.back().strides[0] == columns.size &&
            columns.size <= kColumns / 2) {
            const Axis<1> all = rows.pop();
            group = std::min(kColumns / columns.size, all.size);
            rest = all.size % group;
            rows.append({all.size / group, {group * columns.size}});
        }
        strips = ceil_div(columns.size, kColumns), height = rows.count(),
        chunks = ceil_div(height, kRows);
    }

    // total[i] = rows [first, first + count) at x + i, four rows at a time.
    void add_rows(T* __restrict total, const S* x, std::int64_t first, std::int64_t count,
                  std::int64_t n) const {
        Walk<1> at(rows, first);
        const auto next = [&] {
            const S* row = x + at[0];
            at.next();
            return row;
        };
        std::int64_t r = 0;
        for (; r + 4 <= count; r += 4) {
            const S* __restrict a = next();
            const S* __restrict b = next();
            const S* __restrict c = next();
            const S* __restrict d = next();
            for (std::int64_t i = 0; i < n; ++i) {
                const T left = R::combine(static_cast<T>(a[i]), static_cast<T>(b[i])),
                        right = R::combine(static_cast<T>(c[i]), static_cast<T>(d[i]));
                total[i] = R::combine(total[i], R::combine(left, right));
            }
        }
        for (; r < count; ++r) add_row(total, next(), n);
    }
    static void add_row(T* __restrict total, const S* __restrict row, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i)
            total[i] = R::combine(total[i], static_cast<T>(row[i]));
    }
    std::int64_t strip_width(std::int64_t strip) const {
        return std::min(kColumns, columns.size - strip * kColumns) * group;
    }
    // One chunk of rows of one strip.
    void chunk(T* __restrict total, std::int64_t strip, std::int64_t c) const {
        const S* x = src + Walk<2>(places, strip / strips)[0] + strip % strips * kColumns;
        const std::int64_t n = strip_width(strip % strips), first = c * kRows;
        std::fill_n(total, n, R::identity());
        add_rows(total, x, first, std::min(kRows, height - first), n);
        if (rest > 0 && c == chunks - 1)
            add_row(total, x + height * group * columns.size, rest * columns.size);
    }
    // The row of totals of a strip becomes its outputs.
    void finish(T* partial, std::int64_t strip) const {
        const std::int64_t width = strip_width(strip % strips) / group;
        combine_rows<R>(partial, group, width, width);
        T* const to = out + Walk<2>(places, strip / strips)[1] +
                      strip % strips * kColumns * columns.strides[1];
        for (std::int64_t i = 0; i < width; ++i) to[i * columns.strides[1]] = partial[i];
    }
    void run() const {
        const std::int64_t units = places.count() * strips,
                           unit_work = strip_width(0) * std::min(kRows, height);
        if (chunks == 1) {
            parallel_for(units, grain_of(unit_work), [&](std::int64_t begin, std::int64_t end) {
                T partial[kColumns];
                for (std::int64_t unit = begin; unit < end; ++unit) {
                    chunk(partial, unit, 0);
                    finish(partial, unit);
                }
            });
            return;
        }
        std::vector<T> partial(static_cast<std::size_t>(units * chunks * kColumns));
        parallel_for(units * chunks, grain_of(unit_work),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t u = begin; u < end; ++u)
                             chunk(partial.data() + u * kColumns, u / chunks, u % chunks);
                     });
        parallel_for(units, grain_of(kColumns * chunks), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t unit = begin; unit < end; ++unit) {
                T* const totals = partial.data() + unit * chunks * kColumns;
                combine_rows<R>(totals, chunks, strip_width(unit % strips), kColumns);
                finish(totals, unit);
            }
        });
    }
};

template <class R, class T, class S>
void reduce_typed(Tensor& out, const Tensor& src, const Dims& dims) {
    T* target = static_cast<T*>(out.raw_data());
    if (src.numel() == 0) {
        std::fill_n(target, out.numel(), R::identity());
        return;
    }
    const Plan plan(out, src, dims);
    const S* source = static_cast<const S*>(src.raw_data());
    const bool columns = plan.kept.rank() > 0 && plan.kept.back().strides[0] == 1 &&
                         plan.reduced.rank() > 0 && plan.reduced.back().strides[0] > 1;
    if (columns)
        Columns<R, T, S>(target, source, plan).run();
    else
        Rows<R, T, S>(target, source, plan).run();
}

template <template <class> class R>
void reduce_dtypes(Tensor& out, const Tensor& src, const Dims& dims) {
    visit_number("reduce", src.dtype(), [&]<class S>() {
        if (out.dtype() == src.dtype()) return reduce_typed<R<S>, S, S>(out, src, dims);
        if constexpr (std::is_same_v<S, std::uint8_t>)
            if (out.dtype() == i64)
                return reduce_typed<R<std::int64_t>, std::int64_t, S>(out, src, dims);
        fail("reduce", "no such conversion; got ", src.dtype(), " into ", out.dtype());
    });
}

// The extreme value first, then the first place that holds it.
template <class R, class T> std::int64_t find_extreme(const T* x, std::int64_t n) {
    const T best = reduce_line<R, T>(x, 1, n);
    std::int64_t i = 0;
    if (best != best)
        while (x[i] == x[i]) ++i;
    else
        while (x[i] != best) ++i;
    return i;
}

template <class T> std::int64_t arg_line(const T* x, const Axis<2>& line, bool smallest) {
    if (line.strides[1] == 1 && line.size >= kLongLine)
        return smallest ? find_extreme<MinOf<T>>(x, line.size)
                        : find_extreme<MaxOf<T>>(x, line.size);
    std::int64_t best = 0;
    T so_far = x[0];
    for (std::int64_t i = 1; i < line.size && so_far == so_far; ++i) {  // the first NaN stays
        const T here = x[i * line.strides[1]];
        if (here != here || (smallest ? here < so_far : here > so_far)) {
            best = i;
            so_far = here;
        }
    }
    return best;
}

template <class T> void argmax_typed(Tensor& out, const Tensor& src, int dim, bool smallest) {
    Nest<2> lines;
    for (int d = 0; d < src.rank(); ++d)
        if (d != dim) lines.append(axis_of<2>({&out, &src}, src.shape(), d));
    const Axis<2> line = src.rank() ? axis_of<2>({&out, &src}, src.shape(), dim) : Axis<2>{};
    auto* target = out.data<std::int64_t>();
    const T* source = static_cast<const T*>(src.raw_data());
    parallel_for(lines.count(), grain_of(line.size), [&](std::int64_t begin, std::int64_t end) {
        Walk<2> at(lines, begin);
        for (std::int64_t l = begin; l < end; ++l, at.next())
            target[at[0]] = arg_line(source + at[1], line, smallest);
    });
}

}  // namespace

void reduce(Reduction reduction, Tensor& out, const Tensor& src, const Dims& dims) {
    if (out.numel() == 0) return;
    switch (reduction) {
        case Reduction::sum: return reduce_dtypes<SumOf>(out, src, dims);
        case Reduction::max: return reduce_dtypes<MaxOf>(out, src, dims);
        case Reduction::min: return reduce_dtypes<MinOf>(out, src, dims);
    }
}

void argmax(Tensor& out, const Tensor& src, int dim, bool smallest) {
    if (out.numel() == 0) return;
    visit_number("argmax", src.dtype(),
                 [&]<class T>() { argmax_typed<T>(out, src, dim, smallest); });
}

}  // namespace eps::kernels::cpu
