// Launching a pointwise row: convert what has another dtype, plan the loop, take the flat kernel where the layout allows.
#include "cuda/pointwise.cuh"

#include "cuda/context.h"

namespace eps::kernels::cuda {
namespace {

// A bool is the byte 0 or 1: arithmetic on u8 reads it as it is.
bool same_bytes(DType a, DType b) {
    const auto plain = [](DType d) { return d == DType::boolean ? DType::u8 : d; };
    return plain(a) == plain(b);
}

// x in another dtype. Dimensions that are only repeated (stride 0) are left to broadcasting, not written out.
Tensor converted(const Tensor& x, DType dtype) {
    Shape shape = x.shape();
    for (int d = 0; d < x.rank(); ++d)
        if (x.strides()[d] == 0) shape[d] = 1;
    Tensor out = empty(shape, {dtype, x.device()});
    copy(out, x.as_strided(shape, x.strides(), x.offset()));
    return out;
}

bool aligned(const void* p, std::size_t bytes) { return reinterpret_cast<std::uintptr_t>(p) % bytes == 0; }

void launch(const void* kernel, std::int64_t threads, const void* attributes, const void* operands) {
    // Attributes are the bytes of the op's struct, which is the kernel's first parameter; the launch copies both.
    void* arguments[] = {const_cast<void*>(attributes), const_cast<void*>(operands)};
    cuda_check(cudaLaunchKernel(kernel, dim3(blocks_for(threads)), dim3(kBlock), arguments, 0, stream()), "pointwise");
}

}  // namespace

void launch_pointwise(const void* flat, const void* strided, const void* attributes, DType dtype,
                      const std::array<const Tensor*, kOperands>& operands) {
    const Tensor& out = *operands[0];
    if (out.numel() == 0) return;

    std::array<Tensor, kOperands> owned;  // freed on return: later kernels of the stream cannot overtake this one
    std::array<const Tensor*, kOperands> same = operands;
    std::array<char*, kOperands> data{};
    std::uint32_t used = 0;
    for (std::size_t k = 0; k < kOperands; ++k) {
        if (!same[k]) continue;
        if (k > 0 && !same_bytes(same[k]->dtype(), dtype)) {
            owned[k] = converted(*same[k], dtype);
            same[k] = &owned[k];
        }
        data[k] = static_cast<char*>(same[k]->raw_data());
        used |= 1u << k;
    }

    const std::size_t size = size_of(dtype), out_size = size_of(out.dtype());
    const auto width = static_cast<std::int64_t>(16 / size);
    const auto loop = plan_loop<kOperands>(same);
    bool vectors = flat && is_flat(loop, used) && out.numel() % width == 0 && aligned(data[0], out_size * static_cast<std::size_t>(width));
    for (std::size_t k = 1; vectors && k < kOperands; ++k) vectors = aligned(data[k], 16);
    if (vectors) {
        FlatOperands p{};
        for (std::size_t k = 0; k < kOperands; ++k) p.data[k] = data[k];
        p.count = out.numel();
        return launch(flat, p.count / width, attributes, &p);
    }
    in_32_bits(loop, Bases<kOperands>(), [&](const Strided<kOperands>& piece, const Bases<kOperands>& base) {
        StridedOperands p{{}, piece};
        for (std::size_t k = 0; k < kOperands; ++k)
            if (data[k]) p.data[k] = data[k] + base.of[k] * static_cast<std::int64_t>(k == 0 ? out_size : size);
        launch(strided, piece.count, attributes, &p);
    });
}

}  // namespace eps::kernels::cuda
