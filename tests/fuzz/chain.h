#pragma once
// A random chain of ops, each beside its reference: values are compared after every op, first and
// second derivatives at the end.
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"
#include "tests/fuzz/draws.h"
#include "tests/fuzz/naive.h"

namespace eps::fuzz {

/// A tensor of the library and what it should be.
struct Operand {
    Tensor tensor;
    Naive naive;
};

/// A call of the library, and what it must do: give this value or throw an Error. `open`: the
/// reference does not say, because an input is close to where the function is not smooth, or
/// outside of its domain. The call must still not do anything worse than throw an Error.
struct Call {
    enum class Expected { value, error, open };
    Expected expected;
    Naive naive;
    std::function<Tensor()> run;
};
inline Call gives(Naive naive, std::function<Tensor()> run) {
    return {Call::Expected::value, std::move(naive), std::move(run)};
}
inline Call throws(std::function<Tensor()> run) {
    return {Call::Expected::error, {}, std::move(run)};
}
inline Call open(std::function<Tensor()> run) { return {Call::Expected::open, {}, std::move(run)}; }

class Chain {
public:
    explicit Chain(Draws& choices);

    /// Calls one op on the last result.
    void step();
    /// Compares derivatives of a weighted sum of the last result.
    void check_derivatives();

    // For ops:

    Draws& draws;
    const Operand& x() const { return operands_.back(); }
    /// A new leaf, in one of several layouts.
    Operand leaf(const Shape& shape, DType dtype, double low = -2, double high = 2);
    Operand leaf(const Shape& shape) { return leaf(shape, x().tensor.dtype()); }
    /// A new leaf, or at times something that may not fit: an earlier result or another dtype.
    Operand partner(const Shape& shape);
    /// A shape of at most `rank` dimensions.
    Shape shape(int rank, std::int64_t largest = 4);
    /// A position or a dimension for a rank: mostly in range, of either sign.
    std::int64_t dim(int rank) { return draws.between(-rank - 1, rank); }
    /// From here on an f32 takes part: comparisons are as loose as its rounding.
    void single() { single_ = true; }
    /// A tensor of indices, mostly below `end`, and the same as a reference.
    Operand indices(const Shape& shape, std::int64_t end);

private:
    void compare(const Tensor& y, const Naive& expected);
    void check(bool holds, const std::string& sentence) const;
    double tolerance(double scale) const;
    void check_second(const std::vector<Tensor>& gradients, double expected);

    struct Leaf {
        Tensor tensor;
        std::vector<double> tangent;
    };
    std::vector<Leaf> leaves_;
    std::vector<Operand> operands_;
    std::string trace_;
    double scale_ = 1;     // the largest number so far
    bool single_ = false;  // whether an f32 took part
};

struct NamedOp {
    const char* name;
    Call (*make)(Chain& chain);
};
// Each in the file of its name.
std::span<const NamedOp> unary_ops();
std::span<const NamedOp> binary_ops();
std::span<const NamedOp> reduction_ops();
std::span<const NamedOp> shape_ops();
std::span<const NamedOp> join_ops();
std::span<const NamedOp> index_ops();
std::span<const NamedOp> image_ops();
std::span<const NamedOp> network_ops();

}  // namespace eps::fuzz
