#pragma once
// The CUDA kernels of a derivative table (tensor/contract/derivative_table.h): two for each entry
// and dtype.
//
// vector_kernel   A thread moves 16 bytes of each operand that walks the innermost dimension
//                 element by element (32 where the result is bool), and one number of each operand
//                 that is broadcast along it. It exists for the forward and the first derivatives
//                 of types of at most 4 bytes, where it pays; the others fill the bus with one
//                 element a thread.
// strided_kernel  Takes any strides and broadcasts. A thread computes one element.
//
// An operand of another dtype is converted by the copy kernel first. Mixed dtypes are rare, and a
// switch at every load would cost compile time and registers in a thousand kernels.
#include "cuda/runtime/strided.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/derivative_table.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {

/// Operand 0 is out, 1 is g, the others are the inputs, as on the CPU. Those that the entry does
/// not read are null.
inline constexpr int kOperands = 6;
using Operands = std::array<const Tensor*, kOperands>;

struct StridedOperands {
    void* data[kOperands];
    Strided<kOperands> loop;  // over elements or, in vector_kernel, over vectors of them
    std::uint32_t repeated;   // bit k: operand k has one number for a whole vector
};

/// Elements of a thread of vector_kernel. Where the result is bool, which is a quarter of a float,
/// two words of each input keep more bytes in flight.
constexpr int vector_width(std::size_t in, std::size_t out) {
    return static_cast<int>((out < in ? 32 : 16) / in);
}

/// One entry as a device function of its operands' values. The product with g is 0 where one factor
/// is 0, whatever the other (tensor/contract/derivative_table.h).
template <class F, int Number, class T, class Out> struct EntryFunction {
    using Table = DerivativeTable<F>;
    static constexpr Entry entry = Table::entries[Number];
    static constexpr bool has_g = entry.index.order > 0;
    static constexpr bool reads(int operand) {
        return operand == 1 ? has_g : operand > 1 && (entry.reads >> (operand - 2) & 1u) != 0;
    }

    template <std::size_t... I>
    static __device__ auto derivative(const F& f, const formula::Args<T, Table::arity>& a,
                                      std::index_sequence<I...>) {
        return formula::Derivative<entry.index.inputs[I]...>::at(f, a);
    }
    /// x[k] is the value of operand k + 1.
    static __device__ Out at(const F& f, const T (&x)[kOperands - 1]) {
        formula::Args<T, Table::arity> a;
#pragma unroll
        for (int j = 0; j < Table::arity; ++j) a.x[j] = x[j + 1];
        const auto y = derivative(
            f, a, std::make_index_sequence<static_cast<std::size_t>(entry.index.order)>());
        if constexpr (has_g)
            return static_cast<Out>(math::mul_no_nan(x[0], y));
        else
            return static_cast<Out>(y);
    }
};

template <class F, int Number, class T, class Out>
__global__ void __launch_bounds__(256)
    vector_kernel(const F f, const __grid_constant__ StridedOperands p) {
    using Function = EntryFunction<F, Number, T, Out>;
    constexpr int W = vector_width(sizeof(T), sizeof(Out));
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= p.loop.count) return;
    const auto offsets = p.loop.at(i);
    Vector<T, W> in[kOperands - 1];
#pragma unroll
    for (int k = 1; k < kOperands; ++k) {
        if (!Function::reads(k)) continue;
        const T* const from = static_cast<const T*>(p.data[k]) + offsets.of[k];
        if (p.repeated >> k & 1u) {
            const T number = *from;
#pragma unroll
            for (int w = 0; w < W; ++w) in[k - 1].at[w] = number;
        } else {
            in[k - 1] = vector_at<W>(from);
        }
    }
    Vector<Out, W> out;
#pragma unroll
    for (int w = 0; w < W; ++w) {
        T x[kOperands - 1] = {};
#pragma unroll
        for (int k = 1; k < kOperands; ++k)
            if (Function::reads(k)) x[k - 1] = in[k - 1].at[w];
        out.at[w] = Function::at(f, x);
    }
    vector_at<W>(static_cast<Out*>(p.data[0]) + offsets.of[0]) = out;
}

template <class F, int Number, class T, class Out>
__global__ void __launch_bounds__(256)
    strided_kernel(const F f, const __grid_constant__ StridedOperands p) {
    using Function = EntryFunction<F, Number, T, Out>;
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= p.loop.count) return;
    const auto offsets = p.loop.at(i);
    T x[kOperands - 1] = {};
#pragma unroll
    for (int k = 1; k < kOperands; ++k)
        if (Function::reads(k)) x[k - 1] = static_cast<const T*>(p.data[k])[offsets.of[k]];
    static_cast<Out*>(p.data[0])[offsets.of[0]] = Function::at(f, x);
}

/// The kernels of one entry; null where there is none. Entries known to be zero or one are never
/// launched.
template <class F> struct EntryKernels {
    void (*vectors)(F, StridedOperands) = nullptr;
    void (*strided)(F, StridedOperands) = nullptr;
};

template <class F, int Number, class T, class Out> constexpr EntryKernels<F> entry_kernels() {
    constexpr Entry entry = DerivativeTable<F>::entries[Number];
    EntryKernels<F> kernels;
    if constexpr (Number == 0 || entry.kind == Entry::Kind::other) {
        kernels.strided = strided_kernel<F, Number, T, Out>;
        if constexpr (entry.index.order <= 1 && sizeof(T) <= 4)
            kernels.vectors = vector_kernel<F, Number, T, Out>;
    }
    return kernels;
}

/// Chooses one of the two kernels and launches it. `dtype` is that of the arithmetic. Defined in
/// cuda/pointwise/entries.cu, as it needs no template.
void launch_pointwise(const void* vectors, const void* strided, const void* attributes, DType dtype,
                      const Operands& operands);

template <class F, class T, class Out, std::size_t... Number>
void launch_entry(const void* attributes, int entry, const Operands& operands,
                  std::index_sequence<Number...>) {
    static constexpr EntryKernels<F> kernels[] = {
        entry_kernels<F, static_cast<int>(Number), T, Out>()...};
    launch_pointwise(reinterpret_cast<const void*>(kernels[entry].vectors),
                     reinterpret_cast<const void*>(kernels[entry].strided), attributes, dtype_of<T>,
                     operands);
}

/// Computes in T. Integers have the forward entry only.
template <class F, class T>
void launch_typed(const void* attributes, int entry, const Operands& operands) {
    using Out = std::conditional_t<formula::kind_of<F>() == PointwiseKind::predicate, bool, T>;
    constexpr std::size_t count =
        std::is_floating_point_v<T> ? DerivativeTable<F>::entries.size() : 1;
    launch_entry<F, T, Out>(attributes, entry, operands, std::make_index_sequence<count>());
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
    if (dtype == DType::f32) return launch_typed<F, float>(attributes, number, operands);
    if (dtype == DType::f64) return launch_typed<F, double>(attributes, number, operands);
    if constexpr (kind != PointwiseKind::floating) {
        if (dtype == DType::i64) return launch_typed<F, std::int64_t>(attributes, number, operands);
        return launch_typed<F, std::uint8_t>(attributes, number, operands);
    }
}

template <class F> PointwiseKernels pointwise_kernels() {
    if constexpr (formula::has_derivative_from_output<F>)
        return {pointwise<F>, pointwise<DerivativeFromOutput<F>>};
    else
        return {pointwise<F>, nullptr};
}

}  // namespace eps::kernels::cuda

/// The kernels of an op of your own: in a .cu file of yours, outside of namespaces.
#define EPS_CUDA_KERNELS(F) \
    template eps::PointwiseKernels eps::kernels::cuda::pointwise_kernels<F>();
