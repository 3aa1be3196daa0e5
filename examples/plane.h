#pragma once
// The data of gan.cpp, ddpm.cpp and flow.cpp: points in the plane, where one sees what a model has
// learned.
#include <varepsilon.h>

#include <cmath>
#include <iostream>
#include <numbers>

namespace plane {

/// Draws from eight narrow Gaussians on the unit circle -> [count, 2]
inline eps::Tensor ring(std::int64_t count) {
    const eps::Tensor angle = to(eps::randint(0, 8, {count}), eps::f32) * (std::numbers::pi / 4);
    return eps::stack({cos(angle), sin(angle)}, 1) + 0.05 * eps::randn({count, 2});
}

/// The energy distance 2 E|x - y| - E|x - x'| - E|y - y'| of two samples [n, 2]: 0 only where their
/// distributions are equal.
/// Source: Szekely & Rizzo 2013.
inline double energy_distance(const eps::Tensor& x, const eps::Tensor& y) {
    const auto distance = [](const eps::Tensor& a, const eps::Tensor& b) {
        return mean(norm(unsqueeze(a, 1) - unsqueeze(b, 0), 2, {2})).item();
    };
    return 2 * distance(x, y) - distance(x, x) - distance(y, y);
}

/// Prints how many points [n, 2] fall into each cell of the square [-1.5, 1.5]^2.
inline void print(const eps::Tensor& points) {
    constexpr int height = 19, width = 40;
    std::vector<int> counts(height * width);
    const std::vector<double> xy = points.to_vector();
    for (std::size_t i = 0; i < xy.size(); i += 2) {
        const double column = (xy[i] + 1.5) / 3 * width, row = (1.5 - xy[i + 1]) / 3 * height;
        if (column >= 0 && column < width && row >= 0 && row < height)
            ++counts[static_cast<std::size_t>(row) * width + static_cast<std::size_t>(column)];
    }
    for (std::size_t i = 0; i < counts.size(); ++i)
        std::cout << " .:+*#@"[std::min(6, (counts[i] + 4) / 5)]
                  << (i % width == width - 1 ? "\n" : "");
}

}  // namespace plane
