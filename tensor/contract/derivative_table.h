#pragma once
// How a pointwise op gets its derivatives: the life of silu, from its formula to backward of
// backward.
//
// 1. The formula (tensor/formulas/activations.h) is all that is written by hand, but for a line in
//    tensor/formulas/list.h:
//
//        /// x sigmoid(x)   (Elfwing et al. 2017)
//        struct Silu {
//            template <class T> EPS_HD constexpr T f(T x) const { return x * sigmoid(x); }
//        };
//
// 2. f(float) computes the value.
//
// 3. f(Dual) computes the derivative (tensor/scalar/dual.h). Seeded with x + 1 e, where e * e = 0,
//    and with s = sigmoid(x), the rules for `sigmoid` and `*` give
//
//        sigmoid(x + 1 e)        = s + s (1 - s) e
//        (x + 1 e) * that number = x s + (s + x s (1 - s)) e
//
//    whose second part is silu'(x). Nested once more, f(Dual<Dual<float>>) gives silu''(x).
//    Derivative<0>::at(Silu{}, {x}) and Derivative<0, 0>::at(Silu{}, {x}) below do just that.
//
// 4. f(Trace) says what a derivative reads (tensor/scalar/trace.h). A Trace has no value, but knows
//    which inputs it came from, and whether it is surely 0 or surely 1. DerivativeTable<Silu>
//    evaluates every derivative on it, at compile time.
//
// 5. The derivative table is the result. An entry is g * d^I f(x...) for one multi-index I, and the
//    forward is the entry of the empty one:
//
//        number  index      value        reads  kind
//        0       {}         f(x)         x      other
//        1       {0}        g f'(x)      x      other
//        2       {0, 0}     g f''(x)     x      other
//        3       {0, 0, 0}  g f'''(x)    x      other
//
//    Of mul(a, b) = a b the entries are {}: a b, {0}: b (which reads b only), {1}: a,
//    {0, 0}: zero, {0, 1}: one, {1, 1}: zero, and of third order nothing but zeros. An entry that
//    is zero or one has no kernel and is never launched.
//
// 6. The kernels. kernels::cpu::run_entry<Silu, 1, float, float> (cpu/pointwise/entries.h) is the
//    loop out[i] = g[i] * f'(x[i]); cuda/pointwise/entries.cuh has its twin. Here and in 9 the
//    product is mul_no_nan(): it is 0 where g or the derivative is exactly 0, even if the other is
//    infinite or NaN. So sqrt(where(x > 0, x, 0)) has gradient 0 at x = 0, where the chain rule
//    says inf * 0: nothing flows along a branch that was not taken, at any order.
//
// 7. The forward call. silu(x) is pointwise(op, ..., {x}) in autograd/record_pointwise.cpp. run()
//    checks x and allocates the result, launch() calls the kernel of entry 0, and record() makes a
//    PointwiseNode<1>. The node keeps the op's attributes, the number of its entry (0) and x, since
//    entry 1 reads x (PointwiseNode::needed_inputs).
//
// 8. The backward call. PointwiseNode::backward(h), with h the gradient of the result, asks for the
//    entry of one derivative more, which is entry 1, and vjp() launches it: h f'(x).
//
// 9. Backward of backward. Where gradients are recorded (create_graph), vjp() records a node for
//    entry 1 itself, whose inputs are (g, x). Its two derivatives are entries of the same table:
//
//        d/dg   (g * d^I f) h  =  h * d^I f
//        d/dx_j (g * d^I f) h  =  (h g) * d^(I + j) f
//
//    so no order needs new code. max_order_of() says where the table ends, and a derivative beyond
//    it throws.
//
// A formula may also have derivative_from_output(y), which is f'(x) computed from y = f(x); that of
// sigmoid is y (1 - y). The node then saves y, which is needed anyway, in place of x, and its
// backward is the op DerivativeFromOutput<F> of (g, y), which has a derivative table itself.
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "tensor/contract/pointwise_descriptor.h"
#include "tensor/scalar/dual.h"
#include "tensor/scalar/trace.h"

namespace eps {

/// Bases by which a formula says its kind: `struct Add : Numeric`. Without one it is floating.
struct Numeric {
    static constexpr auto kind = PointwiseKind::numeric;
};
struct Predicate {
    static constexpr auto kind = PointwiseKind::predicate;
};

// What can be said of the struct F of a formula.
namespace formula {

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

/// The number of parameters of F's f.
template <class F> constexpr int arity_of() {
    using math::Trace;
    if constexpr (requires(const F& f, Trace t) { f.f(t); })
        return 1;
    else if constexpr (requires(const F& f, Trace t) { f.f(t, t); })
        return 2;
    else if constexpr (requires(const F& f, Trace t) { f.f(t, t, t); })
        return 3;
    else if constexpr (requires(const F& f, Trace t) { f.f(t, t, t, t); })
        return 4;
    else
        return 0;
}

/// 3, and 2 from three inputs on: the number of entries grows as binomial(arity + order, order).
template <class F> constexpr int max_order_of() {
    if (kind_of<F>() == PointwiseKind::predicate) return 0;
    return arity_of<F>() >= 3 ? 2 : 3;
}

/// The inputs of F, all of one number type.
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

/// Derivative<I...>::at(f, a) is d^{I...} f(a). Each index wraps the arguments in one more Dual,
/// seeded at that input.
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

/// The number of multi-indices up to an order: binomial(arity + order, order).
constexpr std::size_t count_up_to(int arity, int order) {
    int count = 1;
    for (int i = 1; i <= order; ++i) count = count * (arity + i) / i;
    return static_cast<std::size_t>(count);
}

/// All multi-indices of `Arity` inputs up to `Order`, by order, then lexicographically.
template <int Arity, int Order> constexpr auto multi_indices() {
    std::array<MultiIndex, count_up_to(Arity, Order)> indices{};
    std::size_t count = 1;
    for (std::size_t from = 0; from < count; ++from) {
        const MultiIndex index = indices[from];
        if (index.order == Order) continue;
        const int last =
            index.order > 0 ? index.inputs[static_cast<std::size_t>(index.order - 1)] : 0;
        for (int input = last; input < Arity; ++input) indices[count++] = index.plus(input);
    }
    return indices;
}

}  // namespace formula

/// The derivative table of the formula F: DerivativeTable<Silu>::entries[1] is that of silu'.
template <class F> struct DerivativeTable {
    static constexpr int arity = formula::arity_of<F>();
    static_assert(
        arity > 0,
        "a formula is a member `template <class T> EPS_HD constexpr T f(T x) const`, with "
        "one to four parameters of type T");
    static constexpr auto indices = formula::multi_indices<arity, formula::max_order_of<F>()>();

    /// Entry `Number`: evaluates its derivative on one Trace for each input.
    template <std::size_t Number> static constexpr Entry make() {
        formula::Args<math::Trace, arity> a{};
        for (int j = 0; j < arity; ++j) a.x[j] = math::Trace(1u << j, math::Trace::Kind::other);
        const math::Trace value = formula::unpack<indices[Number]>([&]<int... I>() {
            return formula::Derivative<I...>::at(F{}, a);
        });
        return {indices[Number], value.inputs, static_cast<Entry::Kind>(value.kind)};
    }
    template <std::size_t... Number>
    static constexpr auto make_all(std::index_sequence<Number...>) {
        return std::array<Entry, sizeof...(Number)>{make<Number>()...};
    }
    static constexpr auto entries = make_all(std::make_index_sequence<indices.size()>());
};

/// The backward of a formula F that has derivative_from_output: (g, y) -> g f'(x(y)).
template <class F> struct DerivativeFromOutput {
    F of{};
    template <class T> EPS_HD constexpr T f(T g, T y) const {
        return math::mul_no_nan(g, of.derivative_from_output(y));
    }
};

}  // namespace eps
