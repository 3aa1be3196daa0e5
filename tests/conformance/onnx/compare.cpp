#include "tests/conformance/onnx/compare.h"

#include <cmath>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/error.h"

namespace eps::conformance {
namespace {

// The index of element i in row-major order: "[0, 2]".
std::string index_text(std::int64_t i, const Shape& shape) {
    Dims at = shape;
    for (int d = shape.rank() - 1; d >= 0; --d) {
        at[d] = i % shape[d];
        i /= shape[d];
    }
    return at.to_string();
}

bool is_near(double got, double expected, const Tolerance& tolerance) {
    if (std::isnan(expected)) return std::isnan(got);
    return std::isfinite(expected) &&
           std::abs(got - expected) <= tolerance.absolute + tolerance.relative * std::abs(expected);
}

template <class T>
std::string first_difference(const Tensor& got, const Tensor& expected,
                             const Tolerance& tolerance) {
    const Tensor a = contiguous(got), b = contiguous(expected);
    for (std::int64_t i = 0; i < a.numel(); ++i) {
        const T x = a.data<T>()[i], y = b.data<T>()[i];
        bool equal = x == y;
        if constexpr (std::is_floating_point_v<T>) equal = equal || is_near(x, y, tolerance);
        if (!equal) return str("element ", index_text(i, a.shape()), " is ", x, "; expected ", y);
    }
    return "";
}

std::string difference(const Tensor& got, const Tensor& expected, const Tolerance& tolerance) {
    if (!got.defined()) return "there is no tensor";
    if (got.dtype() == f32 && expected.dtype() == f16)  // computed in f32
        return difference(got, to(expected, f32), tolerance);
    if (got.dtype() != expected.dtype() || got.shape() != expected.shape())
        return str("is ", describe(got), "; expected ", describe(expected));
    if (is_storage_type(got.dtype())) return difference(to(got, f32), to(expected, f32), {0, 0});
    return visit(got.dtype(), [&]<class T>() -> std::string {
        if constexpr (is_stored_only<T>)
            return "";
        else
            return first_difference<T>(got, expected, tolerance);
    });
}

}  // namespace

std::string difference(const Value& got, const Value& expected, const Tolerance& tolerance) {
    if (got.sequence.has_value() != expected.sequence.has_value())
        return got.sequence ? "is a sequence; expected a tensor"
                            : "is a tensor; expected a sequence";
    if (!got.sequence) return difference(got.tensor, expected.tensor, tolerance);
    if (got.sequence->size() != expected.sequence->size())
        return str("is a sequence of ", got.sequence->size(), " tensors; expected ",
                   expected.sequence->size());
    for (std::size_t i = 0; i < got.sequence->size(); ++i)
        if (std::string what = difference((*got.sequence)[i], (*expected.sequence)[i], tolerance);
            !what.empty())
            return str("tensor ", i, " of the sequence: ", what);
    return "";
}

}  // namespace eps::conformance
