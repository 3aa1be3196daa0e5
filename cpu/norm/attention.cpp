// Attention by blocks of queries: a block's scores against all its keys are a product that stays in
// the cache, softmax turns them into weights, and a second product gathers the values. No thread
// holds more scores than one block's, and backward makes them anew from the saved logarithms of
// their sums (Dao et al. 2022, with blocks of rows only).
#include <algorithm>
#include <limits>

#include "cpu/reduction/reduce.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/functions.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kScores = 64 * 1024;               // of a block
constexpr std::int64_t kLeastRows = 16, kMostRows = 128;  // of a block
constexpr std::int64_t kGrain = 1 << 18;                  // multiply-adds worth a second thread

/// The blocks of one attention: head by head, rows [first, first + rows).
struct Blocks {
    std::int64_t heads, queries, keys, rows, each;  // each: blocks of a head
    bool causal;
    Blocks(const Tensor& q, const Tensor& k, bool c)
        : heads(q.size(0) * q.size(1)),
          queries(q.size(2)),
          keys(k.size(2)),
          rows(std::min(queries, std::clamp(kScores / std::max<std::int64_t>(1, keys), kLeastRows,
                                            kMostRows))),
          each((queries + rows - 1) / rows),
          causal(c) {}
    std::int64_t first(std::int64_t block) const { return block * rows; }
    std::int64_t height(std::int64_t block) const { return std::min(rows, queries - first(block)); }
    /// Keys that query i sees, and that some query of the block sees.
    std::int64_t seen(std::int64_t i) const { return causal ? std::min(keys, i + 1) : keys; }
    std::int64_t width(std::int64_t block) const { return seen(first(block) + height(block) - 1); }
};

// Rows [first, first + rows) of head (b, h) of x [B, H, L, D] as [1, rows, D].
Tensor rows_of(const Tensor& x, std::int64_t head, std::int64_t first, std::int64_t rows) {
    const std::int64_t b = head / x.size(1), h = head % x.size(1);
    return x.as_strided(
        {1, rows, x.size(3)}, {0, x.strides()[2], x.strides()[3]},
        x.offset() + b * x.strides()[0] + h * x.strides()[1] + first * x.strides()[2]);
}
Tensor transposed(const Tensor& x) {
    return x.as_strided({1, x.size(2), x.size(1)}, {0, x.strides()[2], x.strides()[1]}, x.offset());
}
// The start of `memory` as [1, rows, columns].
Tensor matrix_in(const Tensor& memory, std::int64_t rows, std::int64_t columns) {
    return memory.as_strided({1, rows, columns}, {0, columns, 1}, 0);
}

/// One row of the mask, if there is one.
struct MaskRow {
    const bool* sees = nullptr;
    const void* added = nullptr;
    std::int64_t stride = 0;
    MaskRow(const Tensor& mask, std::int64_t head, std::int64_t i) {
        if (!mask.defined()) return;
        const std::int64_t b = head / mask.size(1), h = head % mask.size(1);
        const std::int64_t at =
            b * mask.strides()[0] + h * mask.strides()[1] + i * mask.strides()[2];
        stride = mask.strides()[3];
        if (mask.dtype() == DType::boolean)
            sees = static_cast<const bool*>(mask.raw_data()) + at;
        else
            added = static_cast<const char*>(mask.raw_data()) +
                    at * static_cast<std::int64_t>(size_of(mask.dtype()));
    }
};

// score = scale score, masked
template <class T>
void finish_scores(T* __restrict row, std::int64_t n, T scale, const MaskRow& mask) {
    const T* __restrict added = static_cast<const T*>(mask.added);
    for (std::int64_t j = 0; j < n; ++j) row[j] *= scale;
    if (mask.sees)
        for (std::int64_t j = 0; j < n; ++j)
            row[j] = mask.sees[j * mask.stride] ? row[j] : -std::numeric_limits<T>::infinity();
    if (added)
        for (std::int64_t j = 0; j < n; ++j) row[j] += added[j * mask.stride];
}

// row[j] = exp(row[j] - shift) for the n keys a query sees, 0 for the others of the block; all 0
// for a shift of -inf.
template <class T>
void exponentials(T* __restrict row, std::int64_t n, std::int64_t width, T shift) {
    const std::int64_t some = shift == -std::numeric_limits<T>::infinity() ? 0 : n;
#pragma GCC ivdep
    for (std::int64_t j = 0; j < some; ++j) row[j] = math::exp(row[j] - shift);
    std::fill(row + some, row + width, T(0));
}

/// What both directions read.
template <class T> struct Inputs {
    const Tensor &q, &k, &v, &mask;
    T scale;
    Blocks blocks;
    Inputs(const Tensor& q_, const Tensor& k_, const Tensor& v_, const Tensor& mask_,
           const AttentionOptions& options)
        : q(q_),
          k(k_),
          v(v_),
          mask(mask_),
          scale(static_cast<T>(options.scale)),
          blocks(q_, k_, options.causal) {}

    // scores [1, height, width] = scale q k^T, masked where the query sees the key
    void scores(Tensor& out, std::int64_t head, std::int64_t block) const {
        matmul(out, rows_of(q, head, blocks.first(block), blocks.height(block)),
               transposed(rows_of(k, head, 0, out.size(2))), false);
        T* row = static_cast<T*>(out.raw_data());
        for (std::int64_t r = 0; r < out.size(1); ++r, row += out.size(2)) {
            const std::int64_t i = blocks.first(block) + r;
            finish_scores(row, blocks.seen(i), scale, MaskRow(mask, head, i));
        }
    }
};

template <class T>
void forward_block(Tensor& out, T* lse, const Inputs<T>& in, const Tensor& memory,
                   std::int64_t head, std::int64_t block) {
    const Blocks& blocks = in.blocks;
    const std::int64_t first = blocks.first(block), height = blocks.height(block),
                       width = blocks.width(block);
    Tensor weights = matrix_in(memory, height, width);
    in.scores(weights, head, block);
    T* row = static_cast<T*>(weights.raw_data());
    for (std::int64_t r = 0; r < height; ++r, row += width) {
        const std::int64_t n = blocks.seen(first + r);
        const T largest = reduce_line<MaxOf<T>, T>(row, 1, n);
        exponentials(row, n, width, largest);
        const T total = reduce_line<SumOf<T>, T>(row, 1, n),
                factor = total == T(0) ? T(0) : T(1) / total;
        for (std::int64_t j = 0; j < n; ++j) row[j] *= factor;
        // -inf - inf where no key is seen
        lse[head * blocks.queries + first + r] = largest + math::log(total);
    }
    Tensor target = rows_of(out, head, first, height);
    matmul(target, weights, rows_of(in.v, head, 0, width), false);
}

template <class T> void forward_typed(Tensor& out, Tensor& lse, const Inputs<T>& in) {
    const Blocks& blocks = in.blocks;
    const std::int64_t work = blocks.rows * blocks.keys * (in.q.size(3) + in.v.size(3));
    parallel_for(blocks.heads * blocks.each, std::max<std::int64_t>(1, kGrain / work),
                 [&](std::int64_t begin, std::int64_t end) {
                     const Tensor memory =
                         empty({blocks.rows * blocks.keys}, {.dtype = dtype_of<T>});
                     for (std::int64_t u = begin; u < end; ++u)
                         forward_block(out, static_cast<T*>(lse.raw_data()), in, memory,
                                       u / blocks.each, u % blocks.each);
                 });
}

/// What backward reads besides, and what it writes.
struct Gradients {
    Tensor &dq, &dk, &dv;
    const Tensor &g, &out, &lse;
};

// With weights P and their gradient dP = g v^T:  dS = P (dP - sum_j P dP), where the sum is g .
// out.
template <class T>
void score_gradients(T* __restrict weights, T* __restrict slopes, std::int64_t width, T dot,
                     T scale) {
#pragma GCC ivdep
    for (std::int64_t j = 0; j < width; ++j) slopes[j] = scale * weights[j] * (slopes[j] - dot);
}

template <class T> T dot_of_rows(const Tensor& a, const Tensor& b, std::int64_t r) {
    const T* x = static_cast<const T*>(a.raw_data()) + r * a.strides()[1];
    const T* y = static_cast<const T*>(b.raw_data()) + r * b.strides()[1];
    T sum = 0;
    for (std::int64_t d = 0; d < a.size(2); ++d)
        sum += x[d * a.strides()[2]] * y[d * b.strides()[2]];
    return sum;
}

template <class T>
void backward_block(const Gradients& to, const Inputs<T>& in, const Tensor& memory,
                    const Tensor& more, std::int64_t head, std::int64_t block) {
    const Blocks& blocks = in.blocks;
    const std::int64_t first = blocks.first(block), height = blocks.height(block),
                       width = blocks.width(block);
    Tensor weights = matrix_in(memory, height, width), slopes = matrix_in(more, height, width);
    in.scores(weights, head, block);
    const Tensor g = rows_of(to.g, head, first, height), out = rows_of(to.out, head, first, height),
                 q = rows_of(in.q, head, first, height);
    matmul(slopes, g, transposed(rows_of(in.v, head, 0, width)), false);
    T* p = static_cast<T*>(weights.raw_data());
    T* s = static_cast<T*>(slopes.raw_data());
    const T* lse = static_cast<const T*>(to.lse.raw_data()) + head * blocks.queries + first;
    for (std::int64_t r = 0; r < height; ++r, p += width, s += width) {
        exponentials(p, blocks.seen(first + r), width, lse[r]);
        score_gradients(p, s, width, dot_of_rows<T>(g, out, r), in.scale);
    }
    Tensor dq = rows_of(to.dq, head, first, height), dk = rows_of(to.dk, head, 0, width),
           dv = rows_of(to.dv, head, 0, width);
    matmul(dq, slopes, rows_of(in.k, head, 0, width), false);
    matmul(dk, transposed(slopes), q, true);
    matmul(dv, transposed(weights), g, true);
}

// A head at a time: its blocks add into the same dk and dv, in order.
template <class T> void backward_typed(const Gradients& to, const Inputs<T>& in) {
    const Blocks& blocks = in.blocks;
    const std::int64_t work = blocks.queries * blocks.keys * (3 * in.q.size(3) + 2 * in.v.size(3));
    fill(to.dk, 0);
    fill(to.dv, 0);
    parallel_for(blocks.heads, std::max<std::int64_t>(1, kGrain / work),
                 [&](std::int64_t begin, std::int64_t end) {
                     const Tensor memory =
                                      empty({blocks.rows * blocks.keys}, {.dtype = dtype_of<T>}),
                                  more = empty(memory.shape(), memory.options());
                     for (std::int64_t head = begin; head < end; ++head)
                         for (std::int64_t block = 0; block < blocks.each; ++block)
                             backward_block(to, in, memory, more, head, block);
                 });
}

}  // namespace

void attention(Tensor& out, Tensor& lse, const Tensor& q, const Tensor& k, const Tensor& v,
               const Tensor& mask, const AttentionOptions& options) {
    if (out.numel() == 0 || k.size(2) == 0) {
        fill(out, 0);
        return fill(lse, -std::numeric_limits<double>::infinity());
    }
    if (q.dtype() == DType::f64)
        forward_typed(out, lse, Inputs<double>(q, k, v, mask, options));
    else
        forward_typed(out, lse, Inputs<float>(q, k, v, mask, options));
}

void attention_backward(Tensor& dq, Tensor& dk, Tensor& dv, const Tensor& g, const Tensor& out,
                        const Tensor& lse, const Tensor& q, const Tensor& k, const Tensor& v,
                        const Tensor& mask, const AttentionOptions& options) {
    if (out.numel() == 0 || k.size(2) == 0) {
        fill(dq, 0);
        fill(dk, 0);
        return fill(dv, 0);
    }
    const Gradients to{dq, dk, dv, g, out, lse};
    if (q.dtype() == DType::f64)
        backward_typed(to, Inputs<double>(q, k, v, mask, options));
    else
        backward_typed(to, Inputs<float>(q, k, v, mask, options));
}

}  // namespace eps::kernels::cpu
