#pragma once
// What the engine and the kernels agree on about a pointwise op. The descriptor of an op, a
// PointwiseOp, is made from its formula at compile time (tensor/contract/derivative_table.h, which
// explains the mechanism by an example); this header knows no formula, and so costs little to
// include.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace eps {

class Tensor;

/// What a pointwise op computes on and returns.
enum class PointwiseKind : std::uint8_t {
    /// f32 and f64; integers are converted to f32 first.
    floating,
    /// Any dtype that computes. The result has the promoted dtype of the inputs. Attributes are
    /// doubles, and whole numbers where the inputs are integers.
    numeric,
    /// Any dtype that computes; the result is bool, and there is no derivative.
    predicate,
};

/// A sorted multi-index: which inputs to differentiate by. {0, 0, 1} is d^3 f / dx0^2 dx1.
struct MultiIndex {
    std::array<std::int8_t, 3> inputs{};
    std::int8_t order = 0;

    /// This index and `input`, for one more derivative. Requires order < 3.
    constexpr MultiIndex plus(int input) const {
        MultiIndex out = *this;
        int at = order;
        for (; at > 0 && out.inputs[static_cast<std::size_t>(at - 1)] > input; --at)
            out.inputs[static_cast<std::size_t>(at)] = out.inputs[static_cast<std::size_t>(at - 1)];
        out.inputs[static_cast<std::size_t>(at)] = static_cast<std::int8_t>(input);
        ++out.order;
        return out;
    }
    /// Compares both as one word: backward searches a table for an index.
    friend constexpr bool operator==(const MultiIndex& a, const MultiIndex& b) {
        return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
    }
};

/// One entry of a derivative table: g * d^index f(x...), or f(x...) itself where index is {}.
struct Entry {
    /// Whether d^index f is 0 or 1 wherever it is evaluated. Such an entry has no kernel.
    enum class Kind : std::uint8_t { zero, one, other };
    MultiIndex index;
    std::uint32_t reads = 0;  // bit j: the value depends on input j
    Kind kind = Kind::other;
};

/// The operands of one kernel call. g is undefined in the forward; inputs that the entry does not
/// read may be undefined.
struct PointwiseArgs {
    Tensor& out;
    const Tensor& g;
    const Tensor* inputs;
};

/// Computes one entry, given by its number in the table, on one device.
using PointwiseKernel = void (*)(const void* attributes, int entry, const PointwiseArgs& args);

/// One device's kernels of one op: for its own table, and for the table of
/// DerivativeFromOutput<F> (null if the formula has no derivative_from_output).
struct PointwiseKernels {
    PointwiseKernel table;
    PointwiseKernel derivative_from_output;
};

/// The most that the attributes of an op may take: four doubles.
inline constexpr std::size_t kMaxAttributeBytes = 32;

/// Everything the library knows about one pointwise op. There is one constant object an op.
struct PointwiseOp {
    const char* name;
    int arity;
    PointwiseKind kind;
    int max_order;                   // the highest derivative in the table; 0: not differentiable
    std::span<const Entry> entries;  // the derivative table; entries[0] is the forward
    std::size_t attribute_bytes;
    const void* default_attributes;  // an F{}, attribute_bytes long
    PointwiseKernel cpu_kernel;
    PointwiseKernel cuda_kernel;
    /// (g, y) -> g f'(x), an op of its own, where f' is cheaper from the output y; else null.
    const PointwiseOp* derivative_from_output;

    /// The number of the entry with this index, or -1 beyond max_order.
    int entry_of(const MultiIndex& index) const {
        for (std::size_t number = 0; number < entries.size(); ++number)
            if (entries[number].index == index) return static_cast<int>(number);
        return -1;
    }
};

}  // namespace eps
