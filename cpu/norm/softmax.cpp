// softmax and log_softmax along one dimension of a dense tensor, whose memory is [outer, n, inner].
// If inner is 1, each row is computed alone; else strips of columns are computed side by side.
#include <algorithm>

#include "cpu/reduction/reduce.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kStrip = 64;        // columns
constexpr std::int64_t kGrain = 4 * 1024;  // elements that are worth a second thread

/// The memory of x as [outer, n, inner].
struct DenseLines {
    std::int64_t n, inner, outer, strips;
    DenseLines(const Tensor& x, int dim)
        : n(x.size(dim)),
          inner(n > 1 ? x.strides()[dim] : 1),
          outer(x.numel() / (n * inner)),
          strips(ceil_div(inner, kStrip)) {}

    /// Calls row(start) for every line, or strip(start, width) for every strip of columns.
    template <class Row, class Strip> void run(const Row& row, const Strip& strip) const {
        const std::int64_t grain =
            std::max<std::int64_t>(1, kGrain / (n * std::min(inner, kStrip)));
        parallel_for(outer * strips, grain, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t unit = begin; unit < end; ++unit) {
                const std::int64_t start = unit / strips * n * inner + unit % strips * kStrip;
                if (inner == 1)
                    row(start);
                else
                    strip(start, std::min(kStrip, inner - unit % strips * kStrip));
            }
        });
    }
};

template <bool Log, class T>
void softmax_row(T* __restrict y, const T* __restrict x, std::int64_t n) {
    // max
    const T largest = reduce_line<MaxOf<T>, T>(x, 1, n);
    // exp, sum
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) y[i] = math::exp(x[i] - largest);
    const T total = reduce_line<SumOf<T>, T>(y, 1, n);
    // normalise
    if constexpr (Log) {
        const T log_total = math::log(total);
        for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - largest) - log_total;
    } else {
        const T factor = T(1) / total;
        for (std::int64_t i = 0; i < n; ++i) y[i] *= factor;
    }
}

template <bool Log, class T>
void softmax_strip(T* y, const T* x, std::int64_t n, std::int64_t stride, std::int64_t width) {
    T largest[kStrip], total[kStrip] = {};
    // max
    std::copy_n(x, width, largest);
    for (std::int64_t i = 1; i < n; ++i)
        for (std::int64_t c = 0; c < width; ++c)
            largest[c] = MaxOf<T>::combine(largest[c], x[i * stride + c]);
    // exp, sum
    for (std::int64_t i = 0; i < n; ++i) {
        const T* __restrict from = x + i * stride;
        T* __restrict to = y + i * stride;
#pragma GCC ivdep
        for (std::int64_t c = 0; c < width; ++c) {
            to[c] = math::exp(from[c] - largest[c]);
            total[c] += to[c];
        }
    }
    // normalise
    for (std::int64_t c = 0; c < width; ++c) total[c] = Log ? math::log(total[c]) : T(1) / total[c];
    for (std::int64_t i = 0; i < n; ++i) {
        const T* __restrict from = x + i * stride;
        T* __restrict to = y + i * stride;
        for (std::int64_t c = 0; c < width; ++c)
            to[c] = Log ? (from[c] - largest[c]) - total[c] : to[c] * total[c];
    }
}

// dx = y (g - total) with total = sum g y, or, for the logarithm, g - exp(y) total with total = sum
// g
template <bool Log, class T> EPS_HD T gradient(T g, T y, T total) {
    if constexpr (Log)
        return g - math::exp(y) * total;
    else
        return y * (g - total);
}

template <bool Log, class T>
void gradient_row(T* __restrict dx, const T* __restrict g, const T* __restrict y, std::int64_t n) {
    constexpr std::int64_t lanes = kRunningValues<T>;
    T sums[lanes] = {};
    std::int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        for (std::int64_t l = 0; l < lanes; ++l) sums[l] += Log ? g[i + l] : g[i + l] * y[i + l];
    for (std::int64_t l = 0; l < n - i; ++l) sums[l] += Log ? g[i + l] : g[i + l] * y[i + l];
    const T total = fold<SumOf<T>, lanes / 2>(sums);
#pragma GCC ivdep
    for (i = 0; i < n; ++i) dx[i] = gradient<Log>(g[i], y[i], total);
}

template <bool Log, class T>
void gradient_strip(T* dx, const T* g, const T* y, std::int64_t n, std::int64_t stride,
                    std::int64_t width) {
    T total[kStrip] = {};
    for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t c = 0; c < width; ++c)
            total[c] += Log ? g[i * stride + c] : g[i * stride + c] * y[i * stride + c];
    for (std::int64_t i = 0; i < n; ++i) {
        T* __restrict to = dx + i * stride;
        const T* __restrict by = g + i * stride;
        const T* __restrict at = y + i * stride;
#pragma GCC ivdep
        for (std::int64_t c = 0; c < width; ++c) to[c] = gradient<Log>(by[c], at[c], total[c]);
    }
}

// Calls f.operator()<Log, T>().
template <class F> void choose(const Tensor& x, bool log, const F& f) {
    visit_real(x.dtype(), [&]<class T>() {
        log ? f.template operator()<true, T>() : f.template operator()<false, T>();
    });
}

}  // namespace

void softmax(Tensor& out, const Tensor& x, int dim, bool log) {
    if (out.numel() == 0) return;
    const DenseLines lines(x, dim);
    choose(x, log, [&]<bool Log, class T>() {
        T* const y = static_cast<T*>(out.raw_data());
        const T* const from = static_cast<const T*>(x.raw_data());
        lines.run([&](std::int64_t at) { softmax_row<Log>(y + at, from + at, lines.n); },
                  [&](std::int64_t at, std::int64_t width) {
                      softmax_strip<Log>(y + at, from + at, lines.n, lines.inner, width);
                  });
    });
}

void softmax_backward(Tensor& dx, const Tensor& g, const Tensor& y, int dim, bool log) {
    if (dx.numel() == 0) return;
    const DenseLines lines(y, dim);
    choose(y, log, [&]<bool Log, class T>() {
        T* const to = static_cast<T*>(dx.raw_data());
        const T* const by = static_cast<const T*>(g.raw_data());
        const T* const from = static_cast<const T*>(y.raw_data());
        lines.run([&](std::int64_t at) { gradient_row<Log>(to + at, by + at, from + at, lines.n); },
                  [&](std::int64_t at, std::int64_t width) {
                      gradient_strip<Log>(to + at, by + at, from + at, lines.n, lines.inner, width);
                  });
    });
}

}  // namespace eps::kernels::cpu
