#pragma once
// The CUDA body of the pointwise family: two kernels per row and type.
//
//   vectors  a thread moves 16 bytes of each operand that walks the innermost dimension element by
//   element (32 where the result is a
//            bool), and one number of each that stays where it is. For the forward and the first
//            derivatives of 4-byte and smaller types, where it pays; the others already fill the
//            bus with one element a thread.
//   strided  any strides and broadcasts: a thread computes one element.
//
// An operand of another dtype is converted by the copy kernel first: mixed dtypes are rare, and a
// switch at every load would be paid for in the compile time and the registers of some thousand
// kernels.
#include "cuda/runtime/strided.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {

/// Operand 0 is out, 1 is g, the others are the inputs, as in the CPU body. Those the row does not
/// read are null.
inline constexpr int kOperands = 6;

struct StridedOperands {
    void* data[kOperands];
    // over elements or, for the vector kernel, over vectors of the innermost dimension
    Strided<kOperands> loop;
    std::uint32_t repeated;  // bit k: operand k has one number for a whole vector
};

/// Elements of a thread of the vector kernel. A bool is a quarter of a float: two words of input
/// keep more bytes on their way.
constexpr int vector_width(std::size_t in, std::size_t out) {
    return static_cast<int>((out < in ? 32 : 16) / in);
}

/// One row as a device function of its operands' values.
template <class F, int Row, class T, class Out> struct RowFunction {
    using R = family::Rows<F>;
    static constexpr Partial row = R::table[Row];
    static constexpr bool has_g = row.index.order > 0;
    static constexpr bool reads(int operand) {
        return operand == 1 ? has_g : operand > 1 && (row.reads >> (operand - 2) & 1u) != 0;
    }

    template <std::size_t... I>
    static __device__ auto derivative(const F& f, const family::Args<T, R::arity>& a,
                                      std::index_sequence<I...>) {
        return family::Derivative<row.index.inputs[I]...>::at(f, a);
    }
    /// x[k] is the value of operand k + 1.
    static __device__ Out at(const F& f, const T (&x)[kOperands - 1]) {
        family::Args<T, R::arity> a;
#pragma unroll
        for (int j = 0; j < R::arity; ++j) a.x[j] = x[j + 1];
        const auto y =
            derivative(f, a, std::make_index_sequence<static_cast<std::size_t>(row.index.order)>());
        if constexpr (has_g)
            return static_cast<Out>(x[0] * y);
        else
            return static_cast<Out>(y);
    }
};

template <class F, int Row, class T, class Out>
__global__ void __launch_bounds__(256)
    vector_kernel(const F f, const __grid_constant__ StridedOperands p) {
    using Function = RowFunction<F, Row, T, Out>;
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

template <class F, int Row, class T, class Out>
__global__ void __launch_bounds__(256)
    strided_kernel(const F f, const __grid_constant__ StridedOperands p) {
    using Function = RowFunction<F, Row, T, Out>;
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= p.loop.count) return;
    const auto offsets = p.loop.at(i);
    T x[kOperands - 1] = {};
#pragma unroll
    for (int k = 1; k < kOperands; ++k)
        if (Function::reads(k)) x[k - 1] = static_cast<const T*>(p.data[k])[offsets.of[k]];
    static_cast<Out*>(p.data[0])[offsets.of[0]] = Function::at(f, x);
}

/// The kernels of one row, null where there is none: rows known to be zero or one are never
/// launched.
template <class F> struct RowKernels {
    void (*vectors)(F, StridedOperands) = nullptr;
    void (*strided)(F, StridedOperands) = nullptr;
};

template <class F, int Row, class T, class Out> constexpr RowKernels<F> row_kernels() {
    constexpr Partial row = family::Rows<F>::table[Row];
    RowKernels<F> kernels;
    if constexpr (Row == 0 || row.kind == Partial::Kind::other) {
        kernels.strided = strided_kernel<F, Row, T, Out>;
        if constexpr (row.index.order <= 1 && sizeof(T) <= 4)
            kernels.vectors = vector_kernel<F, Row, T, Out>;
    }
    return kernels;
}

/// Chooses and launches (cuda/pointwise/rows.cu: the part that needs no templates). `dtype` is that
/// of the arithmetic.
void launch_pointwise(const void* vectors, const void* strided, const void* attributes, DType dtype,
                      const std::array<const Tensor*, kOperands>& operands);

template <class F, class T, class Out, std::size_t... Row>
void launch_row(const void* attributes, int row,
                const std::array<const Tensor*, kOperands>& operands, std::index_sequence<Row...>) {
    static constexpr RowKernels<F> kernels[] = {row_kernels<F, static_cast<int>(Row), T, Out>()...};
    launch_pointwise(reinterpret_cast<const void*>(kernels[row].vectors),
                     reinterpret_cast<const void*>(kernels[row].strided), attributes, dtype_of<T>,
                     operands);
}

template <class F, class T>
void launch_typed(const void* attributes, int row,
                  const std::array<const Tensor*, kOperands>& operands) {
    using Out = std::conditional_t<family::kind_of<F>() == PointwiseKind::predicate, bool, T>;
    // integers have no derivatives
    constexpr std::size_t rows = std::is_floating_point_v<T> ? family::Rows<F>::table.size() : 1;
    launch_row<F, T, Out>(attributes, row, operands, std::make_index_sequence<rows>());
}

template <class F> void pointwise(const void* attributes, int row, const PointwiseArgs& args) {
    using R = family::Rows<F>;
    constexpr PointwiseKind kind = family::kind_of<F>();
    const Partial& partial = R::table[static_cast<std::size_t>(row)];
    std::array<const Tensor*, kOperands> operands{&args.out, args.g.defined() ? &args.g : nullptr};
    DType dtype = kind == PointwiseKind::predicate ? DType::boolean : args.out.dtype();
    for (int j = 0; j < R::arity; ++j) {
        if (!(partial.reads >> j & 1u)) continue;
        operands[static_cast<std::size_t>(j + 2)] = &args.inputs[j];
        if (kind == PointwiseKind::predicate) dtype = promote(dtype, args.inputs[j].dtype());
    }
    if (dtype == DType::f32) return launch_typed<F, float>(attributes, row, operands);
    if (dtype == DType::f64) return launch_typed<F, double>(attributes, row, operands);
    if constexpr (kind != PointwiseKind::floating) {
        if (dtype == DType::i64) return launch_typed<F, std::int64_t>(attributes, row, operands);
        return launch_typed<F, std::uint8_t>(attributes, row, operands);
    }
}

template <class F> PointwiseKernels pointwise_kernels() {
    if constexpr (family::has_derivative_from_output<F>)
        return {pointwise<F>, pointwise<family::DerivativeFromOutput<F>>};
    else
        return {pointwise<F>, nullptr};
}

}  // namespace eps::kernels::cuda

/// The kernels of an op of your own: in a .cu file of yours, outside of namespaces.
#define EPS_CUDA_KERNELS(F) \
    template eps::PointwiseKernels eps::kernels::cuda::pointwise_kernels<F>();
