#pragma once
// The CPU body of the pointwise family. One plain counted loop per row and dtype, over unit-stride
// pointers, which g++ vectorises; whatever is strided, broadcast or of another dtype is first laid
// out in a tile that stays in L1.
#include <array>
#include <type_traits>
#include <utility>

#include "tensor/contract/kernels.h"

namespace eps::kernels::cpu {

/// Up to five operands of one row: g, then the inputs. Those the row does not read are null.
template <class T> using Pointers = std::array<const T*, 5>;

/// out[i] = (g[i] *) d^I f(x0[i], ...), n elements.
template <class F, int Row, class T, class Out>
void run_row(const F& f, Out* __restrict out, const Pointers<T>& p, std::int64_t n) {
    using R = family::Rows<F>;
    static constexpr Partial row = R::table[Row];
    constexpr auto reads = [](int j) { return (row.reads >> j & 1u) != 0; };
    const F op = f;  // a local copy: the compiler sees that the stores to out cannot change it
    const T* __restrict g = p[0];
    const T* __restrict x0 = p[1];
    const T* __restrict x1 = p[2];
    const T* __restrict x2 = p[3];
    const T* __restrict x3 = p[4];
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) {
        family::Args<T, R::arity> a;
        a.x[0] = reads(0) ? x0[i] : T(0);
        if constexpr (R::arity > 1) a.x[1] = reads(1) ? x1[i] : T(0);
        if constexpr (R::arity > 2) a.x[2] = reads(2) ? x2[i] : T(0);
        if constexpr (R::arity > 3) a.x[3] = reads(3) ? x3[i] : T(0);
        const auto y = family::unpack<row.index>([&]<int... I>() __attribute__((always_inline)) {
            return family::Derivative<I...>::at(op, a);
        });
        if constexpr (row.index.order > 0)
            out[i] = static_cast<Out>(g[i] * y);
        else
            out[i] = static_cast<Out>(y);
    }
}

template <class T, class Out>
using RowFunction = void (*)(const void* f, Out* out, const Pointers<T>& p, std::int64_t n);

/// Visits the whole output with one row function. Operands: 0 out, 1 g, 2.. inputs. In
/// cpu/pointwise.cpp, once for all ops: an op of another project brings its rows and nothing else.
template <class T, class Out>
void run_loop(const void* f, RowFunction<T, Out> run, const std::array<const Tensor*, 6>& operands);

// Rows known to be zero or one are never launched; they have no loop.
template <class F, class T, class Out, std::size_t Row>
constexpr RowFunction<T, Out> row_function() {
    if constexpr (Row > 0 && family::Rows<F>::table[Row].kind != Partial::Kind::other)
        return nullptr;
    else
        return [](const void* f, Out* out, const Pointers<T>& p, std::int64_t n) {
            run_row<F, static_cast<int>(Row), T, Out>(*static_cast<const F*>(f), out, p, n);
        };
}

template <class F, class T, class Out, std::size_t... Row>
void dispatch_row(const void* attributes, int row, const std::array<const Tensor*, 6>& operands,
                  std::index_sequence<Row...>) {
    static constexpr std::array<RowFunction<T, Out>, sizeof...(Row)> functions{
        row_function<F, T, Out, Row>()...};
    run_loop<T, Out>(attributes, functions[static_cast<std::size_t>(row)], operands);
}

// Integers have the forward row only.
template <class F, class T>
void run_typed(const void* attributes, int row, const std::array<const Tensor*, 6>& operands) {
    using Out = std::conditional_t<family::kind_of<F>() == PointwiseKind::predicate, bool, T>;
    constexpr std::size_t rows = std::is_floating_point_v<T> ? family::Rows<F>::table.size() : 1;
    dispatch_row<F, T, Out>(attributes, row, operands, std::make_index_sequence<rows>());
}

template <class F> void pointwise(const void* attributes, int row, const PointwiseArgs& args) {
    using R = family::Rows<F>;
    constexpr PointwiseKind kind = family::kind_of<F>();
    const Partial& partial = R::table[static_cast<std::size_t>(row)];
    std::array<const Tensor*, 6> operands{&args.out, args.g.defined() ? &args.g : nullptr};
    DType dtype = kind == PointwiseKind::predicate ? DType::boolean : args.out.dtype();
    for (int j = 0; j < R::arity; ++j) {
        if (!(partial.reads >> j & 1u)) continue;
        operands[static_cast<std::size_t>(j + 2)] = &args.inputs[j];
        if (kind == PointwiseKind::predicate) dtype = promote(dtype, args.inputs[j].dtype());
    }
    if (dtype == DType::f32) return run_typed<F, float>(attributes, row, operands);
    if (dtype == DType::f64) return run_typed<F, double>(attributes, row, operands);
    if constexpr (kind != PointwiseKind::floating) {
        if (dtype == DType::i64) return run_typed<F, std::int64_t>(attributes, row, operands);
        return run_typed<F, std::uint8_t>(attributes, row, operands);
    }
}

template <class F> PointwiseKernels pointwise_kernels() {
    if constexpr (family::has_derivative_from_output<F>)
        return {pointwise<F>, pointwise<family::DerivativeFromOutput<F>>};
    else
        return {pointwise<F>, nullptr};
}

}  // namespace eps::kernels::cpu
