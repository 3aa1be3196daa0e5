#pragma once
// The pointwise mechanism. A pointwise op is a struct with one templated scalar function:
//
//     /// silu(x) = x sigmoid(x)   (Elfwing et al. 2017)
//     struct Silu { template <class T> EPS_HD constexpr T f(T x) const { return x * sigmoid(x); }
//     };
//
// Everything else follows from it. The *family* of F holds g * d^I f(x...) for every multi-index I
// of input indices up to the order cap; I = {} without g is the forward. The family is closed under
// differentiation:
//
//     d/dg   (g * d^I f) = h * d^I f            d/dx_j (g * d^I f) = (h g) * d^(I+j) f
//
// so backward of backward needs no new code. Worked example for mul(a, b) = a b, rows of its
// family:
//     {}: a b     {0}: b (reads b only)     {1}: a     {0,0}: zero     {0,1}: one     {1,1}: zero
// Trace (math/trace.h) finds "reads", "zero" and "one" at compile time.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "tensor/scalar/dual.h"
#include "tensor/scalar/trace.h"
#include "tensor/tensor.h"

namespace eps {

/// What a pointwise op computes on and returns.
enum class PointwiseKind : std::uint8_t {
    floating,  // f32, f64; integers are converted to f32 first
    // any dtype that computes, computed and returned in the promoted dtype; attributes are doubles,
    // whole ones for integers
    numeric,
    predicate,  // any dtype that computes in, bool out; no derivative
};

/// A sorted multi-index: which inputs to differentiate by. {0, 0, 1} is d^3 f / dx0^2 dx1.
struct MultiIndex {
    std::array<std::int8_t, 3> inputs{};
    std::int8_t order = 0;
    constexpr MultiIndex plus(int input) const {  // requires order < 3
        MultiIndex out = *this;
        int at = order;
        for (; at > 0 && out.inputs[static_cast<std::size_t>(at - 1)] > input; --at)
            out.inputs[static_cast<std::size_t>(at)] = out.inputs[static_cast<std::size_t>(at - 1)];
        out.inputs[static_cast<std::size_t>(at)] = static_cast<std::int8_t>(input);
        ++out.order;
        return out;
    }
    // As one word: the search for a row compares many.
    friend constexpr bool operator==(const MultiIndex& a, const MultiIndex& b) {
        return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
    }
};

/// One row of a family.
struct Partial {
    enum class Kind : std::uint8_t { zero, one, other };
    MultiIndex index;
    std::uint32_t reads = 0;  // bit j: the value depends on input j
    Kind kind = Kind::other;
};

/// Operands of one kernel call: out, g (undefined in the forward), and the inputs; those the row
/// does not read may be undefined.
struct PointwiseArgs {
    Tensor& out;
    const Tensor& g;
    const Tensor* inputs;
};

/// One device's kernels of one op: its family, and that of DerivativeFromOutput<F> (null if it has
/// none).
using PointwiseKernel = void (*)(const void* attributes, int row, const PointwiseArgs& args);
struct PointwiseKernels {
    PointwiseKernel family;
    PointwiseKernel slope;
};

/// Everything the library knows about one pointwise op; one constant object an op.
struct PointwiseOp {
    const char* name;
    int arity;
    PointwiseKind kind;
    int max_order;                  // highest derivative instantiated; 0: not differentiable
    std::span<const Partial> rows;  // rows[0] is the forward
    std::size_t attribute_bytes;
    const void* default_attributes;  // an F{}, attribute_bytes long
    PointwiseKernel cpu_kernel;
    PointwiseKernel cuda_kernel;
    // (g, y) -> g f'(x), where the op says it is cheaper so; else null
    const PointwiseOp* derivative_from_output;

    /// The row of a multi-index, or -1 beyond max_order.
    int row_of(const MultiIndex& index) const {
        for (std::size_t r = 0; r < rows.size(); ++r)
            if (rows[r].index == index) return static_cast<int>(r);
        return -1;
    }
};

inline constexpr std::size_t kMaxAttributeBytes = 32;

namespace family {

template <class F>
concept has_kind = requires {
    F::kind;
};
template <class F>
concept has_derivative_from_output = requires(const F& f, float y) {
    f.derivative_from_output(y);
};

template <class F> constexpr PointwiseKind kind_of() {
    if constexpr (has_kind<F>)
        return F::kind;
    else
        return PointwiseKind::floating;
}

template <class F> constexpr int arity_of() {
    using math::Trace;
    if constexpr (requires(const F& f, Trace t) { f.f(t); })
        return 1;
    else if constexpr (requires(const F& f, Trace t) { f.f(t, t); })
        return 2;
    else if constexpr (requires(const F& f, Trace t) { f.f(t, t, t); })
        return 3;
    else
        return 4;
}

/// 3, and 2 from three inputs on: the number of rows grows as binomial(arity + order, order).
template <class F> constexpr int max_order_of() {
    return kind_of<F>() == PointwiseKind::predicate ? 0 : arity_of<F>() >= 3 ? 2 : 3;
}

constexpr int rows_up_to(int arity, int order) {  // binomial(arity + order, order)
    int count = 1;
    for (int i = 1; i <= order; ++i) count = count * (arity + i) / i;
    return count;
}

template <class T, int N> struct Args { T x[N]; };

template <class F, class T, int N, std::size_t... J>
EPS_HD constexpr auto evaluate(const F& f, const Args<T, N>& a, std::index_sequence<J...>) {
    return f.f(a.x[J]...);
}

/// A tangent of one or zero, known as such to Trace.
template <class T> struct Unit {
    static EPS_HD constexpr T of(bool one) { return T(one ? 1 : 0); }
};
template <> struct Unit<math::Trace> {
    static constexpr math::Trace of(bool one) {
        return {0, one ? math::Trace::Kind::one : math::Trace::Kind::zero};
    }
};
template <class T> struct Unit<math::Dual<T>> {
    static EPS_HD constexpr math::Dual<T> of(bool one) { return math::Dual<T>(Unit<T>::of(one)); }
};

/// d^{I...} f(a): each index wraps the arguments in one more Dual, seeded at that input.
template <int... I> struct Derivative {
    template <class F, class T, int N>
    static EPS_HD constexpr auto at(const F& f, const Args<T, N>& a) {
        return evaluate(f, a, std::make_index_sequence<N>());
    }
};
template <int First, int... Rest> struct Derivative<First, Rest...> {
    template <class T, int N, std::size_t... J>
    static EPS_HD constexpr Args<math::Dual<T>, N> seed(const Args<T, N>& a,
                                                        std::index_sequence<J...>) {
        return {{math::Dual<T>(a.x[J], Unit<T>::of(J == First), J == First)...}};
    }
    template <class F, class T, int N>
    static EPS_HD constexpr auto at(const F& f, const Args<T, N>& a) {
        const auto y = Derivative<Rest...>::at(f, seed(a, std::make_index_sequence<N>()));
        return y.active ? y.d : Unit<T>::of(false);
    }
};
/// All sorted multi-indices of `arity` inputs up to `order`, by order, then lexicographically.
template <int Arity, int Order> constexpr auto multi_indices() {
    std::array<MultiIndex, static_cast<std::size_t>(rows_up_to(Arity, Order))> rows{};
    std::size_t count = 1;
    for (std::size_t from = 0; from < count; ++from) {
        if (rows[from].order == Order) continue;
        const int last = rows[from].order
                             ? rows[from].inputs[static_cast<std::size_t>(rows[from].order - 1)]
                             : 0;
        for (int j = last; j < Arity; ++j) rows[count++] = rows[from].plus(j);
    }
    return rows;
}

/// Calls visitor.template operator()<I...>() for a compile-time multi-index.
template <MultiIndex M, class Visitor> constexpr decltype(auto) unpack(Visitor&& visitor) {
    if constexpr (M.order == 0)
        return visitor.template operator()<>();
    else if constexpr (M.order == 1)
        return visitor.template operator()<M.inputs[0]>();
    else if constexpr (M.order == 2)
        return visitor.template operator()<M.inputs[0], M.inputs[1]>();
    else
        return visitor.template operator()<M.inputs[0], M.inputs[1], M.inputs[2]>();
}

template <class F> struct Rows {
    static constexpr int arity = arity_of<F>();
    static constexpr auto indices = multi_indices<arity, max_order_of<F>()>();

    template <std::size_t Row> static constexpr Partial make() {
        Args<math::Trace, arity> a{};
        for (int j = 0; j < arity; ++j) a.x[j] = math::Trace(1u << j, math::Trace::Kind::other);
        const math::Trace t =
            unpack<indices[Row]>([&]<int... I>() { return Derivative<I...>::at(F{}, a); });
        return {indices[Row], t.inputs, static_cast<Partial::Kind>(t.kind)};
    }
    template <std::size_t... Row> static constexpr auto make_all(std::index_sequence<Row...>) {
        return std::array<Partial, sizeof...(Row)>{make<Row>()...};
    }
    static constexpr auto table = make_all(std::make_index_sequence<indices.size()>());
};

/// The backward of an F whose slope is cheaper from its output y: (g, y) -> g f'(x(y)), itself a
/// pointwise op with a family.
template <class F> struct DerivativeFromOutput {
    F of{};
    template <class T> EPS_HD constexpr T f(T g, T y) const {
        return g * of.derivative_from_output(y);
    }
};

}  // namespace family

}  // namespace eps
