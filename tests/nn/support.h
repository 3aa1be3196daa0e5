#pragma once
// What the tests of nn share: f64 tensors from numbers, and comparison of tensors with golden
// numbers.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tensor/create.h"
#include "tensor/tensor.h"

namespace nn_test {

inline eps::Tensor f64s(const std::vector<double>& values, const eps::Shape& shape) {
    return eps::tensor(values, shape, {.dtype = eps::f64});
}

/// make_nn_golden.py's spread(): fixed values of both signs.
inline std::vector<double> spread(std::size_t count, double phase) {
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(1.5 * std::sin(static_cast<double>(i) * 1.7 + phase));
    return out;
}
inline eps::Tensor spread(const eps::Shape& shape, double phase) {
    return f64s(spread(static_cast<std::size_t>(eps::numel(shape)), phase), shape);
}

/// The names of a state dict.
inline std::vector<std::string> names_of(const eps::NamedTensors& state) {
    std::vector<std::string> names;
    for (const auto& [name, x] : state) names.push_back(name);
    return names;
}

/// The largest |a - b|; infinite if the counts differ or a NaN is among them.
inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size()) return INFINITY;
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (std::isnan(a[i]) || std::isnan(b[i])) return INFINITY;
        worst = std::max(worst, std::abs(a[i] - b[i]));
    }
    return worst;
}
inline double distance(const eps::Tensor& a, const std::vector<double>& b) {
    return distance(a.to_vector(), b);
}
inline bool same_bits(const eps::Tensor& a, const eps::Tensor& b) {
    return a.shape() == b.shape() && a.to_vector() == b.to_vector();
}

/// The sentence of the Error that f throws; empty if it throws none.
template <class F> std::string error_of(F&& f) {
    try {
        f();
    } catch (const eps::Error& error) { return error.what(); }
    return {};
}
inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace nn_test
