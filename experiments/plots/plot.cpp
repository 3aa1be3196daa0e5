#include "experiments/plots/plot.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/create.h"

namespace eps::models {
namespace {

void check_window(const Window& window, const char* op) {
    const bool sound = std::isfinite(window.right - window.left) &&
                       std::isfinite(window.top - window.bottom) && window.left < window.right &&
                       window.bottom < window.top;
    check(sound, op, "got the window [", window.left, ", ", window.right, "] x [", window.bottom,
          ", ", window.top, "]; expected left < right and bottom < top");
}

// Linear light as an sRGB value.
// Source: IEC 61966-2-1.
float encoded(double light) {
    return static_cast<float>(light <= 0.0031308 ? 12.92 * light
                                                 : 1.055 * std::pow(light, 1 / 2.4) - 0.055);
}

// The perceptual coordinates Oklab as sRGB.
// Source: Ottosson 2020.
Colour from_oklab(double lightness, double a, double b) {
    const auto cube = [](double x) { return x * x * x; };
    const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
    const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
    const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
    return {encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
            encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
            encoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

// A helix in Oklab around the axis of grays: dark purple through blue and green to light yellow.
// Equal steps of t are equal distances, and lightness rises evenly, so the scale works in gray too.
// The chroma is the largest round number that stays within sRGB.
Colour scale(double t) {
    constexpr double kChroma = 0.1;
    const double lightness = 0.25 + 0.70 * t, hue = (330 - 230 * t) * std::numbers::pi / 180;
    return from_oklab(lightness, kChroma * std::cos(hue), kChroma * std::sin(hue));
}

void blend(float* pixel, const Colour& colour, double opacity) {
    for (std::size_t c = 0; c < 3; ++c)
        pixel[c] += static_cast<float>(opacity) * (colour[c] - pixel[c]);
}

void check_points(const Tensor& points, const char* op) {
    check(points.defined() && points.rank() == 2 && points.size(1) == 2 &&
              is_floating(points.dtype()),
          op, "got the points ", describe(points), "; expected f32 or f64 [N, 2]");
}

}  // namespace

Window window_around(const Tensor& points) {
    check_points(points, "window_around");
    const std::vector<double> coordinates = points.to_vector();
    check(!coordinates.empty(), "window_around", "got no points");
    double low[2] = {coordinates[0], coordinates[1]}, high[2] = {coordinates[0], coordinates[1]};
    for (std::size_t i = 0; i < coordinates.size(); ++i) {
        low[i % 2] = std::min(low[i % 2], coordinates[i]);
        high[i % 2] = std::max(high[i % 2], coordinates[i]);
    }
    const double x = (low[0] + high[0]) / 2, y = (low[1] + high[1]) / 2;
    const double half = 0.6 * std::max(high[0] - low[0], high[1] - low[1]);
    return {x - half, x + half, y - half, y + half};
}

Tensor pixel_points(const Window& window, std::int64_t height, std::int64_t width) {
    check_window(window, "pixel_points");
    check(height > 0 && width > 0, "pixel_points", "got ", height, " x ", width,
          "; expected at least one pixel");
    Tensor points = empty({height * width, 2});
    const double dx = (window.right - window.left) / static_cast<double>(width);
    const double dy = (window.top - window.bottom) / static_cast<double>(height);
    float* out = points.data<float>();
    for (std::int64_t row = 0; row < height; ++row)
        for (std::int64_t column = 0; column < width; ++column) {
            *out++ = static_cast<float>(window.left + dx * (static_cast<double>(column) + 0.5));
            *out++ = static_cast<float>(window.top - dy * (static_cast<double>(row) + 0.5));
        }
    return points;
}

Tensor heat_map(const Tensor& values, double low, double high) {
    check(values.defined() && values.rank() == 2 && is_floating(values.dtype()), "heat_map", "got ",
          describe(values), "; expected f32 or f64 [H, W]");
    check(low < high && std::isfinite(high - low), "heat_map", "got the limits ", low, " and ",
          high, "; expected low < high");
    Tensor picture = empty({values.size(0), values.size(1), 3});
    float* out = picture.data<float>();
    for (const double value : values.to_vector()) {
        const Colour colour = std::isnan(value)
                                  ? Colour{0.5f, 0.5f, 0.5f}
                                  : scale(std::clamp((value - low) / (high - low), 0.0, 1.0));
        out = std::copy(colour.begin(), colour.end(), out);
    }
    return picture;
}

void scatter(Tensor& picture, const Window& window, const Tensor& points, Colour colour,
             double radius, double opacity) {
    check_window(window, "scatter");
    check(picture.defined() && picture.rank() == 3 && picture.size(2) == 3 &&
              picture.dtype() == f32 && picture.is_contiguous(),
          "scatter", "got the picture ", describe(picture), "; expected f32 [H, W, 3], contiguous");
    check_points(points, "scatter");
    check(radius > 0 && std::isfinite(radius) && opacity >= 0 && opacity <= 1, "scatter",
          "got radius ", radius, " and opacity ", opacity,
          "; expected a radius > 0 and an opacity in [0, 1]");
    const std::int64_t height = picture.size(0), width = picture.size(1);
    const std::vector<double> coordinates = points.to_vector();
    for (std::size_t i = 0; i + 1 < coordinates.size(); i += 2) {
        // The dot in pixels; the centre of pixel (row, column) lies at (column, row).
        const double x = (coordinates[i] - window.left) / (window.right - window.left) *
                             static_cast<double>(width) -
                         0.5;
        const double y = (window.top - coordinates[i + 1]) / (window.top - window.bottom) *
                             static_cast<double>(height) -
                         0.5;
        const bool inside = x >= -0.5 && x <= static_cast<double>(width) - 0.5 && y >= -0.5 &&
                            y <= static_cast<double>(height) - 0.5;
        if (!inside) continue;  // NaN is not inside
        const auto first = [radius](double at) {
            return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(at - radius)));
        };
        const auto last = [radius](double at, std::int64_t extent) {
            return static_cast<std::int64_t>(
                std::min(std::ceil(at + radius), static_cast<double>(extent - 1)));
        };
        for (std::int64_t row = first(y); row <= last(y, height); ++row)
            for (std::int64_t column = first(x); column <= last(x, width); ++column) {
                const double distance =
                    std::hypot(static_cast<double>(column) - x, static_cast<double>(row) - y);
                // The edge is one pixel wide.
                const double cover = std::clamp(radius + 0.5 - distance, 0.0, 1.0);
                if (cover > 0)
                    blend(picture.data<float>() + (row * width + column) * 3, colour,
                          opacity * cover);
            }
    }
}

}  // namespace eps::models
