#include "models/flow/spline.h"

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/norm/softmax.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

Tensor edge_like(const Tensor& x, double value) { return full_like(narrow(x, 1, 0, 1), value); }

// Knots from -bound to bound [B, K + 1, n, ...], whose distances are proportional to
// softmax(raw), raw [B, K, n, ...].
Tensor knots_of(const Tensor& raw, const SplineOptions& options) {
    const Tensor share =
        options.least_width +
        (1 - options.least_width * static_cast<double>(options.bins)) * softmax(raw, 1);
    const Tensor inner =
        narrow(cumsum(share, 1), 1, 0, options.bins - 1) * (2 * options.bound) - options.bound;
    return concat({edge_like(raw, -options.bound), inner, edge_like(raw, options.bound)}, 1);
}

// The derivatives at the knots [B, K + 1, n, ...]; raw = 0 gives 1.
Tensor derivatives_of(const Tensor& raw, const Tensor& knots, const SplineOptions& options) {
    const Tensor end = edge_like(knots, 1);
    return concat({end,
                   softplus(raw + std::log(std::expm1(1 - options.least_derivative))) +
                       options.least_derivative,
                   end},
                  1);
}

}  // namespace

/// One bin for each element. All formulas are sums of terms that are not negative, so nothing
/// cancels however steep the spline is: eq. 4 to 8 of the paper, with 1 - 2 xi (1 - xi) =
/// xi^2 + (1 - xi)^2, and with the distances to both ends of the bin.
struct RationalQuadratic::Bin {
    Tensor inside;         // bool: |value| <= bound
    Tensor below, above;   // from the lower end of the bin to the value, and to the upper end
    Tensor x, y;           // the lower left corner
    Tensor width, height;  // the extents
    Tensor d0, d1;         // the derivatives at both ends
    Tensor slope;          // height / width

    // The denominator of eq. 4 at xi = 1 - rest.
    Tensor denominator(const Tensor& xi, const Tensor& rest) const {
        return slope * (square(xi) + square(rest)) + (d0 + d1) * (xi * rest);
    }
    Tensor log_derivative(const Tensor& xi, const Tensor& rest) const {  // eq. 5
        const Tensor numerator = d1 * square(xi) + 2.0 * slope * (xi * rest) + d0 * square(rest);
        return 2.0 * log(slope) + log(numerator) - 2.0 * log(denominator(xi, rest));
    }
    // The spline inside the box, and the identity, whose log-derivative is 0, outside.
    ElementwiseBijector::Output or_identity(const Tensor& value, const Tensor& spline,
                                            const Tensor& log_derivative) const {
        return {where(inside, spline, value),
                where(inside, log_derivative, Tensor(0.0, value.options()))};
    }
};

RationalQuadratic::RationalQuadratic(const SplineOptions& options) : options_(options) {
    check(options.bins >= 1, "spline", "needs at least one bin; got ", options.bins);
    check(options.bound > 0, "spline", "the bound must be positive; got ", options.bound);
    check(options.least_width > 0 && options.least_width * static_cast<double>(options.bins) < 1,
          "spline", "the least width must be in (0, 1 / bins); got ", options.least_width);
    check(options.least_derivative > 0 && options.least_derivative < 1, "spline",
          "the least derivative must be in (0, 1); got ", options.least_derivative);
}

RationalQuadratic::Bin RationalQuadratic::bin_of(const Tensor& value, const Tensor& theta,
                                                 bool by_height) const {
    const std::int64_t K = options_.bins;
    Shape extents = value.shape();
    extents.insert(1, parameters());
    const Tensor raw = reshape(theta, extents);  // [B, 3 K - 1, n, ...]
    const Tensor xs = knots_of(narrow(raw, 1, 0, K), options_);
    const Tensor ys = knots_of(narrow(raw, 1, K, K), options_);
    const Tensor derivatives = derivatives_of(narrow(raw, 1, 2 * K, K - 1), xs, options_);
    const Tensor inner = narrow(by_height ? ys : xs, 1, 1, K - 1);
    // The index of the bin: the number of inner knots up to `value` [B, 1, n, ...].
    const Tensor index = sum(unsqueeze(value, 1) >= inner, {1}, true);
    const auto at = [](const Tensor& table, const Tensor& i) {
        return squeeze(gather(table, 1, i), 1);
    };
    const Tensor next = index + 1.0;
    const Tensor x0 = at(xs, index), x1 = at(xs, next), y0 = at(ys, index), y1 = at(ys, next);
    const Tensor width = x1 - x0, height = y1 - y0;
    const Tensor clamped = clamp(value, {-options_.bound, options_.bound});
    return {.inside = abs(value) <= options_.bound,
            .below = clamped - (by_height ? y0 : x0),
            .above = (by_height ? y1 : x1) - clamped,
            .x = x0,
            .y = y0,
            .width = width,
            .height = height,
            .d0 = at(derivatives, index),
            .d1 = at(derivatives, next),
            .slope = height / width};
}

ElementwiseBijector::Output RationalQuadratic::forward(const Tensor& x, const Tensor& theta) const {
    const Bin bin = bin_of(x, theta, false);
    const Tensor xi = bin.below / bin.width, rest = bin.above / bin.width;
    const Tensor rise = bin.height * (bin.slope * square(xi) + bin.d0 * (xi * rest)) /
                        bin.denominator(xi, rest);  // eq. 4
    return bin.or_identity(x, bin.y + rise, bin.log_derivative(xi, rest));
}

// With r = below and t = above, eq. 6 to 8 have the discriminant e^2 + 4 slope^2 r t, where
// e = d0 t - d1 r, and xi : (1 - xi) = 2 slope r : e + sqrt(e^2 + 4 slope^2 r t).
ElementwiseBijector::Output RationalQuadratic::inverse(const Tensor& y, const Tensor& theta) const {
    const Bin bin = bin_of(y, theta, true);
    const Tensor e = bin.d0 * bin.above - bin.d1 * bin.below;
    const Tensor product = 4.0 * square(bin.slope) * bin.below * bin.above;
    const Tensor root = sqrt(square(e) + product);
    const Tensor left = 2.0 * bin.slope * bin.below;
    const Tensor right = where(e >= 0.0, e + root, product / (root - e));
    const Tensor xi = left / (left + right), rest = right / (left + right);
    return bin.or_identity(y, bin.x + xi * bin.width, -bin.log_derivative(xi, rest));
}

}  // namespace eps::models::flow
