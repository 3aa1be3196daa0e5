// softmax, and attention that never writes its scores: a block follows one query through all keys, kBlock of them at a time, rescaling what
// it has summed whenever a larger score turns up (Milakov and Gimelshein 2018; Dao et al. 2022).
#include <limits>

#include "cuda/block.cuh"
#include "cuda/lines.cuh"
#include "tensor/create.h"
#include "tensor/kernels.h"
#include "tensor/math/functions.h"

namespace eps::kernels::cuda {
namespace {

// A block a line of x along dim: largest, sum, result. Operands: 0 out, 1 x.
template <class T>
__global__ void __launch_bounds__(kBlock) softmax_kernel(T* out, const T* x, std::int64_t stride, std::int64_t length, bool log, const __grid_constant__ Lines<2> lines) {
    __shared__ T memory[kBlock];
    const auto at = lines.at(blockIdx.x);
    x += at.of[1];
    out += at.of[0];
    T largest = -std::numeric_limits<T>::infinity(), sum = 0;
    for (std::int64_t i = threadIdx.x; i < length; i += kBlock) largest = x[i * stride] > largest ? x[i * stride] : largest;
    largest = block_max(largest, memory);
    for (std::int64_t i = threadIdx.x; i < length; i += kBlock) sum += math::exp(x[i * stride] - largest);  // NaN goes into the sum
    sum = block_sum(sum, memory);
    const T shift = largest + math::log(sum);
    for (std::int64_t i = threadIdx.x; i < length; i += kBlock) {
        const T d = x[i * stride] - largest;
        out[i * stride] = log ? x[i * stride] - shift : math::exp(d) / sum;
    }
}

// dx = y (g - sum g y), or g - exp(y) sum g. Operands: 0 dx, 1 g, 2 y.
template <class T>
__global__ void __launch_bounds__(kBlock)
softmax_gradient_kernel(T* dx, const T* g, const T* y, std::int64_t stride, std::int64_t length, bool log, const __grid_constant__ Lines<3> lines) {
    __shared__ T memory[kBlock];
    const auto at = lines.at(blockIdx.x);
    dx += at.of[0];
    g += at.of[1];
    y += at.of[2];
    T sum = 0;
    for (std::int64_t i = threadIdx.x; i < length; i += kBlock) sum += log ? g[i * stride] : g[i * stride] * y[i * stride];
    sum = block_sum(sum, memory);
    for (std::int64_t i = threadIdx.x; i < length; i += kBlock)
        dx[i * stride] = log ? g[i * stride] - math::exp(y[i * stride]) * sum : y[i * stride] * (g[i * stride] - sum);
}

/// A tensor [B, H, rows, columns] of any strides.
template <class T>
struct Heads {
    T* data = nullptr;
    std::int64_t batch = 0, head = 0, row = 0, column = 0;
    Heads() = default;
    explicit Heads(const Tensor& x)
        : data(static_cast<T*>(x.raw_data())), batch(x.strides()[0]), head(x.strides()[1]), row(x.strides()[2]), column(x.strides()[3]) {}
    /// Row i of head h of sample b.
    __device__ T* at(std::int64_t b, std::int64_t h, std::int64_t i) const { return data + b * batch + h * head + i * row; }
};

template <class T>
struct Problem {
    Heads<const T> q, k, v;
    Heads<const bool> sees;
    Heads<const T> added;
    std::int64_t heads, queries, keys, width, values;  // width of q and k
    T scale;
    bool causal;

    Problem(const Tensor& q_, const Tensor& k_, const Tensor& v_, const Tensor& mask, const AttentionOptions& o)
        : q(q_), k(k_), v(v_), heads(q_.size(1)), queries(q_.size(2)), keys(k_.size(2)), width(q_.size(3)), values(v_.size(3)), scale(static_cast<T>(o.scale)),
          causal(o.causal) {
        if (mask.defined() && mask.dtype() == DType::boolean) sees = Heads<const bool>(mask);
        else if (mask.defined()) added = Heads<const T>(mask);
    }
    /// The score of query i and key j, -inf where it is not seen.
    __device__ T score(std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) const {
        if ((causal && j > i) || (sees.data && !sees.at(b, h, i)[j * sees.column])) return -std::numeric_limits<T>::infinity();
        T sum = 0;
        const T *x = q.at(b, h, i), *y = k.at(b, h, j);
        for (std::int64_t d = 0; d < width; ++d) sum += x[d * q.column] * y[d * k.column];
        sum *= scale;
        return added.data ? sum + added.at(b, h, i)[j * added.column] : sum;
    }
};

// A block a query. Shared: kBlock numbers to reduce in, kBlock weights, and the `values` sums of the result.
template <class T>
__global__ void __launch_bounds__(kBlock) attention_kernel(Heads<T> out, T* lse, const __grid_constant__ Problem<T> p) {
    extern __shared__ char shared[];
    T* const memory = reinterpret_cast<T*>(shared);
    T* const weights = memory + kBlock;
    T* const sums = weights + kBlock;
    const std::int64_t i = blockIdx.x % p.queries, h = blockIdx.x / p.queries % p.heads, b = blockIdx.x / p.queries / p.heads;
    const T none = -std::numeric_limits<T>::infinity();
    T largest = none, total = 0;
    for (std::int64_t d = threadIdx.x; d < p.values; d += kBlock) sums[d] = 0;
    for (std::int64_t first = 0; first < p.keys; first += kBlock) {
        const std::int64_t j = first + threadIdx.x;
        const T score = j < p.keys ? p.score(b, h, i, j) : none;
        const T before = largest, here = block_max(score, memory);
        largest = here > before ? here : before;
        if (largest == none) continue;  // the same for the whole block
        const T weight = math::exp(score - largest), factor = before == none ? T(0) : math::exp(before - largest);
        weights[threadIdx.x] = weight;
        total = total * factor + block_sum(weight, memory);
        const std::int64_t count = min(std::int64_t{kBlock}, p.keys - first);
        for (std::int64_t d = threadIdx.x; d < p.values; d += kBlock) {
            T sum = sums[d] * factor;
            for (std::int64_t s = 0; s < count; ++s) sum += weights[s] * p.v.at(b, h, first + s)[d * p.v.column];
            sums[d] = sum;
        }
        __syncthreads();
    }
    for (std::int64_t d = threadIdx.x; d < p.values; d += kBlock) out.at(b, h, i)[d * out.column] = total == T(0) ? T(0) : sums[d] / total;
    if (threadIdx.x == 0) lse[blockIdx.x] = total == T(0) ? none : largest + math::log(total);
}

/// What backward reads besides. `dots` [B, H, L] = g . out of each query.
template <class T>
struct Backward {
    Heads<const T> g, out;
    const T* lse;
    const T* dots;
    __device__ T weight(const Problem<T>& p, std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) const {
        const T shift = lse[(b * p.heads + h) * p.queries + i];
        return shift == -std::numeric_limits<T>::infinity() ? T(0) : math::exp(p.score(b, h, i, j) - shift);
    }
    /// scale P (g v^T - g . out), from the weight P
    __device__ T slope(const Problem<T>& p, T weight, std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) const {
        T sum = 0;
        const T *x = g.at(b, h, i), *y = p.v.at(b, h, j);
        for (std::int64_t d = 0; d < p.values; ++d) sum += x[d * g.column] * y[d * p.v.column];
        return p.scale * weight * (sum - dots[(b * p.heads + h) * p.queries + i]);
    }
};

template <class T>
__global__ void dots_kernel(T* dots, Heads<const T> g, Heads<const T> out, std::int64_t heads, std::int64_t queries, std::int64_t values, std::int64_t count) {
    const std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (at >= count) return;
    const std::int64_t i = at % queries, h = at / queries % heads, b = at / queries / heads;
    T sum = 0;
    for (std::int64_t d = 0; d < values; ++d) sum += g.at(b, h, i)[d * g.column] * out.at(b, h, i)[d * out.column];
    dots[at] = sum;
}

// A block a query: dq = sum over keys of slope k. Shared: kBlock slopes.
template <class T>
__global__ void __launch_bounds__(kBlock) query_gradient_kernel(Heads<T> dq, const __grid_constant__ Problem<T> p, const __grid_constant__ Backward<T> back) {
    __shared__ T slopes[kBlock];
    const std::int64_t i = blockIdx.x % p.queries, h = blockIdx.x / p.queries % p.heads, b = blockIdx.x / p.queries / p.heads;
    for (std::int64_t first = 0; first < p.keys; first += kBlock) {
        const std::int64_t j = first + threadIdx.x, count = min(std::int64_t{kBlock}, p.keys - first);
        __syncthreads();
        if (j < p.keys) slopes[threadIdx.x] = back.slope(p, back.weight(p, b, h, i, j), b, h, i, j);
        __syncthreads();
        for (std::int64_t d = threadIdx.x; d < p.width; d += kBlock) {
            T* const target = dq.at(b, h, i) + d * dq.column;
            T sum = first == 0 ? T(0) : *target;
            for (std::int64_t s = 0; s < count; ++s) sum += slopes[s] * p.k.at(b, h, first + s)[d * p.k.column];
            *target = sum;
        }
    }
}

// A block a key: dk = sum over queries of slope q, dv = sum of weight g.
template <class T>
__global__ void __launch_bounds__(kBlock)
key_gradient_kernel(Heads<T> dk, Heads<T> dv, const __grid_constant__ Problem<T> p, const __grid_constant__ Backward<T> back) {
    __shared__ T slopes[kBlock], weights[kBlock];
    const std::int64_t j = blockIdx.x % p.keys, h = blockIdx.x / p.keys % p.heads, b = blockIdx.x / p.keys / p.heads;
    for (std::int64_t first = 0; first < p.queries; first += kBlock) {
        const std::int64_t i = first + threadIdx.x, count = min(std::int64_t{kBlock}, p.queries - first);
        __syncthreads();
        if (i < p.queries) {
            weights[threadIdx.x] = back.weight(p, b, h, i, j);
            slopes[threadIdx.x] = back.slope(p, weights[threadIdx.x], b, h, i, j);
        }
        __syncthreads();
        for (std::int64_t d = threadIdx.x; d < p.width; d += kBlock) {
            T* const target = dk.at(b, h, j) + d * dk.column;
            T sum = first == 0 ? T(0) : *target;
            for (std::int64_t s = 0; s < count; ++s) sum += slopes[s] * p.q.at(b, h, first + s)[d * p.q.column];
            *target = sum;
        }
        for (std::int64_t d = threadIdx.x; d < p.values; d += kBlock) {
            T* const target = dv.at(b, h, j) + d * dv.column;
            T sum = first == 0 ? T(0) : *target;
            for (std::int64_t s = 0; s < count; ++s) sum += weights[s] * back.g.at(b, h, first + s)[d * back.g.column];
            *target = sum;
        }
    }
}

}  // namespace

void softmax(Tensor& out, const Tensor& x, int dim, bool log) {
    if (x.numel() == 0) return;
    const Tensor out_starts = line_starts(out, dim), starts = line_starts(x, dim);
    check_count(starts.numel(), "softmax");
    visit_real(x, [&]<class T>() {
        softmax_kernel<T><<<static_cast<unsigned>(starts.numel()), kBlock, 0, stream()>>>(static_cast<T*>(out.raw_data()), static_cast<const T*>(x.raw_data()),
                                                                                          x.strides()[dim], x.size(dim), log, Lines<2>(plan_loop<2>({&out_starts, &starts})));
    });
    check_launch("softmax");
}

void softmax_backward(Tensor& dx, const Tensor& g, const Tensor& y, int dim, bool log) {
    if (y.numel() == 0) return;
    const Tensor dx_starts = line_starts(dx, dim), g_starts = line_starts(g, dim), y_starts = line_starts(y, dim);
    check_count(y_starts.numel(), "softmax_backward");
    visit_real(y, [&]<class T>() {
        softmax_gradient_kernel<T><<<static_cast<unsigned>(y_starts.numel()), kBlock, 0, stream()>>>(
            static_cast<T*>(dx.raw_data()), static_cast<const T*>(g.raw_data()), static_cast<const T*>(y.raw_data()), y.strides()[dim], y.size(dim), log,
            Lines<3>(plan_loop<3>({&dx_starts, &g_starts, &y_starts})));
    });
    check_launch("softmax_backward");
}

void attention(Tensor& out, Tensor& lse, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, const AttentionOptions& options) {
    if (lse.numel() == 0) return;
    check_count(lse.numel(), "attention");
    visit_real(q, [&]<class T>() {
        const auto bytes = static_cast<std::size_t>(2 * kBlock + v.size(3)) * sizeof(T);
        check(bytes <= 48 * 1024, "attention", "the values are too wide for one block; got ", v.size(3));
        attention_kernel<T><<<static_cast<unsigned>(lse.numel()), kBlock, bytes, stream()>>>(Heads<T>(out), static_cast<T*>(lse.raw_data()),
                                                                                             Problem<T>(q, k, v, mask, options));
    });
    check_launch("attention");
}

void attention_backward(Tensor& dq, Tensor& dk, Tensor& dv, const Tensor& g, const Tensor& out, const Tensor& lse, const Tensor& q, const Tensor& k,
                        const Tensor& v, const Tensor& mask, const AttentionOptions& options) {
    if (lse.numel() == 0 || k.size(2) == 0) {
        for (Tensor* gradient : {&dq, &dk, &dv}) fill(*gradient, 0);
        return;
    }
    const Tensor dots = empty(lse.shape(), lse.options());
    const std::int64_t keys = k.size(0) * k.size(1) * k.size(2);
    check_count(keys, "attention_backward");
    visit_real(q, [&]<class T>() {
        const Problem<T> problem(q, k, v, mask, options);
        const Backward<T> back{Heads<const T>(g), Heads<const T>(out), static_cast<const T*>(lse.raw_data()), static_cast<const T*>(dots.raw_data())};
        dots_kernel<T><<<blocks_for(lse.numel()), kBlock, 0, stream()>>>(static_cast<T*>(dots.raw_data()), back.g, back.out, problem.heads, problem.queries,
                                                                         problem.values, lse.numel());
        query_gradient_kernel<T><<<static_cast<unsigned>(lse.numel()), kBlock, 0, stream()>>>(Heads<T>(dq), problem, back);
        key_gradient_kernel<T><<<static_cast<unsigned>(keys), kBlock, 0, stream()>>>(Heads<T>(dk), Heads<T>(dv), problem, back);
    });
    check_launch("attention_backward");
}

}  // namespace eps::kernels::cuda
