#pragma once
// The CPU kernels of a derivative table (tensor/contract/derivative_table.h): for each entry and
// dtype one plain counted loop over unit-stride pointers, which g++ vectorises. Operands that are
// strided, broadcast or of another dtype are first laid out in a tile that stays in L1.
#include <array>
#include <type_traits>
#include <utility>

#include "tensor/contract/derivative_table.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cpu {

/// Up to five operands of one entry: g, then the inputs. Those that it does not read are null.
template <class T> using Pointers = std::array<const T*, 5>;

/// The tensors of one call: out, g, then the inputs. Those that the entry does not read are null.
using Operands = std::array<const Tensor*, 6>;

/// out[i] = (g[i] *) d^I f(x0[i], ...) for n elements, where I is the index of entry `Number`. The
/// product is 0 where one factor is 0, whatever the other (tensor/contract/derivative_table.h).
template <class F, int Number, class T, class Out>
void run_entry(const F& f, Out* __restrict out, const Pointers<T>& p, std::int64_t n) {
    using Table = DerivativeTable<F>;
    static constexpr Entry entry = Table::entries[Number];
    constexpr auto reads = [](int j) { return (entry.reads >> j & 1u) != 0; };
    const F op = f;  // a local copy: the compiler sees that the stores to out cannot change it
    const T* __restrict g = p[0];
    const T* __restrict x0 = p[1];
    const T* __restrict x1 = p[2];
    const T* __restrict x2 = p[3];
    const T* __restrict x3 = p[4];
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) {
        formula::Args<T, Table::arity> a;
        a.x[0] = reads(0) ? x0[i] : T(0);
        if constexpr (Table::arity > 1) a.x[1] = reads(1) ? x1[i] : T(0);
        if constexpr (Table::arity > 2) a.x[2] = reads(2) ? x2[i] : T(0);
        if constexpr (Table::arity > 3) a.x[3] = reads(3) ? x3[i] : T(0);
        const auto y = formula::unpack<entry.index>([&]<int... I>() __attribute__((always_inline)) {
            return formula::Derivative<I...>::at(op, a);
        });
        if constexpr (entry.index.order > 0)
            out[i] = static_cast<Out>(math::mul_no_nan(g[i], y));
        else
            out[i] = static_cast<Out>(y);
    }
}

template <class T, class Out>
using EntryFunction = void (*)(const void* f, Out* out, const Pointers<T>& p, std::int64_t n);

/// Visits the whole output with the loop of one entry. It is compiled once for all ops, in
/// cpu/pointwise/entries.cpp: an op of another project brings its own entries and nothing else.
template <class T, class Out>
void run_loop(const void* f, EntryFunction<T, Out> run, const Operands& operands);

/// The loop of one entry; null for entries known to be zero or one, which are never launched.
template <class F, class T, class Out, std::size_t Number>
constexpr EntryFunction<T, Out> entry_function() {
    if constexpr (Number > 0 && DerivativeTable<F>::entries[Number].kind != Entry::Kind::other)
        return nullptr;
    else
        return [](const void* f, Out* out, const Pointers<T>& p, std::int64_t n) {
            run_entry<F, static_cast<int>(Number), T, Out>(*static_cast<const F*>(f), out, p, n);
        };
}

template <class F, class T, class Out, std::size_t... Number>
void dispatch_entry(const void* attributes, int entry, const Operands& operands,
                    std::index_sequence<Number...>) {
    static constexpr std::array<EntryFunction<T, Out>, sizeof...(Number)> functions{
        entry_function<F, T, Out, Number>()...};
    run_loop<T, Out>(attributes, functions[static_cast<std::size_t>(entry)], operands);
}

/// Computes in T. Integers have the forward entry only.
template <class F, class T>
void run_typed(const void* attributes, int entry, const Operands& operands) {
    using Out = std::conditional_t<formula::kind_of<F>() == PointwiseKind::predicate, bool, T>;
    constexpr std::size_t count =
        std::is_floating_point_v<T> ? DerivativeTable<F>::entries.size() : 1;
    dispatch_entry<F, T, Out>(attributes, entry, operands, std::make_index_sequence<count>());
}

template <class F> void pointwise(const void* attributes, int number, const PointwiseArgs& args) {
    using Table = DerivativeTable<F>;
    constexpr PointwiseKind kind = formula::kind_of<F>();
    const Entry& entry = Table::entries[static_cast<std::size_t>(number)];
    Operands operands{&args.out, args.g.defined() ? &args.g : nullptr};
    DType dtype = kind == PointwiseKind::predicate ? DType::boolean : args.out.dtype();
    for (int j = 0; j < Table::arity; ++j) {
        if (!(entry.reads >> j & 1u)) continue;
        operands[static_cast<std::size_t>(j + 2)] = &args.inputs[j];
        if (kind == PointwiseKind::predicate) dtype = promote(dtype, args.inputs[j].dtype());
    }
    if (dtype == DType::f32) return run_typed<F, float>(attributes, number, operands);
    if (dtype == DType::f64) return run_typed<F, double>(attributes, number, operands);
    if constexpr (kind != PointwiseKind::floating) {
        if (dtype == DType::i64) return run_typed<F, std::int64_t>(attributes, number, operands);
        return run_typed<F, std::uint8_t>(attributes, number, operands);
    }
}

template <class F> PointwiseKernels pointwise_kernels() {
    if constexpr (formula::has_derivative_from_output<F>)
        return {pointwise<F>, pointwise<DerivativeFromOutput<F>>};
    else
        return {pointwise<F>, nullptr};
}

}  // namespace eps::kernels::cpu
