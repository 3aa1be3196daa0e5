#include "autograd/ops/image/resize.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/checker.h"

namespace eps {
namespace {

/// Products come before quotients, so that a whole coordinate comes out as one.
double coordinate(std::int64_t output, std::int64_t inputs, std::int64_t outputs,
                  const ResizeOptions& o) {
    const auto i = static_cast<double>(output);
    const auto n = static_cast<double>(inputs);
    const auto m = static_cast<double>(outputs);
    const auto unscaled = [&](double at) { return o.scale > 0 ? at / o.scale : at * n / m; };
    switch (o.coordinates) {
        case Coordinates::half_pixel: return unscaled(i + 0.5) - 0.5;
        case Coordinates::half_pixel_symmetric:
            return n / 2 * (1 - unscaled(m) / n) + unscaled(i + 0.5) - 0.5;
        case Coordinates::pytorch_half_pixel: return outputs > 1 ? unscaled(i + 0.5) - 0.5 : 0;
        case Coordinates::tf_half_pixel_for_nn: return unscaled(i + 0.5);
        case Coordinates::align_corners: return outputs > 1 ? i * (n - 1) / (m - 1) : 0;
        case Coordinates::asymmetric: return unscaled(i);
        case Coordinates::tf_crop_and_resize: break;
    }
    const double start = o.crop_start * (n - 1);
    const double end = o.crop_end * (n - 1);
    return outputs > 1 ? start + i * (end - start) / (m - 1) : (start + end) / 2;
}

std::int64_t rounded(double x, Rounding rounding) {
    switch (rounding) {
        case Rounding::floor: return static_cast<std::int64_t>(std::floor(x));
        case Rounding::ceil: return static_cast<std::int64_t>(std::ceil(x));
        case Rounding::prefer_floor: return static_cast<std::int64_t>(std::ceil(x - 0.5));
        case Rounding::prefer_ceil: break;
    }
    return static_cast<std::int64_t>(std::floor(x + 0.5));
}

/// A hat of radius 1, or the convolution kernel of Keys (1981, equation 15) of radius 2.
double weight_at(double distance, const ResizeOptions& o) {
    const double d = std::abs(distance);
    const double a = o.cubic;
    if (o.filter == Filter::linear) return std::max(0.0, 1 - d);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/// The filter of an antialiased reduction is wider, to see all of the inputs.
double widening_of(const ResizeOptions& o) {
    return o.antialias && o.scale > 0 && o.scale < 1 ? 1 / o.scale : 1;
}
double radius_of(const ResizeOptions& o) {
    return (o.filter == Filter::linear ? 1 : 2) * widening_of(o);
}

/// The row of the matrix for an output at coordinate x. Where the edge repeats, its weights are
/// added up.
void add_filter(CsrMatrix& matrix, double x, const ResizeOptions& o) {
    const double widening = widening_of(o), radius = radius_of(o);
    const bool excludes = o.exclude_outside;
    const double end = static_cast<double>(matrix.inputs - 1);
    const double low = std::floor(x - radius) + 1;
    const double high = std::ceil(x + radius) - 1;
    const auto first = static_cast<std::int64_t>(excludes ? std::max(low, 0.0) : low);
    const auto last = static_cast<std::int64_t>(excludes ? std::min(high, end) : high);
    const std::size_t begin = matrix.sources.size();
    double sum = 0;
    for (std::int64_t j = first; j <= last; ++j) {
        const std::int64_t source = std::clamp<std::int64_t>(j, 0, matrix.inputs - 1);
        const double weight = weight_at((static_cast<double>(j) - x) / widening, o);
        sum += weight;
        if (matrix.sources.size() > begin && matrix.sources.back() == source)
            matrix.weights.back() += weight;
        else
            matrix.add(source, weight);
    }
    if (excludes || widening > 1)  // else they add up to 1
        for (std::size_t t = begin; t < matrix.weights.size(); ++t) matrix.weights[t] /= sum;
}

void check_options(std::int64_t inputs, std::int64_t outputs, const ResizeOptions& options) {
    const Checker check("resize_matrix");
    constexpr std::int64_t limit = std::int64_t{1} << 31;
    check(inputs >= 1 && outputs >= 1 && inputs < limit && outputs < limit,
          "an extent is not positive, or beyond 2^31; got ", inputs, " to ", outputs);
    check(options.scale == 0 || (options.scale >= 1e-9 && options.scale <= 1e9),
          "the scale must be 1e-9 to 1e9, or 0 for outputs / inputs; got ", options.scale);
    check(std::abs(options.crop_start) < 1e6 && std::abs(options.crop_end) < 1e6,
          "the crop is not within reason; got ", options.crop_start, " to ", options.crop_end);
}

/// The most terms that the row of an output is made of: where an edge repeats, several are one
/// entry.
std::int64_t entries_of_row(std::int64_t inputs, const ResizeOptions& o) {
    if (o.filter == Filter::nearest) return 1;
    const auto within_radius = static_cast<std::int64_t>(2 * std::ceil(radius_of(o))) + 1;
    return o.exclude_outside ? std::min(within_radius, inputs) : within_radius;
}

constexpr double kFarthest = 1e15;  // coordinates are clamped, so that they convert to integers

}  // namespace

CsrMatrix resize_matrix(std::int64_t inputs, std::int64_t outputs, const ResizeOptions& options) {
    check_options(inputs, outputs, options);
    ResizeOptions o = options;
    if (o.antialias && o.scale == 0)
        o.scale = static_cast<double>(outputs) / static_cast<double>(inputs);
    const auto end = static_cast<double>(inputs - 1);
    CsrMatrix matrix("resize_matrix", inputs, outputs, Extent(outputs) * entries_of_row(inputs, o));
    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row()) {
        const double x = std::clamp(coordinate(i, inputs, outputs, options), -kFarthest, kFarthest);
        if (o.coordinates == Coordinates::tf_crop_and_resize && (x < 0 || x > end)) continue;
        if (o.filter == Filter::nearest)
            matrix.add(std::clamp<std::int64_t>(rounded(x, o.rounding), 0, inputs - 1));
        else
            add_filter(matrix, x, o);
    }
    return matrix;
}

}  // namespace eps
