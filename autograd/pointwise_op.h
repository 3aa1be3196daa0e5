#pragma once
// From a struct with a formula to an op: `pointwise(Silu{}, x)`. It makes the ops of
// tensor/formulas/list.h, in autograd/ops/elementwise/pointwise_functions.cpp, and those of your
// own project (docs/adding-an-op.md):
//
//     struct Ricker {
//         static constexpr const char* name = "ricker";
//         template <class T> EPS_HD constexpr T f(T x) const { ... }
//     };
//     Tensor ricker(const Tensor& x) { return pointwise(Ricker{}, x); }
//
// A file that calls it also needs the CPU kernels of the op's derivative table, which
// cpu/pointwise/entries.h has. <varepsilon_op.h> includes both.
#include <concepts>
#include <span>
#include <string>

#include "autograd/op.h"
#include "autograd/record_pointwise.h"
#include "tensor/contract/derivative_table.h"
#include "tensor/contract/kernels.h"

namespace eps {
namespace detail {

template <class F>
PointwiseOp describe_op(const char* name, PointwiseKernel cpu_kernel, PointwiseKernel cuda_kernel,
                        const PointwiseOp* derivative_from_output) {
    static_assert(sizeof(F) <= kMaxAttributeBytes && std::is_trivially_copyable_v<F>,
                  "the attributes of a pointwise op are its data members, at most four doubles");
    static const F defaults{};
    return {.name = name,
            .arity = formula::arity_of<F>(),
            .kind = formula::kind_of<F>(),
            .max_order = formula::max_order_of<F>(),
            .entries = DerivativeTable<F>::entries,
            .attribute_bytes = std::is_empty_v<F> ? 0 : sizeof(F),
            .default_attributes = &defaults,
            .cpu_kernel = cpu_kernel,
            .cuda_kernel = cuda_kernel,
            .derivative_from_output = derivative_from_output};
}

template <class F> PointwiseOp make_op(const char* name) {
    const PointwiseKernels cpu = kernels::cpu::pointwise_kernels<F>();
    const PointwiseKernels cuda = kernels::cuda::pointwise_kernels<F>();
    if constexpr (formula::has_derivative_from_output<F>) {
        static const std::string backward_name = std::string(name) + "_backward";
        static const PointwiseOp backward =
            describe_op<DerivativeFromOutput<F>>(backward_name.c_str(), cpu.derivative_from_output,
                                                 cuda.derivative_from_output, nullptr);
        return describe_op<F>(name, cpu.table, cuda.table, &backward);
    } else {
        return describe_op<F>(name, cpu.table, cuda.table, nullptr);
    }
}

}  // namespace detail

template <class F> const PointwiseOp& pointwise_op() {
    static_assert(op_name<F> != nullptr,
                  "this op has no name: give it `static constexpr const char* name = \"...\";`");
    static const PointwiseOp op = detail::make_op<F>(op_name<F>);
    return op;
}

/// The op of struct F, whose data members are its attributes, applied to as many tensors as its f
/// has parameters.
template <class F, std::same_as<Tensor>... Inputs>
Tensor pointwise(const F& attributes, const Inputs&... inputs) {
    static_assert(sizeof...(Inputs) == DerivativeTable<F>::arity,
                  "pass as many tensors as the formula f has parameters");
    if constexpr (requires { attributes.problem(); }) {
        const char* const problem = attributes.problem();
        check(!problem, op_name<F>, problem);
    }
    if constexpr (sizeof...(Inputs) == 1) {
        // Most ops have one input: no second handle is made for it.
        return pointwise(pointwise_op<F>(), &attributes, std::span<const Tensor>(&inputs..., 1));
    } else {
        const Tensor list[] = {inputs...};
        return pointwise(pointwise_op<F>(), &attributes, list);
    }
}

}  // namespace eps
