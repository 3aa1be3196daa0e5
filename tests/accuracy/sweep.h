#pragma once
// The errors of pointwise ops in f32 over the whole range of floats, in value and first
// derivatives, against the same formulas in f64.
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/contract/pointwise_descriptor.h"

namespace eps::test {

/// The largest error of a sweep in ULP, and the inputs where it is.
struct LargestError {
    double ulps = 0;
    std::string at = {};
};

/// The largest errors of one op's value, or of its first derivatives. Errors are counted in two
/// ways, because the relative error of a number near a zero of its formula says little:
/// `relative` is in ULP of the exact result r. `scaled` is in ULP of the largest of |r| and, for a
/// value, of min(1, |x|) for one input x and of all |x| for several, whose sum may cancel; for a
/// derivative, of |r| and 1, since that is the gradient it multiplies.
struct Accuracy {
    LargestError relative, scaled;
};

/// Sweep `samples` inputs (or tuples of them, of an op with several) of every exponent and sign:
/// all floats, for one input and 2^32 samples. Results that f32 cannot hold must be infinite.
Accuracy sweep_value(const PointwiseOp& op, std::int64_t samples);
Accuracy sweep_derivatives(const PointwiseOp& op, std::int64_t samples);

}  // namespace eps::test
