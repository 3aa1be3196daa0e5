#pragma once
// What the tests of the DDPM share.
#include <cmath>
#include <vector>

#include "models/ddpm/likelihood.h"
#include "models/ddpm/theory/oracle.h"
#include "models/ddpm/process.h"
#include "varepsilon.h"

namespace eps::models::ddpm::test {

inline Tensor column(const std::vector<double>& values) {
    return tensor(values, {static_cast<std::int64_t>(values.size()), 1}, {.dtype = f64});
}
inline Tensor whole(std::int64_t count, std::int64_t t) {
    return full({count}, static_cast<double>(t), {.dtype = i64});
}
inline Tensor normal(const Shape& shape, std::uint64_t seed) {
    Generator generator(seed);
    return randn(shape, {.dtype = f64}, generator);
}
inline double largest(const Tensor& x) { return max(abs(x)).item(); }

/// eps* of data N(0, I): sqrt(1 - alpha_bar) x.
inline Denoiser of_standard_normal(const Schedule& schedule) {
    return Denoiser([schedule](const Tensor& x, const Tensor& t) {
        return sqrt(1.0 - schedule.at(t, x).alpha_bar) * x;
    });
}
/// eps* of one point.
inline Denoiser of_point(const Schedule& schedule, double m) {
    return Denoiser([schedule, m](const Tensor& x, const Tensor& t) {
        const Tensor bar = schedule.at(t, x).alpha_bar;
        return (x - sqrt(bar) * m) / sqrt(1.0 - bar);
    });
}
/// A model that is linear in x and right about nothing.
inline Denoiser linear_model() {
    return Denoiser([](const Tensor& x, const Tensor& t) {
        return x * reshape(0.3 + 0.2 * cos(to(t, f64)), {t.numel(), 1}) + 0.1;
    });
}
/// Two bumps at -1 and 1.
inline GaussianMixture bimodal(double deviation) {
    return GaussianMixture::isotropic(column({-1, 1}), deviation * deviation);
}

}  // namespace eps::models::ddpm::test
