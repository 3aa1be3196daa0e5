// Singular values and vectors by one-sided Jacobi rotations (Hestenes 1958; de Rijk 1989). They act
// on columns of the matrix itself, so that small singular values keep their digits. One thread
// computes each matrix; threads share the matrices of a batch.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tensor/contract/kernels.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr int kMaxSweeps = 60;                 // about 10 are enough
constexpr std::int64_t kThreadWork = 1 << 18;  // multiply-adds that are worth a second thread

/// out [m + n + 1, n] of one matrix, column-major: U over V over the singular values.
template <class T> struct Factors {
    T* data;
    std::int64_t m, n;
    T* column(std::int64_t j) const { return data + j * (m + n + 1); }
    T& value(std::int64_t j) const { return column(j)[m + n]; }
};

// Columns with smaller squares than this, where those of the matrix are about 1, hold nothing but
// what is left of a difference of equal numbers, and its digits cannot be told apart.
template <class T> constexpr double negligible() {
    const double own =
        double{std::numeric_limits<T>::min()} / double{std::numeric_limits<T>::epsilon()};
    const double length = own > 0x1p-480 ? own : 0x1p-480;  // its square is a double
    return length * length;
}

template <class T> T largest_of(const T* x, std::int64_t size) {
    T largest = 0;
    for (std::int64_t i = 0; i < size; ++i) largest = std::max(largest, std::abs(x[i]));
    return largest;
}

// Turns columns p and q so that they become orthogonal, the longer one first. False if they were:
// an exchange counts, since it brings together columns that have not met.
template <class T> bool rotate(const Factors<T>& f, std::int64_t p, std::int64_t q) {
    T *const x = f.column(p), *const y = f.column(q);
    double xx = 0, yy = 0, xy = 0;
    for (std::int64_t i = 0; i < f.m; ++i) {
        xx += double{x[i]} * double{x[i]};
        yy += double{y[i]} * double{y[i]};
        xy += double{x[i]} * double{y[i]};
    }
    const bool exchange = xx < yy;
    if (exchange) {
        std::swap_ranges(x, x + f.m + f.n, y);
        std::swap(xx, yy);
    }
    const double least =
        double{std::numeric_limits<T>::epsilon()} * std::sqrt(static_cast<double>(f.m));
    if (yy < negligible<T>() || !(std::abs(xy) > least * std::sqrt(xx) * std::sqrt(yy)))
        return exchange;
    const double theta = (yy - xx) / (2 * xy);
    const double tangent = std::copysign(1.0, theta) / (std::abs(theta) + std::hypot(1.0, theta));
    const double cosine = 1 / std::hypot(1.0, tangent), sine = tangent * cosine;
    const T c = static_cast<T>(cosine), s = static_cast<T>(sine);
    for (std::int64_t i = 0; i < f.m + f.n; ++i) {
        const T a = x[i], b = y[i];
        x[i] = c * a - s * b;
        y[i] = s * a + c * b;
    }
    return true;
}

// Makes the columns orthogonal; false if the sweeps do not get there.
template <class T> bool orthogonalise(const Factors<T>& f) {
    for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
        bool turned = false;
        for (std::int64_t p = 0; p < f.n; ++p)
            for (std::int64_t q = p + 1; q < f.n; ++q) turned |= rotate(f, p, q);
        if (!turned) return true;
    }
    return false;
}

// The length of a column becomes its singular value, and the column has length 1, or is 0.
template <class T> void normalise(const Factors<T>& f, std::int64_t j, int exponent) {
    T* const u = f.column(j);
    const T largest = largest_of(u, f.m);
    double sum = 0;
    for (std::int64_t i = 0; i < f.m && largest > 0; ++i) {
        u[i] /= largest;
        sum += double{u[i]} * double{u[i]};
    }
    const T length = static_cast<T>(std::sqrt(sum));
    for (std::int64_t i = 0; i < f.m && largest > 0; ++i) u[i] /= length;
    f.value(j) = std::ldexp(length * largest, exponent);
}

// The top of the columns holds a.
template <class T> void factor_svd(const Factors<T>& f) {
    T zero = 0, largest = 0;
    for (std::int64_t j = 0; j < f.n; ++j) {
        for (std::int64_t i = 0; i < f.m; ++i) zero += f.column(j)[i] * T(0);
        largest = std::max(largest, largest_of(f.column(j), f.m));
    }
    // Numbers near 1 have squares that do not overflow; a power of two rounds nothing.
    const int exponent = zero == T(0) && largest > 0 ? std::ilogb(largest) : 0;
    for (std::int64_t j = 0; j < f.n; ++j) {
        for (std::int64_t i = 0; i < f.m; ++i)
            f.column(j)[i] = std::ldexp(f.column(j)[i], -exponent);
        std::fill_n(f.column(j) + f.m, f.n, T(0));
        f.column(j)[f.m + j] = 1;
    }
    if (zero != T(0) || !orthogonalise(f)) {
        std::fill_n(f.data, (f.m + f.n + 1) * f.n, std::numeric_limits<T>::quiet_NaN());
        return;
    }
    for (std::int64_t j = 0; j < f.n; ++j) normalise(f, j, exponent);
}

}  // namespace

void svd(Tensor& out, const Tensor& a) {
    if (out.numel() == 0) return;
    Tensor top = out.as_strided(a.shape(), out.strides(), out.offset());
    copy(top, a);
    const std::int64_t m = a.size(1), n = a.size(2);
    visit_real(out.dtype(), [&]<class T>() {
        T* const data = out.data<T>();
        const std::int64_t each = std::max<std::int64_t>(1, kThreadWork / (10 * m * n * n));
        parallel_for(a.size(0), each, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t b = begin; b < end; ++b)
                factor_svd(Factors<T>{data + b * (m + n + 1) * n, m, n});
        });
    });
}

}  // namespace eps::kernels::cpu
