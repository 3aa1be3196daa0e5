#pragma once
// From a struct with a formula to an op: `pointwise(Silu{}, x)`. The ops of tensor/formulas/list.h
// are made by this in autograd/ops/elementwise/pointwise_functions.cpp, and yours in a project of
// your own (docs/adding-an-op.md):
//
//     struct Ricker {
//         static constexpr const char* name = "ricker";
//         template <class T> EPS_HD constexpr T f(T x) const { ... }
//     };
//     Tensor ricker(const Tensor& x) { return pointwise(Ricker{}, x); }
//
// A file that calls it needs the rows of the op on the CPU, which cpu/pointwise/rows.h has;
// <varepsilon_op.h> includes both.
#include <concepts>
#include <span>
#include <string>

#include "autograd/op.h"
#include "autograd/record_pointwise.h"
#include "tensor/contract/kernels.h"

namespace eps {
namespace detail {

template <class F>
PointwiseOp describe_op(const char* name, PointwiseKernel cpu_kernel, PointwiseKernel cuda_kernel,
                        const PointwiseOp* slope) {
    static_assert(sizeof(F) <= kMaxAttributeBytes && std::is_trivially_copyable_v<F>,
                  "attributes are at most four numbers");
    static const F defaults{};
    return {name,
            family::arity_of<F>(),
            family::kind_of<F>(),
            family::max_order_of<F>(),
            family::Rows<F>::table,
            std::is_empty_v<F> ? 0 : sizeof(F),
            &defaults,
            cpu_kernel,
            cuda_kernel,
            slope};
}

template <class F> PointwiseOp make_op(const char* name) {
    const PointwiseKernels on_cpu = kernels::cpu::pointwise_kernels<F>(),
                           on_cuda = kernels::cuda::pointwise_kernels<F>();
    if constexpr (family::has_derivative_from_output<F>) {
        static const std::string slope_name = std::string(name) + "_backward";
        static const PointwiseOp slope = describe_op<family::DerivativeFromOutput<F>>(
            slope_name.c_str(), on_cpu.slope, on_cuda.slope, nullptr);
        return describe_op<F>(name, on_cpu.family, on_cuda.family, &slope);
    } else {
        return describe_op<F>(name, on_cpu.family, on_cuda.family, nullptr);
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
    static_assert(sizeof...(Inputs) == family::arity_of<F>(),
                  "as many tensors as f has parameters");
    if constexpr (sizeof...(Inputs) == 1) {
        // most ops: without another handle
        return pointwise(pointwise_op<F>(), &attributes, std::span<const Tensor>(&inputs..., 1));
    } else {
        const Tensor list[] = {inputs...};
        return pointwise(pointwise_op<F>(), &attributes, list);
    }
}

}  // namespace eps
