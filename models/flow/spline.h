#pragma once
// Monotone rational-quadratic splines   (Durkan et al. 2019, section 3.1 and appendix A).
#include "models/flow/elementwise.h"

namespace eps::models::flow {

struct SplineOptions {
    std::int64_t bins = 8;
    double bound = 3;                // outside [-bound, bound] the map is the identity
    double least_width = 1e-3;       // minimal width and height of a bin, as a share of 2 bound
    double least_derivative = 1e-3;  // minimal derivative at a knot
};

/// An increasing quotient of two quadratics in each of K bins. Derivatives are continuous, and 1 at
/// both ends, where the identity continues. 3 K - 1 parameters for each element: widths, heights,
/// and derivatives at the inner knots; all 0 gives the identity.
class RationalQuadratic final : public ElementwiseBijector {
public:
    explicit RationalQuadratic(const SplineOptions& options = {});
    std::int64_t parameters() const override { return 3 * options_.bins - 1; }
    Output forward(const Tensor& x, const Tensor& theta) const override;
    Output inverse(const Tensor& y, const Tensor& theta) const override;
    std::string name() const override { return "spline"; }

private:
    struct Bin;
    /// The bin that holds `value`, among the knots of y if `by_height`, else among those of x.
    Bin bin_of(const Tensor& value, const Tensor& theta, bool by_height) const;
    SplineOptions options_;
};

}  // namespace eps::models::flow
