// Reductions. The order of combination is a function of the shape alone (fixed lanes, fixed chunks, fixed tree), so the bits do not
// depend on the number of threads, and the error of a long sum grows with its logarithm.
#include <algorithm>
#include <limits>
#include <vector>

#include "tensor/kernels.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kChunk = 4096;         // elements (or rows) combined one after the other
constexpr std::int64_t kLanes = 32;           // independent accumulators: two AVX-512 registers of f32
constexpr std::int64_t kColumns = 256;        // columns summed side by side
constexpr std::int64_t kGrain = 32 * 1024;    // elements worth a second thread

template <class T> struct SumOf {
    static T identity() { return T(0); }
    static T combine(T a, T b) { return a + b; }
};
template <class T> struct MaxOf {
    static T identity() { return std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest(); }
    static T combine(T a, T b) { return a > b || a != a ? a : b; }  // NaN wins
};
template <class T> struct MinOf {
    static T identity() { return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max(); }
    static T combine(T a, T b) { return a < b || a != a ? a : b; }
};

// Halves combined recursively: depth log2(n).
template <class R, class T>
T tree(const T* values, std::int64_t n) {
    if (n == 0) return R::identity();
    if (n == 1) return values[0];
    return R::combine(tree<R>(values, (n + 1) / 2), tree<R>(values + (n + 1) / 2, n / 2));
}

// One chunk of a row: kLanes running values, then their tree.
template <class R, class T, class S>
T reduce_chunk(const S* __restrict x, std::int64_t stride, std::int64_t n) {
    T lanes[kLanes];
    std::fill_n(lanes, kLanes, R::identity());
    std::int64_t i = 0;
    if (stride == 1) {
        for (; i + kLanes <= n; i += kLanes)
            for (std::int64_t l = 0; l < kLanes; ++l) lanes[l] = R::combine(lanes[l], static_cast<T>(x[i + l]));
    }
    for (; i < n; ++i) lanes[i % kLanes] = R::combine(lanes[i % kLanes], static_cast<T>(x[i * stride]));
    return tree<R>(lanes, kLanes);
}

/// src seen as [kept..., reduced...], each list of dimensions merged where strides allow.
struct Plan {
    struct Axis {
        std::int64_t size, stride;
    };
    std::vector<Axis> kept, reduced;

    Plan(const Tensor& src, const Dims& dims) {
        for (int d = 0; d < src.rank(); ++d) append(dims.contains(d) ? reduced : kept, {src.size(d), src.strides()[d]});
    }
    static void append(std::vector<Axis>& axes, Axis axis) {
        if (axis.size == 1) return;
        if (!axes.empty() && axes.back().stride == axis.size * axis.stride) axes.back() = {axes.back().size * axis.size, axis.stride};
        else axes.push_back(axis);
    }
    static std::int64_t count(const std::vector<Axis>& axes) {
        std::int64_t n = 1;
        for (const Axis& axis : axes) n *= axis.size;
        return n;
    }
    static std::int64_t offset(const std::vector<Axis>& axes, std::int64_t index) {
        std::int64_t at = 0;
        for (std::size_t a = axes.size(); a-- > 0;) {
            at += index % axes[a].size * axes[a].stride;
            index /= axes[a].size;
        }
        return at;
    }
};

// Each output is a row: the innermost reduced axis by chunks, the outer ones as more chunks.
template <class R, class T, class S>
void reduce_rows(T* out, const S* src, const Plan& plan) {
    const std::int64_t outputs = Plan::count(plan.kept);
    const Plan::Axis inner = plan.reduced.empty() ? Plan::Axis{1, 1} : plan.reduced.back();
    const std::vector<Plan::Axis> outer(plan.reduced.begin(), plan.reduced.empty() ? plan.reduced.end() : plan.reduced.end() - 1);
    const std::int64_t pieces = (inner.size + kChunk - 1) / kChunk, chunks = Plan::count(outer) * pieces;
    const auto chunk_value = [&](std::int64_t base, std::int64_t c) {
        const std::int64_t first = c % pieces * kChunk;
        return reduce_chunk<R, T>(src + base + Plan::offset(outer, c / pieces) + first * inner.stride, inner.stride, std::min(kChunk, inner.size - first));
    };
    if (outputs == 1) {  // a full reduction: the chunks in parallel
        std::vector<T> partial(static_cast<std::size_t>(chunks));
        parallel_for(chunks, std::max<std::int64_t>(1, kGrain / kChunk), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t c = begin; c < end; ++c) partial[static_cast<std::size_t>(c)] = chunk_value(0, c);
        });
        out[0] = tree<R>(partial.data(), chunks);
        return;
    }
    const std::int64_t row_size = std::max<std::int64_t>(1, inner.size * Plan::count(outer));
    parallel_for(outputs, std::max<std::int64_t>(1, kGrain / row_size), [&](std::int64_t begin, std::int64_t end) {
        std::vector<T> partial(static_cast<std::size_t>(chunks > 1 ? chunks : 0));
        for (std::int64_t o = begin; o < end; ++o) {
            const std::int64_t base = Plan::offset(plan.kept, o);
            if (chunks == 1) {
                out[o] = chunk_value(base, 0);
                continue;
            }
            for (std::int64_t c = 0; c < chunks; ++c) partial[static_cast<std::size_t>(c)] = chunk_value(base, c);
            out[o] = tree<R>(partial.data(), chunks);
        }
    });
}

// The innermost kept axis is contiguous (a sum over the batch): whole rows of columns are combined at once, in chunks of rows.
template <class R, class T, class S>
void reduce_columns(T* out, const S* src, const Plan& plan) {
    const std::int64_t width = plan.kept.back().size, height = Plan::count(plan.reduced);
    const std::vector<Plan::Axis> outer(plan.kept.begin(), plan.kept.end() - 1);
    const std::int64_t strips = (width + kColumns - 1) / kColumns;
    constexpr std::int64_t rows_per_chunk = 64;
    const std::int64_t chunks = (height + rows_per_chunk - 1) / rows_per_chunk;
    const std::int64_t unit_work = std::max<std::int64_t>(1, std::min(width, kColumns) * height);
    parallel_for(Plan::count(outer) * strips, std::max<std::int64_t>(1, kGrain / unit_work), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t unit = begin; unit < end; ++unit) {
            const std::int64_t row = unit / strips, first = unit % strips * kColumns, n = std::min(kColumns, width - first);
            const S* base = src + Plan::offset(outer, row) + first;
            T* __restrict target = out + row * width + first;
            std::fill_n(target, n, R::identity());
            for (std::int64_t c = 0; c < chunks; ++c) {
                T total[kColumns];
                std::fill_n(total, kColumns, R::identity());
                for (std::int64_t r = c * rows_per_chunk; r < std::min(height, (c + 1) * rows_per_chunk); ++r) {
                    const S* __restrict x = base + Plan::offset(plan.reduced, r);
                    for (std::int64_t i = 0; i < n; ++i) total[i] = R::combine(total[i], static_cast<T>(x[i]));
                }
                for (std::int64_t i = 0; i < n; ++i) target[i] = R::combine(target[i], total[i]);
            }
        }
    });
}

template <class R, class T, class S>
void reduce_typed(Tensor& out, const Tensor& src, const Dims& dims) {
    T* target = static_cast<T*>(out.raw_data());
    if (src.numel() == 0) {
        std::fill_n(target, out.numel(), R::identity());
        return;
    }
    const Plan plan(src, dims);
    const S* data = static_cast<const S*>(src.raw_data());
    const bool columns = !plan.kept.empty() && plan.kept.back().stride == 1 && !plan.reduced.empty() && plan.reduced.back().stride != 1;
    columns ? reduce_columns<R, T, S>(target, data, plan) : reduce_rows<R, T, S>(target, data, plan);
}

template <template <class> class R>
void reduce_dtypes(Tensor& out, const Tensor& src, const Dims& dims) {
    visit(src.dtype(), [&]<class Element>() {
        using S = std::conditional_t<std::is_same_v<Element, bool>, std::uint8_t, Element>;  // bools are bytes of 0 and 1
        if constexpr (std::is_same_v<S, bfloat16>) fail("reduce", "bf16 is a storage type; got ", describe(src));
        else if (out.dtype() == src.dtype()) reduce_typed<R<S>, S, S>(out, src, dims);
        else reduce_typed<R<std::int64_t>, std::int64_t, S>(out, src, dims);  // sums of bool and u8
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
    const Plan plan(src, Dims{dim});
    const Plan::Axis line = plan.reduced.empty() ? Plan::Axis{1, 0} : plan.reduced.back();
    auto* target = out.data<std::int64_t>();
    visit(src.dtype(), [&]<class S>() {
        if constexpr (!std::is_same_v<S, bfloat16>) {
            const S* data = static_cast<const S*>(src.raw_data());
            parallel_for(out.numel(), std::max<std::int64_t>(1, kGrain / line.size), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t o = begin; o < end; ++o) {
                    const S* x = data + Plan::offset(plan.kept, o);
                    std::int64_t best = 0;
                    for (std::int64_t i = 1; i < line.size; ++i) {
                        const S here = x[i * line.stride], so_far = x[best * line.stride];
                        if (so_far != so_far) break;  // the first NaN stays
                        if (here != here || (smallest ? here < so_far : here > so_far)) best = i;
                    }
                    target[o] = best;
                }
            });
        }
    });
}

}  // namespace eps::kernels::cpu
