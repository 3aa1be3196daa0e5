#pragma once
// A number with its first and second derivative along one line: the reference for derivatives. The
// library differentiates backwards and by formulas of its own; this goes forward by the rules of
// a textbook and shares no code with it.
#include <cmath>
#include <numbers>

namespace eps::fuzz {

struct Jet {
    double value = 0, first = 0, second = 0;
};

inline Jet constant(double value) { return {value, 0, 0}; }
/// f(x), given f and its derivatives at x.value.
inline Jet chain_rule(Jet x, double f, double df, double ddf) {
    return {f, df * x.first, ddf * x.first * x.first + df * x.second};
}

inline Jet operator+(Jet a, Jet b) {
    return {a.value + b.value, a.first + b.first, a.second + b.second};
}
inline Jet operator-(Jet a) { return {-a.value, -a.first, -a.second}; }
inline Jet operator-(Jet a, Jet b) { return a + -b; }
inline Jet operator*(Jet a, Jet b) {
    return {a.value * b.value, a.first * b.value + a.value * b.first,
            a.second * b.value + 2 * a.first * b.first + a.value * b.second};
}
inline Jet operator*(double c, Jet a) { return {c * a.value, c * a.first, c * a.second}; }
inline Jet operator+(Jet a, double c) { return {a.value + c, a.first, a.second}; }

inline Jet power(Jet x, double p) {
    const double v = x.value;
    return chain_rule(x, std::pow(v, p), p * std::pow(v, p - 1), p * (p - 1) * std::pow(v, p - 2));
}
inline Jet inverse(Jet x) {
    const double r = 1 / x.value;
    return chain_rule(x, r, -r * r, 2 * r * r * r);
}
inline Jet operator/(Jet a, Jet b) { return a * inverse(b); }
inline Jet root(Jet x) { return power(x, 0.5); }
inline Jet exponential(Jet x) {
    const double e = std::exp(x.value);
    return chain_rule(x, e, e, e);
}
inline Jet logarithm(Jet x) {
    const double r = 1 / x.value;
    return chain_rule(x, std::log(x.value), r, -r * r);
}
inline Jet sine(Jet x) {
    const double s = std::sin(x.value);
    return chain_rule(x, s, std::cos(x.value), -s);
}
inline Jet cosine(Jet x) {
    const double c = std::cos(x.value);
    return chain_rule(x, c, -std::sin(x.value), -c);
}
inline Jet arc_tangent(Jet x) {
    const double r = 1 / (1 + x.value * x.value);
    return chain_rule(x, std::atan(x.value), r, -2 * x.value * r * r);
}
inline Jet error_function(Jet x) {
    const double v = x.value, d = 2 * std::numbers::inv_sqrtpi * std::exp(-v * v);
    return chain_rule(x, std::erf(v), d, -2 * v * d);
}
inline Jet logistic(Jet x) { return inverse(exponential(-x) + 1); }
inline Jet hyperbolic_tangent(Jet x) { return 2 * logistic(2 * x) + -1; }
inline Jet log_one_plus_exp(Jet x) { return logarithm(exponential(x) + 1); }

}  // namespace eps::fuzz
