#include "autograd/ops/linalg/fourier.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/shape/windows.h"
#include "tensor/create.h"

namespace eps {
namespace {

constexpr std::int64_t kLargestPrime = 1 << 12;  // its table has 2^24 numbers
constexpr std::int64_t kDirect = 64;             // up to here a product is faster than its factors

struct Complex {
    Tensor re, im;
};

// cos and sin of 2 pi j k / n: [rows, columns]. The product is reduced modulo n first, for exact
// angles.
Complex waves(std::int64_t rows, std::int64_t columns, std::int64_t n, Device device) {
    std::vector<double> cosine, sine;
    for (std::int64_t j = 0; j < rows; ++j)
        for (std::int64_t k = 0; k < columns; ++k) {
            const auto turns = static_cast<double>(j * k % n) / static_cast<double>(n);
            cosine.push_back(std::cos(2 * std::numbers::pi * turns));
            sine.push_back(std::sin(2 * std::numbers::pi * turns));
        }
    const auto table = [&](const std::vector<double>& values) {
        return to(tensor(values, {rows, columns}, {.dtype = f64}), device);
    };
    return {table(cosine), table(sine)};
}

// a (c - i s)
Complex times_conjugate(const Complex& a, const Complex& w,
                        Tensor (*multiply)(const Tensor&, const Tensor&)) {
    return {multiply(a.re, w.re) + multiply(a.im, w.im),
            multiply(a.im, w.re) - multiply(a.re, w.im)};
}

// The largest factor of n up to kDirect; n itself if it is small or has none.
std::int64_t factor_of(const Checker& check, std::int64_t n) {
    if (n <= kDirect) return n;
    for (std::int64_t f = kDirect; f >= 2; --f)
        if (n % f == 0) return f;
    std::int64_t f = kDirect + 1;
    while (n % f != 0 && f <= kLargestPrime) ++f;
    check(f <= kLargestPrime, "the length has a prime factor that is too large; got ", n,
          "; expected factors up to ", kLargestPrime);
    return f;
}

// The transform along the last dimension of x [m, n]. With n = p q, j = q a + b and k = c + p d,
//     X[c + p d] = sum_b exp(-2 pi i b d / q) exp(-2 pi i b c / n) sum_a x[q a + b] exp(-2 pi i a c
//     / p)
// which is a transform of length p, a product with "twiddle factors", and a transform of length q.
Complex transformed(const Checker& check, const Complex& x) {
    const std::int64_t m = x.re.size(0), n = x.re.size(1), p = factor_of(check, n), q = n / p;
    const Device device = x.re.device();
    if (q == 1) return times_conjugate(x, waves(n, n, n, device), matmul);
    const auto by_factors = [&](const Tensor& t) { return reshape(t, {m, p, q}); };
    // The table is symmetric, so that it may stand on the left: [p, p] [m, p, q].
    const auto from_left = [](const Tensor& a, const Tensor& table) { return matmul(table, a); };
    const Complex inner =
        times_conjugate({by_factors(x.re), by_factors(x.im)}, waves(p, p, p, device), +from_left);
    const Complex turned = times_conjugate(inner, waves(p, q, n, device), mul);  // [m, c, b]
    const auto as_lines = [&](const Tensor& t) { return reshape(t, {m * p, q}); };
    const Complex outer = transformed(check, {as_lines(turned.re), as_lines(turned.im)});
    const auto ordered = [&](const Tensor& t) {  // [m, c, d] -> [m, c + p d]
        return reshape(transpose(reshape(t, {m, p, q})), {m, n});
    };
    return {ordered(outer.re), ordered(outer.im)};
}

// x cut to a length along dim, or continued with zeros.
Tensor with_length(const Tensor& x, int dim, std::int64_t length) {
    if (x.size(dim) >= length) return narrow(x, dim, 0, length);
    const Dims none = Dims::filled(x.rank(), 0);
    Dims behind = none;
    behind[dim] = length - x.size(dim);
    return pad(x, none, behind);
}

// All n bins of a real signal from its first n / 2 + 1: bin n - k is the conjugate of bin k.
Tensor both_sides(const Checker& check, const Tensor& x, int dim, std::int64_t n) {
    check(x.size(-1) == 2, "bins are complex; got ", describe(x), "; expected [.., 2]");
    const Tensor half = with_length(x, dim, n / 2 + 1);
    const std::int64_t missing = n - n / 2 - 1;
    const Tensor mirrored = flip(narrow(half, dim, 1, missing), {dim});
    const Tensor signs = tensor({1, -1}, {2}, x.options());
    return concat({half, mirrored * signs}, dim);
}

}  // namespace

Tensor dft(const Tensor& x, const DftOptions& o) {
    const Checker check("dft");
    check.computes(x);
    check(x.rank() >= 2 && (x.size(-1) == 1 || x.size(-1) == 2),
          "needs real and imaginary parts in the last dimension; got ", describe(x),
          "; expected [.., 2], or [.., 1] if it is real");
    const int dim = check.dim(o.dim, x);
    check(dim != x.rank() - 1, "the last dimension holds the parts; got dim ", o.dim);
    const bool from_half = o.inverse && o.onesided;
    const std::int64_t n = o.length ? *o.length : from_half ? 2 * (x.size(dim) - 1) : x.size(dim);
    check(n >= 1 && n < std::int64_t{1} << 31, "the length must be 1 to 2^31; got ", n);
    const Tensor all = from_half ? both_sides(check, x, dim, n) : with_length(x, dim, n);
    const Tensor lines = transpose(to(all, f64), dim, -2);  // [.., n, 1 or 2]
    Shape shape = lines.shape();
    const auto part = [&](std::int64_t k) {
        return reshape(select(lines, -1, k), {numel(shape) / (shape.back() * n), n});
    };
    Complex z{part(0), shape.back() == 2 ? part(1) : zeros_like(part(0))};
    // The inverse exchanges the parts before and after.
    if (o.inverse) std::swap(z.re, z.im);
    Complex y = transformed(check, z);
    if (o.inverse) std::swap(y.re, y.im);
    Tensor out = stack({y.re, y.im}, -1);
    if (o.inverse) out = out / static_cast<double>(n);
    shape[shape.rank() - 1] = 2;
    out = reshape(out, shape);
    if (from_half) out = narrow(out, -1, 0, 1);
    if (o.onesided && !o.inverse) out = narrow(out, -2, 0, n / 2 + 1);
    return to(transpose(out, dim, -2), x.dtype() == f64 ? f64 : f32);
}

Tensor stft(const Tensor& x, std::int64_t n_fft, const StftOptions& o) {
    const Checker check("stft");
    check.computes(x);
    check(x.rank() >= 1 && is_floating(x.dtype()), "needs signals [.., L] in f32 or f64; got ",
          describe(x));
    check(n_fft >= 1 && n_fft < std::int64_t{1} << 31, "n_fft must be 1 to 2^31; got ", n_fft);
    const std::int64_t hop =
        o.hop_length == 0 ? std::max<std::int64_t>(n_fft / 4, 1) : o.hop_length;
    check(hop >= 1, "hop_length must be at least 1; got ", hop);
    check(!o.window.defined() || o.window.shape() == Shape{n_fft}, "the window does not fit; got ",
          describe(o.window), "; expected [", n_fft, "]");
    Tensor signal = x;
    if (o.center) {
        check(x.size(-1) > n_fft / 2, "the signal is too short to be reflected; got ", x.shape(),
              " for n_fft ", n_fft);
        Dims sides = Dims::filled(x.rank(), 0);
        sides[x.rank() - 1] = n_fft / 2;
        signal = pad(x, sides, sides, PadMode::reflect);
    }
    check(signal.size(-1) >= n_fft, "the signal is shorter than a frame; got ", x.shape(),
          " for n_fft ", n_fft);
    Tensor frames = unfold(signal, -1, n_fft, hop);  // [.., T, n_fft]
    if (o.window.defined()) frames = frames * o.window;
    Tensor out = dft(unsqueeze(frames, -1), {.dim = -2, .onesided = o.onesided});
    if (o.normalized) out = out / std::sqrt(static_cast<double>(n_fft));
    return transpose(out, -3, -2);  // [.., bins, T, 2]
}

}  // namespace eps
