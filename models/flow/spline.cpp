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

/// One bin for each element: its lower left corner, its extents, the derivatives at both ends, and
/// the slope of its diagonal.
struct RationalQuadratic::Bin {
    Tensor inside;  // bool: |value| <= bound
    Tensor x, y, width, height;
    Tensor d0, d1, slope;  // derivatives at the left and right knot; height / width
    Tensor bend() const { return d0 + d1 - 2.0 * slope; }
    Tensor log_derivative(const Tensor& xi) const {  // eq. 5
        const Tensor rest = 1.0 - xi, mixed = xi * rest;
        const Tensor above = d1 * square(xi) + 2.0 * slope * mixed + d0 * square(rest);
        return 2.0 * log(slope) + log(above) - 2.0 * log(slope + bend() * mixed);
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
    const Tensor next = index + 1.0, x0 = at(xs, index), y0 = at(ys, index);
    const Tensor width = at(xs, next) - x0, height = at(ys, next) - y0;
    return {abs(value) <= options_.bound,
            x0,
            y0,
            width,
            height,
            at(derivatives, index),
            at(derivatives, next),
            height / width};
}

ElementwiseBijector::Output RationalQuadratic::forward(const Tensor& x, const Tensor& theta) const {
    const Bin bin = bin_of(x, theta, false);
    const Tensor xi = (clamp(x, {-options_.bound, options_.bound}) - bin.x) / bin.width;
    const Tensor mixed = xi * (1.0 - xi);
    // eq. 4
    const Tensor rise =
        bin.height * (bin.slope * square(xi) + bin.d0 * mixed) / (bin.slope + bin.bend() * mixed);
    return bin.or_identity(x, bin.y + rise, bin.log_derivative(xi));
}

ElementwiseBijector::Output RationalQuadratic::inverse(const Tensor& y, const Tensor& theta) const {
    const Bin bin = bin_of(y, theta, true);
    const Tensor rise = clamp(y, {-options_.bound, options_.bound}) - bin.y;
    const Tensor bent = rise * bin.bend();
    // eq. 6 to 8
    const Tensor a = bin.height * (bin.slope - bin.d0) + bent, b = bin.height * bin.d0 - bent;
    const Tensor c = -(bin.slope * rise);
    // The form of the root without cancellation; relu guards against rounding below 0.
    const Tensor xi = -2.0 * c / (b + sqrt(relu(square(b) - 4.0 * a * c)));
    return bin.or_identity(y, bin.x + xi * bin.width, -bin.log_derivative(xi));
}

}  // namespace eps::models::flow
