// Singular values and vectors by one-sided Jacobi rotations (Hestenes 1958; de Rijk 1989), a block
// of threads for each matrix. They act on columns of the matrix itself, so that small singular
// values keep their digits.
#include <limits>

#include "cuda/matmul/matrix_per_block.cuh"
#include "cuda/reduction/lines.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cuda {
namespace {

constexpr int kMaxSweeps = 60;  // about 10 are enough

// Columns with smaller squares than this, where those of the matrix are about 1, hold nothing but
// what is left of a difference of equal numbers, and its digits cannot be told apart.
template <class T> __device__ constexpr double negligible() {
    const double own =
        double{std::numeric_limits<T>::min()} / double{std::numeric_limits<T>::epsilon()};
    const double length = own > 0x1p-480 ? own : 0x1p-480;  // its square is a double
    return length * length;
}

// Turns columns p and q of f, U over V, so that they become orthogonal in U [m, n], the longer one
// first. False if they were: an exchange counts, since it brings together columns that have not
// met.
template <class T>
__device__ bool rotate(const Matrix<T>& f, std::int64_t m, std::int64_t n, std::int64_t p,
                       std::int64_t q) {
    double xx = 0, yy = 0, xy = 0;
    for (std::int64_t i = threadIdx.x; i < m; i += kBlock) {
        const double x = f(i, p), y = f(i, q);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    xx = WholeBlock::sum(xx);
    yy = WholeBlock::sum(yy);
    xy = WholeBlock::sum(xy);
    const bool swap = xx < yy;
    const double least = double{std::numeric_limits<T>::epsilon()} * ::sqrt(static_cast<double>(m));
    const bool turn =
        ::fmin(xx, yy) >= negligible<T>() && ::fabs(xy) > least * ::sqrt(xx) * ::sqrt(yy);
    if (!swap && !turn) return false;
    const double theta = turn ? (swap ? xx - yy : yy - xx) / (2 * xy) : 0;
    const double tangent =
        turn ? ::copysign(1.0, theta) / (::fabs(theta) + ::hypot(1.0, theta)) : 0;
    const double cosine = 1 / ::hypot(1.0, tangent), sine = tangent * cosine;
    const T c = static_cast<T>(cosine), s = static_cast<T>(sine);
    for (std::int64_t i = threadIdx.x; i < m + n; i += kBlock) {
        const T a = f(i, swap ? q : p), b = f(i, swap ? p : q);
        f(i, p) = c * a - s * b;
        f(i, q) = s * a + c * b;
    }
    __syncthreads();
    return true;
}

// The length of a column becomes its singular value, and the column has length 1, or is 0. A
// thread for each column.
template <class T>
__device__ void normalise(const Matrix<T>& f, std::int64_t m, std::int64_t n, std::int64_t j,
                          int exponent) {
    T largest = 0;
    for (std::int64_t i = 0; i < m; ++i)
        largest = math::abs(f(i, j)) > largest ? math::abs(f(i, j)) : largest;
    double sum = 0;
    for (std::int64_t i = 0; i < m && largest > T(0); ++i) {
        f(i, j) /= largest;
        sum += double{f(i, j)} * double{f(i, j)};
    }
    const T length = static_cast<T>(::sqrt(sum));
    for (std::int64_t i = 0; i < m && largest > T(0); ++i) f(i, j) /= length;
    f(m + n, j) = ::ldexp(length * largest, exponent);
}

// out [m + n + 1, n]: U over V over the row of singular values.
template <class T>
__global__ void __launch_bounds__(kBlock)
    svd_kernel(Matrices<T> out, Matrices<const T> a, std::int64_t m, std::int64_t n) {
    const Matrix<T> f = out.mine();
    const Matrix<const T> from = a.mine();
    T zero = 0, largest = 0;
    each_of(n, m, [&](std::int64_t j, std::int64_t i) {
        zero += from(i, j) * T(0);
        largest = math::abs(from(i, j)) > largest ? math::abs(from(i, j)) : largest;
    });
    const bool finite = WholeBlock::sum(zero) == T(0);
    largest = WholeBlock::max(largest);
    // Numbers near 1 have squares that do not overflow; a power of two rounds nothing.
    const int exponent = finite && largest > T(0) ? ::ilogb(largest) : 0;
    each_of(n, m,
            [&](std::int64_t j, std::int64_t i) { f(i, j) = ::ldexp(from(i, j), -exponent); });
    each_of(n, n, [&](std::int64_t j, std::int64_t i) { f(m + i, j) = i == j ? T(1) : T(0); });
    __syncthreads();
    bool done = false;
    for (int sweep = 0; finite && !done && sweep < kMaxSweeps; ++sweep) {
        done = true;
        for (std::int64_t p = 0; p < n; ++p)
            for (std::int64_t q = p + 1; q < n; ++q)
                if (rotate(f, m, n, p, q)) done = false;
    }
    if (!done) {
        each_of(n, m + n + 1, [&](std::int64_t j, std::int64_t i) {
            f(i, j) = std::numeric_limits<T>::quiet_NaN();
        });
        return;
    }
    for (std::int64_t j = threadIdx.x; j < n; j += kBlock) normalise(f, m, n, j, exponent);
}

}  // namespace

void svd(Tensor& out, const Tensor& a) {
    if (out.numel() == 0) return;
    check_count(a.size(0), "svd");
    visit_real(out, [&]<class T>() {
        svd_kernel<T><<<static_cast<unsigned>(a.size(0)), kBlock, 0, stream()>>>(
            Matrices<T>(out), Matrices<const T>(a), a.size(1), a.size(2));
    });
    check_launch("svd");
}

}  // namespace eps::kernels::cuda
