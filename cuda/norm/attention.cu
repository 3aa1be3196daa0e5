// Attention as matrix products. Only a strip of the scores, those of some heads or of some queries
// of one head, is in memory at a time:
//
//     forward     P = softmax(scale q k^T + mask)
//                 out = P v
//     backward    P again, from the log-sum-exp of each row
//                 dP = g v^T
//                 dS = scale P (dP - sum P dP)
//                 dq = dS k;  dk += dS^T q;  dv += P^T g
//
// Between the products a team of threads takes each row of scores. Strips, and so the order of the
// sums over queries, depend on shapes alone.
#include <algorithm>
#include <limits>

#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/team.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cuda {
namespace {

// Bytes of a strip of scores: enough rows to fill a large GPU, and small enough for its cache.
constexpr std::int64_t kStripBytes = std::int64_t{32} << 20;

/// A mask [B, H, queries, keys] of any strides.
template <class T> struct Mask {
    const T* data = nullptr;
    std::int64_t batch = 0, head = 0, row = 0, column = 0;
    Mask() = default;
    explicit Mask(const Tensor& x)
        : data(static_cast<const T*>(x.raw_data())),
          batch(x.strides()[0]),
          head(x.strides()[1]),
          row(x.strides()[2]),
          column(x.strides()[3]) {}
    __device__ const T* at(std::uint32_t b, std::uint32_t h, std::uint32_t i) const {
        return data ? data + b * batch + h * head + i * row : nullptr;
    }
};

/// The rows of scores in a launch: queries [first_query, first_query + queries) of heads
/// [first_head, first_head + heads), which are counted over the batch.
struct Strip {
    std::int64_t first_head, heads, first_query, queries;
    std::int64_t rows() const { return heads * queries; }
};

/// Turns products q k^T into scores.
template <class T> struct Scores {
    Mask<bool> allowed;
    Mask<T> added;
    Divisor heads, strip_queries;
    std::uint32_t first_head, first_query, queries, keys;
    T scale;
    bool causal;

    Scores(const Strip& strip, const Tensor& q, const Tensor& k, const Tensor& mask,
           const AttentionOptions& o)
        : heads(static_cast<std::uint32_t>(q.size(1))),
          strip_queries(static_cast<std::uint32_t>(strip.queries)),
          first_head(static_cast<std::uint32_t>(strip.first_head)),
          first_query(static_cast<std::uint32_t>(strip.first_query)),
          queries(static_cast<std::uint32_t>(q.size(2))),
          keys(static_cast<std::uint32_t>(k.size(2))),
          scale(static_cast<T>(o.scale)),
          causal(o.causal) {
        if (mask.defined() && mask.dtype() == DType::boolean)
            allowed = Mask<bool>(mask);
        else if (mask.defined())
            added = Mask<T>(mask);
    }

    struct Row {
        std::uint32_t query;
        std::uint32_t number;  // counted over all heads and queries
        const bool* allowed;
        const T* added;
    };
    __device__ Row row(std::uint32_t line) const {
        const std::uint32_t above = strip_queries.divide(line);
        const std::uint32_t head = first_head + above;
        const std::uint32_t query = first_query + line - above * strip_queries.size;
        const std::uint32_t b = heads.divide(head), h = head - b * heads.size;
        return {query, head * queries + query, allowed.at(b, h, query), added.at(b, h, query)};
    }
    /// The score, or -inf if the mask excludes the key.
    __device__ T score(const Row& row, T product, std::uint32_t key) const {
        if ((causal && key > row.query) || (row.allowed && !row.allowed[key * allowed.column]))
            return -std::numeric_limits<T>::infinity();
        return row.added ? product * scale + row.added[key * added.column] : product * scale;
    }
};

// Replaces the products in `scores` by attention weights. A row whose keys are all excluded gets
// zeros. A NaN is skipped in the maximum but reaches the sum.
template <class Team, class T>
__global__ void __launch_bounds__(kBlock)
    weights_kernel(T* scores, T* lse, std::uint32_t lines, const __grid_constant__ Scores<T> s) {
    if (Team::line() >= lines) return;  // a whole team
    const auto row = s.row(Team::line());
    T* const line = scores + std::int64_t{Team::line()} * s.keys;
    constexpr T none = -std::numeric_limits<T>::infinity();
    // scores and their maximum
    T largest = none;
    for (std::uint32_t j = Team::lane(); j < s.keys; j += Team::kThreads) {
        line[j] = s.score(row, line[j], j);
        largest = line[j] > largest ? line[j] : largest;
    }
    largest = Team::max(largest);
    const T shift = largest == none ? T(0) : largest;
    // exponentials and their sum
    T total = 0;
    for (std::uint32_t j = Team::lane(); j < s.keys; j += Team::kThreads) {
        line[j] = math::exp(line[j] - shift);
        total += line[j];
    }
    total = Team::sum(total);
    // weights and log-sum-exp
    const T factor = total == T(0) ? T(0) : T(1) / total;
    for (std::uint32_t j = Team::lane(); j < s.keys; j += Team::kThreads) line[j] *= factor;
    if (Team::lane() == 0) lse[row.number] = total == T(0) ? none : shift + math::log(total);
}

// Replaces the products in `scores` by attention weights P, and dP in `gradients` by dS.
template <class Team, class T>
__global__ void __launch_bounds__(kBlock)
    gradients_kernel(T* scores, T* gradients, const T* lse, std::uint32_t lines,
                     const __grid_constant__ Scores<T> s) {
    if (Team::line() >= lines) return;
    const auto row = s.row(Team::line());
    const std::int64_t start = std::int64_t{Team::line()} * s.keys;
    T* const line = scores + start;
    T* const gradient = gradients + start;
    const T shift = lse[row.number];
    const bool no_key = shift == -std::numeric_limits<T>::infinity();
    // P, and sum P dP
    T sum = 0;
    for (std::uint32_t j = Team::lane(); j < s.keys; j += Team::kThreads) {
        line[j] = no_key ? T(0) : math::exp(s.score(row, line[j], j) - shift);
        sum += line[j] * gradient[j];
    }
    sum = Team::sum(sum);
    // dS
    for (std::uint32_t j = Team::lane(); j < s.keys; j += Team::kThreads)
        gradient[j] = s.scale * line[j] * (gradient[j] - sum);
}

// A view of [B, H, rows, columns] as [B H, rows, columns], or an undefined tensor if strides do not
// allow one.
Tensor heads_in_place(const Tensor& x) {
    const Strides& s = x.strides();
    const bool fits = x.size(0) == 1 || x.size(1) == 1 || s[0] == x.size(1) * s[1];
    return fits ? x.as_strided({x.size(0) * x.size(1), x.size(2), x.size(3)},
                               {x.size(1) == 1 ? s[0] : s[1], s[2], s[3]}, x.offset())
                : Tensor();
}
Tensor heads_of(const Tensor& x) {
    const Tensor merged = heads_in_place(x);
    return merged.defined() ? merged : heads_in_place(raw::clone(x));
}
Tensor transposed(const Tensor& x) {
    return x.as_strided({x.size(0), x.size(2), x.size(1)},
                        {x.strides()[0], x.strides()[2], x.strides()[1]}, x.offset());
}
// Rows [first, first + count) of the strip's heads, of x [B H, rows, columns].
Tensor part(const Tensor& x, const Strip& s, std::int64_t first, std::int64_t count) {
    return x.as_strided({s.heads, count, x.size(2)}, x.strides(),
                        x.offset() + s.first_head * x.strides()[0] + first * x.strides()[1]);
}
Tensor queries_of(const Tensor& x, const Strip& s) { return part(x, s, s.first_query, s.queries); }
Tensor keys_of(const Tensor& x, const Strip& s) { return part(x, s, 0, x.size(1)); }

/// A result [B, H, rows, columns] that matrix products write as [B H, rows, columns]: in place if
/// its strides allow it, else into a temporary that finish() copies.
struct Result {
    Tensor& target;
    Tensor heads;

    explicit Result(Tensor& x) : target(x), heads(heads_in_place(x)) {
        const bool in_place = heads.defined() && (heads.size(2) == 1 || heads.strides()[2] == 1) &&
                              (heads.size(1) == 1 || heads.strides()[1] >= heads.size(2));
        if (!in_place) heads = empty({x.size(0) * x.size(1), x.size(2), x.size(3)}, x.options());
    }
    void finish() {
        if (heads.raw_data() != target.raw_data())
            copy(target, heads.as_strided(target.shape(), contiguous_strides(target.shape()),
                                          heads.offset()));
    }
};

/// Calls f(strip, scores) for all strips; scores [heads, queries, keys] is new memory.
template <class F> void for_each_strip(const Tensor& q, const Tensor& k, const F& f) {
    const std::int64_t heads = q.size(0) * q.size(1), queries = q.size(2), keys = k.size(2);
    const std::int64_t rows = std::max<std::int64_t>(
        1, kStripBytes / (keys * static_cast<std::int64_t>(size_of(q.dtype()))));
    const std::int64_t some_heads = std::clamp<std::int64_t>(rows / queries, 1, heads);
    const std::int64_t some_queries = std::min(rows, queries);
    for (std::int64_t head = 0; head < heads; head += some_heads)
        for (std::int64_t query = 0; query < queries; query += some_queries) {
            const Strip strip{head, std::min(some_heads, heads - head), query,
                              std::min(some_queries, queries - query)};
            f(strip, empty({strip.heads, strip.queries, keys}, q.options()));
        }
}

}  // namespace

void attention(Tensor& out, Tensor& lse, const Tensor& q, const Tensor& k, const Tensor& v,
               const Tensor& mask, const AttentionOptions& options) {
    if (lse.numel() == 0) return;
    check_count(std::max(lse.numel(), k.size(0) * k.size(1) * k.size(2)), "attention");
    if (k.size(2) == 0) {
        fill(out, 0);
        return fill(lse, -std::numeric_limits<double>::infinity());
    }
    const Tensor queries = heads_of(q), keys = heads_of(k), values = heads_of(v);
    Result result(out);
    for_each_strip(q, k, [&](const Strip& strip, Tensor scores) {
        matmul(scores, queries_of(queries, strip), transposed(keys_of(keys, strip)), false);
        visit_real(q, [&]<class T>() {
            with_team(strip.rows(), k.size(2), [&]<class Team>(unsigned blocks) {
                weights_kernel<Team, T><<<blocks, kBlock, 0, stream()>>>(
                    data_of<T>(scores), data_of<T>(lse), static_cast<std::uint32_t>(strip.rows()),
                    Scores<T>(strip, q, k, mask, options));
            });
        });
        check_launch("attention");
        Tensor to = queries_of(result.heads, strip);
        matmul(to, scores, keys_of(values, strip), false);
    });
    result.finish();
}

void attention_backward(Tensor& dq, Tensor& dk, Tensor& dv, const Tensor& g, const Tensor&,
                        const Tensor& lse, const Tensor& q, const Tensor& k, const Tensor& v,
                        const Tensor& mask, const AttentionOptions& options) {
    if (lse.numel() == 0 || k.size(2) == 0) {
        for (Tensor* gradient : {&dq, &dk, &dv}) fill(*gradient, 0);
        return;
    }
    check_count(std::max(lse.numel(), k.size(0) * k.size(1) * k.size(2)), "attention_backward");
    const Tensor queries = heads_of(q), keys = heads_of(k), values = heads_of(v);
    const Tensor gradients = heads_of(g);
    Result to_queries(dq), to_keys(dk), to_values(dv);
    for_each_strip(q, k, [&](const Strip& strip, Tensor weights) {
        const Tensor some_queries = queries_of(queries, strip);
        const Tensor some_gradients = queries_of(gradients, strip);
        const Tensor some_keys = keys_of(keys, strip);
        matmul(weights, some_queries, transposed(some_keys), false);
        Tensor scores = empty(weights.shape(), weights.options());
        matmul(scores, some_gradients, transposed(keys_of(values, strip)), false);
        visit_real(q, [&]<class T>() {
            with_team(strip.rows(), k.size(2), [&]<class Team>(unsigned blocks) {
                gradients_kernel<Team, T><<<blocks, kBlock, 0, stream()>>>(
                    data_of<T>(weights), data_of<T>(scores), data_of<T>(lse),
                    static_cast<std::uint32_t>(strip.rows()),
                    Scores<T>(strip, q, k, mask, options));
            });
        });
        check_launch("attention_backward");
        Tensor to_q = queries_of(to_queries.heads, strip);
        Tensor to_k = keys_of(to_keys.heads, strip);
        Tensor to_v = keys_of(to_values.heads, strip);
        matmul(to_q, scores, some_keys, false);
        matmul(to_k, transposed(scores), some_queries, strip.first_query > 0);
        matmul(to_v, transposed(weights), some_gradients, strip.first_query > 0);
    });
    for (Result* result : {&to_queries, &to_keys, &to_values}) result->finish();
}

}  // namespace eps::kernels::cuda
