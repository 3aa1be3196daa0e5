// QR by Householder reflections, and eigenvalues of symmetric matrices by Jacobi rotations, a block
// of threads for each matrix.
#include <limits>

#include "cuda/reduction/lines.cuh"
#include "cuda/matmul/matrix_per_block.cuh"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cuda {
namespace {

constexpr int kMaxSweeps = 60;  // sweeps of Jacobi rotations; about 10 are enough

// q[:, j] -= tau v (v^T q[:, j]). The reflection vector v is 0 above row k, 1 in row k, and stored
// in column k of q below it.
template <class T>
__device__ void reflect(const Matrix<T>& q, std::int64_t m, std::int64_t k, T tau, std::int64_t j) {
    T dot = q(k, j);
    for (std::int64_t i = k + 1; i < m; ++i) dot += q(i, k) * q(i, j);
    dot *= tau;
    q(k, j) -= dot;
    for (std::int64_t i = k + 1; i < m; ++i) q(i, j) -= dot * q(i, k);
}

// Replaces column k of q by the reflection that maps it to (.., beta, 0, ..): beta in row k, v
// below. Returns tau of that reflection.
template <class T>
__device__ T make_reflection(const Matrix<T>& q, std::int64_t m, std::int64_t k) {
    const T alpha = q(k, k);
    T largest = 0, sum = 0;
    for (std::int64_t i = k + 1 + threadIdx.x; i < m; i += kBlock)
        largest = math::abs(q(i, k)) > largest ? math::abs(q(i, k)) : largest;
    largest = WholeBlock::max(largest);
    const T scale = largest > T(0) ? largest : T(1);
    for (std::int64_t i = k + 1 + threadIdx.x; i < m; i += kBlock)
        sum += (q(i, k) / scale) * (q(i, k) / scale);
    const T below = scale * math::sqrt(WholeBlock::sum(sum));
    if (below == T(0)) return T(0);
    const T beta = -::copysign(::hypot(alpha, below), alpha);
    for (std::int64_t i = k + 1 + threadIdx.x; i < m; i += kBlock) q(i, k) /= alpha - beta;
    if (threadIdx.x == 0) q(k, k) = beta;
    return (beta - alpha) / beta;
}

// out [m + n, n] holds a copy of a at first, and Q over R at the end. taus [B, n].
template <class T>
__global__ void __launch_bounds__(kBlock)
    qr_kernel(Matrices<T> out, Matrices<const T> a, T* taus, std::int64_t m, std::int64_t n) {
    const Matrix<T> q = out.mine();
    const Matrix<T> r{q.data + m * q.row, q.row, q.column};
    const Matrix<const T> from = a.mine();
    taus += blockIdx.x * n;
    each_of(n, m, [&](std::int64_t j, std::int64_t i) { q(i, j) = from(i, j); });
    // the reflections, applied to the columns on their right
    for (std::int64_t k = 0; k < n; ++k) {
        __syncthreads();
        const T tau = make_reflection(q, m, k);
        if (threadIdx.x == 0) taus[k] = tau;
        __syncthreads();
        for (std::int64_t j = k + 1 + threadIdx.x; j < n; j += kBlock) reflect(q, m, k, tau, j);
    }
    // R
    __syncthreads();
    each_of(n, n, [&](std::int64_t j, std::int64_t i) { r(i, j) = i <= j ? q(i, j) : T(0); });
    // Q, the product of all reflections, built from the last to the first. Until reflection k is
    // applied, the columns after k are 0 in row k.
    for (std::int64_t k = n - 1; k >= 0; --k) {
        __syncthreads();
        const T tau = taus[k];
        for (std::int64_t j = k + 1 + threadIdx.x; j < n; j += kBlock) reflect(q, m, k, tau, j);
        __syncthreads();
        for (std::int64_t i = threadIdx.x; i < m; i += kBlock)
            q(i, k) = i < k ? T(0) : (i == k ? T(1) - tau : -tau * q(i, k));
    }
}

// Rotates dimensions p and q of the symmetric w so that w(p, q) becomes 0, and applies the same
// rotation to the columns of v (Golub & Van Loan, section 8.5.2).
template <class T>
__device__ void rotate(const Matrix<T>& w, const Matrix<T>& v, std::int64_t n, std::int64_t p,
                       std::int64_t q) {
    const T pp = w(p, p), qq = w(q, q), pq = w(p, q);
    if (pq == T(0)) return;
    const T theta = (qq - pp) / (2 * pq);
    const T tangent = ::copysign(T(1), theta) / (math::abs(theta) + math::sqrt(theta * theta + 1));
    const T cosine = 1 / math::sqrt(tangent * tangent + 1), sine = tangent * cosine;
    __syncthreads();
    for (std::int64_t i = threadIdx.x; i < n; i += kBlock) {
        const T vp = v(i, p), vq = v(i, q);
        v(i, p) = cosine * vp - sine * vq;
        v(i, q) = sine * vp + cosine * vq;
        if (i == p || i == q) continue;
        const T wp = w(i, p), wq = w(i, q);
        w(i, p) = w(p, i) = cosine * wp - sine * wq;
        w(i, q) = w(q, i) = sine * wp + cosine * wq;
    }
    if (threadIdx.x == 0) {
        w(p, p) = pp - tangent * pq;
        w(q, q) = qq + tangent * pq;
        w(p, q) = w(q, p) = 0;
    }
    __syncthreads();
}

// True if the largest element off the diagonal is negligible beside the largest one on it.
template <class T> __device__ bool is_diagonal(const Matrix<T>& w, std::int64_t n) {
    T off_diagonal = 0, on_diagonal = 0;
    each_of(n, n, [&](std::int64_t i, std::int64_t j) {
        T& largest = i == j ? on_diagonal : off_diagonal;
        largest = math::abs(w(i, j)) > largest ? math::abs(w(i, j)) : largest;
    });
    off_diagonal = WholeBlock::max(off_diagonal);
    on_diagonal = WholeBlock::max(on_diagonal);
    return off_diagonal <= std::numeric_limits<T>::epsilon() * on_diagonal;
}

// out [n + 1, n]: the eigenvectors over the row of eigenvalues, ascending. values and vectors are
// working memory for a matrix each.
template <class T>
__global__ void __launch_bounds__(kBlock)
    eigh_kernel(Matrices<T> out, Matrices<const T> a, Matrices<T> values, Matrices<T> vectors,
                std::int64_t n) {
    const Matrix<T> w = values.mine(), v = vectors.mine(), to = out.mine();
    const Matrix<const T> from = a.mine();
    // w = the lower triangle of a, mirrored; v = I. 0 x is 0 unless x is infinite or NaN.
    T zero = 0;
    each_of(n, n, [&](std::int64_t i, std::int64_t j) {
        w(i, j) = i >= j ? from(i, j) : from(j, i);
        v(i, j) = i == j ? T(1) : T(0);
        zero += w(i, j) * T(0);
    });
    const bool finite = WholeBlock::sum(zero) == T(0);
    bool done = false;
    for (int sweep = 0; finite && sweep < kMaxSweeps; ++sweep) {
        done = is_diagonal(w, n);
        if (done) break;
        for (std::int64_t p = 0; p < n; ++p)
            for (std::int64_t q = p + 1; q < n; ++q) rotate(w, v, n, p, q);
    }
    // Writes eigenvalue j to its rank among all, or NaN where the sweeps did not converge.
    for (std::int64_t j = threadIdx.x; j < n; j += kBlock) {
        const T value = done ? w(j, j) : std::numeric_limits<T>::quiet_NaN();
        std::int64_t rank = done ? 0 : j;
        for (std::int64_t i = 0; done && i < n; ++i)
            rank += w(i, i) < value || (w(i, i) == value && i < j);
        for (std::int64_t i = 0; i < n; ++i) to(i, rank) = v(i, j);
        to(n, rank) = value;
    }
}

}  // namespace

void qr(Tensor& out, const Tensor& a) {
    if (out.numel() == 0) return;
    check_count(a.size(0), "qr");
    const Tensor taus = empty({a.size(0), a.size(2)}, a.options());
    visit_real(out, [&]<class T>() {
        qr_kernel<T><<<static_cast<unsigned>(a.size(0)), kBlock, 0, stream()>>>(
            Matrices<T>(out), Matrices<const T>(a), data_of<T>(taus), a.size(1), a.size(2));
    });
    check_launch("qr");
}

void eigh(Tensor& out, const Tensor& a) {
    if (out.numel() == 0) return;
    check_count(a.size(0), "eigh");
    const Tensor values = empty(a.shape(), a.options()), vectors = empty(a.shape(), a.options());
    visit_real(out, [&]<class T>() {
        eigh_kernel<T><<<static_cast<unsigned>(a.size(0)), kBlock, 0, stream()>>>(
            Matrices<T>(out), Matrices<const T>(a), Matrices<T>(values), Matrices<T>(vectors),
            a.size(1));
    });
    check_launch("eigh");
}

}  // namespace eps::kernels::cuda
