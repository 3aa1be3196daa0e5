#include "experiments/plots/line_plot.h"

#include <algorithm>
#include <cmath>

#include "experiments/plots/plot.h"
#include "tensor/create.h"

namespace eps::models {
namespace {

constexpr Colour kAxis{0.2f, 0.2f, 0.2f}, kDecade{0.75f, 0.75f, 0.75f}, kCurve{0.1f, 0.3f, 0.8f};

bool shown(double y) { return y > 0 && std::isfinite(y); }

// A straight line as dots a third of a pixel apart.
void line(Tensor& picture, const Window& window, double x0, double y0, double x1, double y1,
          const Colour& colour, double radius) {
    const double dx =
        (x1 - x0) / (window.right - window.left) * static_cast<double>(picture.size(1));
    const double dy =
        (y1 - y0) / (window.top - window.bottom) * static_cast<double>(picture.size(0));
    const std::int64_t dots = 1 + static_cast<std::int64_t>(3 * std::hypot(dx, dy));
    std::vector<double> points;
    for (std::int64_t i = 0; i <= dots; ++i) {
        const double w = static_cast<double>(i) / static_cast<double>(dots);
        points.insert(points.end(), {x0 + w * (x1 - x0), y0 + w * (y1 - y0)});
    }
    scatter(picture, window, tensor(points, {dots + 1, 2}, {.dtype = f64}), colour, radius);
}

}  // namespace

Tensor line_plot(const std::vector<double>& x, const std::vector<double>& y, std::int64_t height,
                 std::int64_t width) {
    check(x.size() == y.size(), "line_plot", "got ", x.size(), " x and ", y.size(),
          " y; expected equally many");
    check(height > 0 && width > 0, "line_plot", "got ", height, " x ", width,
          "; expected at least one pixel");
    for (std::size_t i = 0; i < x.size(); ++i)
        check(std::isfinite(x[i]) && (i == 0 || x[i - 1] < x[i]), "line_plot",
              "x must ascend; got ", x[i], " as number ", i);
    Tensor picture = ones({height, width, 3});
    std::vector<double> logs;
    for (const double value : y)
        if (shown(value)) logs.push_back(std::log10(value));
    if (logs.empty()) return picture;
    const auto [low, high] = std::minmax_element(logs.begin(), logs.end());
    const double bottom = std::floor(*low), top = std::max(std::ceil(*high), bottom + 1);
    const double left = x.front(), right = x.back() > left ? x.back() : left + 1;
    const double beside = 0.05 * (right - left), above = 0.05 * (top - bottom);
    const Window window{left - beside, right + beside, bottom - above, top + above};
    for (int i = 1; i <= static_cast<int>(top - bottom); ++i)
        line(picture, window, left, bottom + i, right, bottom + i, kDecade, 0.5);
    line(picture, window, left, bottom, right, bottom, kAxis, 0.75);
    line(picture, window, left, bottom, left, top, kAxis, 0.75);
    for (std::size_t i = 1; i < x.size(); ++i)
        if (shown(y[i - 1]) && shown(y[i]))
            line(picture, window, x[i - 1], std::log10(y[i - 1]), x[i], std::log10(y[i]), kCurve,
                 1);
    return picture;
}

}  // namespace eps::models
