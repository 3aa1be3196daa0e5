// Launching an entry of a derivative table: convert operands of another dtype, plan the loop, take
// vector_kernel where the layout allows.
#include "cuda/pointwise/entries.cuh"

#include "cuda/runtime/context.h"

namespace eps::kernels::cuda {
namespace {

// A bool is the byte 0 or 1: arithmetic on u8 reads it as it is.
bool same_bytes(DType a, DType b) {
    const auto plain = [](DType d) { return d == DType::boolean ? DType::u8 : d; };
    return plain(a) == plain(b);
}

// x in another dtype. Dimensions that are broadcast (stride 0) stay so and are not written out.
Tensor converted(const Tensor& x, DType dtype) {
    Shape shape = x.shape();
    for (int d = 0; d < x.rank(); ++d)
        if (x.strides()[d] == 0) shape[d] = 1;
    Tensor out = empty(shape, {dtype, x.device()});
    copy(out, x.as_strided(shape, x.strides(), x.offset()));
    return out;
}

// Turns a loop over elements into one over vectors of `width` elements of the innermost dimension
// and returns true; or returns false unless every operand is broadcast along this dimension or
// walks it element by element, from aligned vector to aligned vector. `sizes` are bytes of an
// element.
bool in_vectors(Loop<kOperands>& loop, std::int64_t width, const std::array<char*, kOperands>& data,
                const std::array<std::size_t, kOperands>& sizes, std::uint32_t& repeated) {
    if (loop.rank == 0 || loop.inner_size() % width != 0 || loop.inner_stride(0) != 1) return false;
    const auto last = static_cast<std::size_t>(loop.rank - 1);
    for (std::size_t k = 0; k < kOperands; ++k) {
        if (!data[k]) continue;
        if (loop.strides[k][last] == 0) {
            repeated |= 1u << k;
            continue;
        }
        if (loop.strides[k][last] != 1 ||
            !is_aligned(data[k], static_cast<std::size_t>(width) * sizes[k]))
            return false;
        for (std::size_t d = 0; d < last; ++d)
            if (loop.strides[k][d] % width != 0) return false;
    }
    loop.sizes[last] /= width;
    for (auto& strides : loop.strides) strides[last] *= width;
    return true;
}

void launch(const void* kernel, std::int64_t threads, const void* attributes,
            const void* operands) {
    // Attributes are the bytes of the op's struct, which is the kernel's first parameter; the
    // launch copies both.
    void* arguments[] = {const_cast<void*>(attributes), const_cast<void*>(operands)};
    cuda_check(
        cudaLaunchKernel(kernel, dim3(blocks_for(threads)), dim3(kBlock), arguments, 0, stream()),
        "pointwise");
}

}  // namespace

void launch_pointwise(const void* vectors, const void* strided, const void* attributes, DType dtype,
                      const Operands& operands) {
    const Tensor& out = *operands[0];
    if (out.numel() == 0) return;

    // Converted copies are freed on return: later kernels of the stream cannot overtake this one.
    std::array<Tensor, kOperands> owned;
    Operands same = operands;
    std::array<char*, kOperands> data{};
    std::array<std::size_t, kOperands> sizes{};
    for (std::size_t k = 0; k < kOperands; ++k) {
        if (!same[k]) continue;
        if (k > 0 && !same_bytes(same[k]->dtype(), dtype)) {
            owned[k] = converted(*same[k], dtype);
            same[k] = &owned[k];
        }
        data[k] = static_cast<char*>(same[k]->raw_data());
        sizes[k] = size_of(same[k]->dtype());
    }

    auto loop = plan_loop<kOperands>(same);
    std::uint32_t repeated = 0;
    const bool wide =
        vectors && in_vectors(loop, vector_width(size_of(dtype), sizes[0]), data, sizes, repeated);
    in_32_bits(loop, Bases<kOperands>(),
               [&](const Strided<kOperands>& piece, const Bases<kOperands>& base) {
                   StridedOperands p{{}, piece, repeated};
                   for (std::size_t k = 0; k < kOperands; ++k)
                       if (data[k])
                           p.data[k] = data[k] + base.of[k] * static_cast<std::int64_t>(sizes[k]);
                   launch(wide ? vectors : strided, piece.count, attributes, &p);
               });
}

}  // namespace eps::kernels::cuda
