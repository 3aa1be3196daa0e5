// Elementary functions and activations against the C library in the next wider type: for every
// 101st float (every 499th for some functions), and for random doubles. The limits are the largest
// errors measured, rounded up.
#include <doctest/doctest.h>

#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "tests/tensor/ulps.h"
#include "varepsilon.h"

using eps::Tensor;
using namespace eps::test;

namespace {

// Stated once for both types: W is double or long double.
#define EPS_EXACT(name, formula) \
    constexpr auto name = []<class W>(W x) { return static_cast<W>(formula); }
namespace reference {
EPS_EXACT(exp, std::exp(x));
EPS_EXACT(exp2, std::exp2(x));
EPS_EXACT(expm1, std::expm1(x));
EPS_EXACT(log, std::log(x));
EPS_EXACT(log2, std::log2(x));
EPS_EXACT(log10, std::log10(x));
EPS_EXACT(log1p, std::log1p(x));
EPS_EXACT(sqrt, std::sqrt(x));
EPS_EXACT(rsqrt, 1 / std::sqrt(x));
EPS_EXACT(cbrt, std::cbrt(x));
EPS_EXACT(sin, std::sin(x));
EPS_EXACT(cos, std::cos(x));
EPS_EXACT(tan, std::tan(x));
EPS_EXACT(tanh, std::tanh(x));
EPS_EXACT(erf, std::erf(x));
EPS_EXACT(sigmoid, x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)));
EPS_EXACT(softplus, x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)));
EPS_EXACT(log_sigmoid, x > 0 ? -std::log1p(std::exp(-x)) : x - std::log1p(std::exp(x)));
EPS_EXACT(gelu, x == -std::numeric_limits<W>::infinity()
                    ? -W(0)
                    : x / 2 * std::erfc(-x / std::numbers::sqrt2_v<W>));
EPS_EXACT(gelu_derivative, std::isinf(x)
                               ? W(x > 0)
                               : (std::erfc(-x / std::numbers::sqrt2_v<W>) +
                                  x * std::sqrt(2 / std::numbers::pi_v<W>) * std::exp(-x * x / 2)) /
                                     2);
}  // namespace reference
#undef EPS_EXACT

// The largest error(i) of many.
template <class Error> double largest(std::int64_t n, Error error) {
    constexpr std::int64_t block = 4096;
    std::vector<double> worst(static_cast<std::size_t>((n + block - 1) / block));
    eps::parallel_for(std::ssize(worst), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t b = begin; b < end; ++b)
            for (std::int64_t i = b * block; i < std::min(n, (b + 1) * block); ++i)
                worst[static_cast<std::size_t>(b)] =
                    std::max(worst[static_cast<std::size_t>(b)], error(i));
    });
    return *std::max_element(worst.begin(), worst.end());
}

template <class T, class Op, class Exact, class Error>
double largest_error(Op op, const Tensor& x, Exact exact, Error error) {
    const Tensor y = op(x);
    const T* in = x.data<T>();
    const T* out = y.data<T>();
    return largest(x.numel(), [&](std::int64_t i) {
        return error(in[i], out[i], exact(static_cast<Wider<T>>(in[i])));
    });
}

// Every stride-th bit pattern (a prime; a larger one where nothing is optimised): both signs,
// denormals, infinities and NaNs.
template <class Op, class Exact, class Error>
double sweep(Op op, Exact exact, Error error, std::uint64_t stride) {
#ifndef NDEBUG
    stride = 4999;
#endif
    const std::uint64_t count = (std::uint64_t{1} << 32) / stride + 1, most = 1 << 20;
    double worst = 0;
    for (std::uint64_t first = 0; first < count; first += most) {
        const std::uint64_t n = std::min(most, count - first);
        Tensor x = eps::empty({static_cast<std::int64_t>(n)});
        for (std::uint64_t i = 0; i < n; ++i)
            x.data<float>()[i] =
                __builtin_bit_cast(float, static_cast<std::uint32_t>((first + i) * stride));
        worst = std::max(worst, largest_error<float>(op, x, exact, error));
    }
    return worst;
}

// Half of them random bit patterns, half between -20 and 20.
template <class Op, class Exact, class Error>
double random_arguments(Op op, Exact exact, Error error) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> moderate(-20, 20);
    Tensor x = eps::empty({200000}, {.dtype = eps::f64});
    for (std::int64_t i = 0; i < x.numel(); ++i)
        x.data<double>()[i] = i % 2 ? moderate(random) : __builtin_bit_cast(double, random());
    return largest_error<double>(op, x, exact, error);
}

constexpr auto in_ulps = []<class T>(T, T got, Wider<T> exact) { return ulps(got, exact); };
// Where a result is small because two large terms cancel, in ULP of the argument.
constexpr auto in_ulps_of_argument = []<class T>(T x, T got, Wider<T> exact) {
    if (x == 0 || !std::isfinite(x)) return ulps(got, exact);
    return static_cast<double>(std::abs(got - exact) / ulp_of<T>(x));
};
// Where neither the result nor a sixteenth of it, a factor on its way, is denormal.
constexpr auto in_ulps_of_normal = []<class T>(T, T got, Wider<T> exact) {
    return std::abs(exact) < 16 * std::numeric_limits<T>::min() ? 0.0 : ulps(got, exact);
};
constexpr auto in_ulps_of_one = []<class T>(T, T got, Wider<T> exact) {
    return std::isnan(got) || std::isnan(exact)
               ? ulps(got, exact)
               : static_cast<double>(std::abs(got - exact) / std::numeric_limits<T>::epsilon());
};

void check_within(const char* name, double worst, double limit) {
    CHECK_MESSAGE(worst <= limit, std::string(name), ": ", worst, " ULP, limit ", limit);
}

}  // namespace

// X(function, stride, limit of float, error)
// clang-format off
#define EPS_SWEPT(X)                       \
    X(exp, 101, 1.0, in_ulps)              \
    X(log, 101, 0.9, in_ulps)              \
    X(tanh, 101, 1.4, in_ulps)             \
    X(sigmoid, 101, 1.7, in_ulps)          \
    X(erf, 101, 1.0, in_ulps)              \
    X(exp2, 499, 0.9, in_ulps)             \
    X(expm1, 499, 1.5, in_ulps)            \
    X(log2, 499, 1.5, in_ulps)             \
    X(log10, 499, 1.4, in_ulps)            \
    X(log1p, 499, 1.6, in_ulps)            \
    X(sqrt, 499, 0.5, in_ulps)             \
    X(rsqrt, 499, 1.5, in_ulps)            \
    X(cbrt, 499, 0.51, in_ulps)            \
    X(sin, 499, 0.51, in_ulps)             \
    X(cos, 499, 0.51, in_ulps)             \
    X(tan, 499, 0.51, in_ulps)             \
    X(softplus, 499, 1.9, in_ulps)         \
    X(log_sigmoid, 499, 1.9, in_ulps)      \
    X(gelu, 499, 1.5, in_ulps_of_argument)
// clang-format on

TEST_CASE("float functions over a dense sweep") {
#define EPS_FLOAT(name, stride, limit, error)                                                \
    check_within(                                                                            \
        #name,                                                                               \
        sweep([](const Tensor& x) { return eps::name(x); }, reference::name, error, stride), \
        limit);
    EPS_SWEPT(EPS_FLOAT);
}

TEST_CASE("double functions over random arguments") {
#define EPS_DOUBLE(name, stride, limit, error)                                                  \
    check_within(                                                                               \
        #name,                                                                                  \
        random_arguments([](const Tensor& x) { return eps::name(x); }, reference::name, error), \
        2.0);
    EPS_SWEPT(EPS_DOUBLE);
}

TEST_CASE("gelu in its left tail, and its derivative") {
    const auto gelu = [](const Tensor& x) { return eps::gelu(x); };
    check_within("gelu", sweep(gelu, reference::gelu, in_ulps_of_normal, 499), 5.6);
    check_within("gelu", random_arguments(gelu, reference::gelu, in_ulps_of_normal), 4.0);
    const auto derivative = [](const Tensor& x) {
        const Tensor input = eps::detach(x).requires_grad_();
        return eps::grad(eps::sum(eps::gelu(input)), {input})[0];
    };
    const auto exact = reference::gelu_derivative;
    check_within("gelu'", sweep(derivative, exact, in_ulps_of_one, 499), 2.0);
    check_within("gelu'", random_arguments(derivative, exact, in_ulps_of_one), 2.0);
}
