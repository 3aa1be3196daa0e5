#pragma once
// Monotone rational-quadratic splines   (Durkan et al. 2019, section 3.1 and appendix A).
#include "models/flow/elementwise.h"

namespace eps::models::flow {

struct SplineOptions {
    std::int64_t bins = 8;
    double bound = 3;           // outside of [-bound, bound] the map is the identity
    double least_width = 1e-3;  // of a bin, and of its height, as a share of 2 bound
    double least_slope = 1e-3;  // at a knot
};

/// K bins between knots, in each a quotient of two quadratics that increases; derivatives are
/// continuous, and 1 at both ends, where the identity goes on. 3 K - 1 parameters an element:
/// widths, heights, and slopes at the inner knots. Parameters 0 give the identity.
class RationalQuadratic final : public ElementwiseBijector {
public:
    explicit RationalQuadratic(const SplineOptions& options = {});
    std::int64_t parameters() const override { return 3 * options_.bins - 1; }
    Output forward(const Tensor& x, const Tensor& theta) const override;
    Output inverse(const Tensor& y, const Tensor& theta) const override;
    std::string name() const override { return "spline"; }

private:
    struct Bin;
    /// The bin that `value` is in, by its place among the knots of x or of y.
    Bin bin_of(const Tensor& value, const Tensor& theta, bool by_height) const;
    SplineOptions options_;
};

}  // namespace eps::models::flow
