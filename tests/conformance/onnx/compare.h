#pragma once
// Compares a result with what was expected: dtype, shape, and every element.
#include <string>

#include "tests/conformance/onnx/op.h"

namespace eps::conformance {

/// How far a float may be from what is expected:
///     |got - expected| <= absolute + relative |expected|
/// NaN, infinities, integers and bools must be the same. These defaults hold for all cases but
/// those of rounded.txt; ONNX's own runner uses 1e-3 and 1e-7.
struct Tolerance {
    double relative = 5e-6, absolute = 5e-7;
};

/// Returns "" if they agree, else the first difference: "element [0, 2] is 1.5; expected 2".
std::string difference(const Value& got, const Value& expected, const Tolerance& tolerance = {});

}  // namespace eps::conformance
