// Attention by blocks of queries: the scores of a block against all its keys are a product that
// stays in the cache, softmax turns them into weights, and a second product gathers the values. No
// thread holds more scores than those of one block; backward computes them again, from the saved
// logarithms of their sums.
// Source: Dao et al. 2022 (FlashAttention), but with blocks of queries only.
#include <algorithm>
#include <limits>

#include "cpu/reduction/reduce.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kBlockScores = 64 * 1024;
constexpr std::int64_t kLeastRows = 16, kMostRows = 128;  // queries of a block
constexpr std::int64_t kGrain = 1 << 18;  // multiply-adds that are worth a second thread

/// The blocks of queries of one attention, head by head.
struct Blocks {
    std::int64_t heads, queries, keys;
    std::int64_t rows;      // queries of a block; the last of a head may have fewer
    std::int64_t per_head;  // blocks
    bool causal;

    Blocks(const Tensor& q, const Tensor& k, bool is_causal)
        : heads(q.size(0) * q.size(1)), queries(q.size(2)), keys(k.size(2)), causal(is_causal) {
        const std::int64_t fits = kBlockScores / std::max<std::int64_t>(1, keys);
        rows = std::min(queries, std::clamp(fits, kLeastRows, kMostRows));
        per_head = ceil_div(queries, rows);
    }
    std::int64_t first(std::int64_t block) const { return block * rows; }
    std::int64_t height(std::int64_t block) const { return std::min(rows, queries - first(block)); }
    /// The number of keys to which query i attends; for a block, the most of any of its queries.
    std::int64_t keys_of(std::int64_t i) const { return causal ? std::min(keys, i + 1) : keys; }
    std::int64_t width(std::int64_t block) const {
        return keys_of(first(block) + height(block) - 1);
    }
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
// The first elements of `memory` as [1, rows, columns].
Tensor matrix_in(const Tensor& memory, std::int64_t rows, std::int64_t columns) {
    return memory.as_strided({1, rows, columns}, {0, columns, 1}, 0);
}

/// One row of the mask: bools, numbers to add, or neither.
struct MaskRow {
    const bool* attends = nullptr;
    const void* added = nullptr;
    std::int64_t stride = 0;
    MaskRow(const Tensor& mask, std::int64_t head, std::int64_t i) {
        if (!mask.defined()) return;
        const std::int64_t b = head / mask.size(1), h = head % mask.size(1);
        const std::int64_t at =
            b * mask.strides()[0] + h * mask.strides()[1] + i * mask.strides()[2];
        stride = mask.strides()[3];
        if (mask.dtype() == DType::boolean)
            attends = static_cast<const bool*>(mask.raw_data()) + at;
        else
            added = static_cast<const char*>(mask.raw_data()) +
                    at * static_cast<std::int64_t>(size_of(mask.dtype()));
    }
};

// row = scale row, masked
template <class T>
void finish_scores(T* __restrict row, std::int64_t n, T scale, const MaskRow& mask) {
    const T* __restrict added = static_cast<const T*>(mask.added);
    for (std::int64_t j = 0; j < n; ++j) row[j] *= scale;
    if (mask.attends)
        for (std::int64_t j = 0; j < n; ++j)
            row[j] = mask.attends[j * mask.stride] ? row[j] : -std::numeric_limits<T>::infinity();
    if (added)
        for (std::int64_t j = 0; j < n; ++j) row[j] += added[j * mask.stride];
}

// row[j] = exp(row[j] - shift) for the n keys to which a query attends, 0 for the block's other
// keys. A shift of -inf means that all scores are -inf; then all are 0.
template <class T>
void exponentials(T* __restrict row, std::int64_t n, std::int64_t width, T shift) {
    const std::int64_t count = shift == -std::numeric_limits<T>::infinity() ? 0 : n;
#pragma GCC ivdep
    for (std::int64_t j = 0; j < count; ++j) row[j] = math::exp(row[j] - shift);
    std::fill(row + count, row + width, T(0));
}

/// The operands of both directions.
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

    // out [1, height, width] = the scores of one block, scale q k^T + mask
    void scores(Tensor& out, std::int64_t head, std::int64_t block) const {
        matmul(out, rows_of(q, head, blocks.first(block), blocks.height(block)),
               transposed(rows_of(k, head, 0, out.size(2))), false);
        T* row = static_cast<T*>(out.raw_data());
        for (std::int64_t r = 0; r < out.size(1); ++r, row += out.size(2)) {
            const std::int64_t i = blocks.first(block) + r;
            finish_scores(row, blocks.keys_of(i), scale, MaskRow(mask, head, i));
        }
    }
};

template <class T>
void forward_block(Tensor& out, T* lse, const Inputs<T>& in, const Tensor& memory,
                   std::int64_t head, std::int64_t block) {
    const Blocks& blocks = in.blocks;
    const std::int64_t first = blocks.first(block), height = blocks.height(block);
    const std::int64_t width = blocks.width(block);
    // scores
    Tensor weights = matrix_in(memory, height, width);
    in.scores(weights, head, block);
    // softmax
    T* row = static_cast<T*>(weights.raw_data());
    for (std::int64_t r = 0; r < height; ++r, row += width) {
        const std::int64_t n = blocks.keys_of(first + r);
        const T largest = reduce_line<MaxOf<T>, T>(row, 1, n);
        exponentials(row, n, width, largest);
        const T total = reduce_line<SumOf<T>, T>(row, 1, n);
        const T factor = total == T(0) ? T(0) : T(1) / total;
        for (std::int64_t j = 0; j < n; ++j) row[j] *= factor;
        // -inf + log 0 = -inf for a query that attends to no key
        lse[head * blocks.queries + first + r] = largest + math::log(total);
    }
    // values
    Tensor target = rows_of(out, head, first, height);
    matmul(target, weights, rows_of(in.v, head, 0, width), false);
}

template <class T> void forward_typed(Tensor& out, Tensor& lse, const Inputs<T>& in) {
    const Blocks& blocks = in.blocks;
    const std::int64_t work = blocks.rows * blocks.keys * (in.q.size(3) + in.v.size(3));
    parallel_for(blocks.heads * blocks.per_head, std::max<std::int64_t>(1, kGrain / work),
                 [&](std::int64_t begin, std::int64_t end) {
                     const Tensor memory =
                         empty({blocks.rows * blocks.keys}, {.dtype = dtype_of<T>});
                     for (std::int64_t u = begin; u < end; ++u)
                         forward_block(out, static_cast<T*>(lse.raw_data()), in, memory,
                                       u / blocks.per_head, u % blocks.per_head);
                 });
}

/// The operands of backward besides.
struct Gradients {
    Tensor &dq, &dk, &dv;
    const Tensor &g, &out, &lse;
};

// With weights P and their gradient dP = g v^T, the gradient of the scores q k^T is
//     dS = scale P (dP - sum_j P dP),    where sum_j P dP = g . out
// Reads dP from `gradients` and writes dS there.
template <class T>
void score_gradients(const T* __restrict weights, T* __restrict gradients, std::int64_t width,
                     T dot, T scale) {
#pragma GCC ivdep
    for (std::int64_t j = 0; j < width; ++j)
        gradients[j] = scale * weights[j] * (gradients[j] - dot);
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
    const std::int64_t first = blocks.first(block), height = blocks.height(block);
    const std::int64_t width = blocks.width(block);
    Tensor weights = matrix_in(memory, height, width);
    Tensor gradients = matrix_in(more, height, width);
    const Tensor q = rows_of(in.q, head, first, height), g = rows_of(to.g, head, first, height);
    const Tensor out = rows_of(to.out, head, first, height);
    // scores, gradients of the weights
    in.scores(weights, head, block);
    matmul(gradients, g, transposed(rows_of(in.v, head, 0, width)), false);
    // weights, gradients of the scores
    T* p = static_cast<T*>(weights.raw_data());
    T* s = static_cast<T*>(gradients.raw_data());
    const T* lse = static_cast<const T*>(to.lse.raw_data()) + head * blocks.queries + first;
    for (std::int64_t r = 0; r < height; ++r, p += width, s += width) {
        exponentials(p, blocks.keys_of(first + r), width, lse[r]);
        score_gradients(p, s, width, dot_of_rows<T>(g, out, r), in.scale);
    }
    // dq, dk, dv
    Tensor dq = rows_of(to.dq, head, first, height);
    Tensor dk = rows_of(to.dk, head, 0, width), dv = rows_of(to.dv, head, 0, width);
    matmul(dq, gradients, rows_of(in.k, head, 0, width), false);
    matmul(dk, transposed(gradients), q, true);
    matmul(dv, transposed(weights), g, true);
}

// One thread computes a head: its blocks are added to the same dk and dv, in order.
template <class T> void backward_typed(const Gradients& to, const Inputs<T>& in) {
    const Blocks& blocks = in.blocks;
    const std::int64_t work = blocks.queries * blocks.keys * (3 * in.q.size(3) + 2 * in.v.size(3));
    fill(to.dk, 0);
    fill(to.dv, 0);
    parallel_for(blocks.heads, std::max<std::int64_t>(1, kGrain / work),
                 [&](std::int64_t begin, std::int64_t end) {
                     const Tensor memory =
                         empty({blocks.rows * blocks.keys}, {.dtype = dtype_of<T>});
                     const Tensor more = empty(memory.shape(), memory.options());
                     for (std::int64_t head = begin; head < end; ++head)
                         for (std::int64_t block = 0; block < blocks.per_head; ++block)
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
    visit_real(q.dtype(),
               [&]<class T>() { forward_typed(out, lse, Inputs<T>(q, k, v, mask, options)); });
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
    visit_real(q.dtype(),
               [&]<class T>() { backward_typed(to, Inputs<T>(q, k, v, mask, options)); });
}

}  // namespace eps::kernels::cpu
