#pragma once
// The units in which models learn a toy: centred, and of unit variance.
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "experiments/data/toy.h"

namespace eps::data {

/// 20000 points, the same in every run, which settle what does not depend on the seed.
inline Tensor reference_points(const Toy& toy) {
    Generator generator(1);
    return toy.sample(20000, generator);
}

class ToyUnits {
public:
    /// The units in which points [N, 2] have mean 0 and variance 1.
    explicit ToyUnits(const Tensor& points)
        : centre_(mean(points, {0})),
          deviation_(std::sqrt(mean(square(points - centre_)).item())) {}

    Tensor to_units(const Tensor& x) const {
        const NoGrad guard;
        return (x - centre_) / deviation_;
    }
    Tensor to_plane(const Tensor& x) const {
        const NoGrad guard;
        return x * deviation_ + centre_;
    }
    /// What -log p in the plane is more than -log p in these units.
    double log_area() const { return 2 * std::log(deviation_); }

private:
    Tensor centre_;
    double deviation_;
};

}  // namespace eps::data
