// copy, fill and arange: the kernels that only move or make elements.
#include "cuda/runtime/context.h"
#include "cuda/runtime/strided.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/conversion.h"
#include "tensor/contract/kernels.h"
#include "tensor/contract/sequence.h"

namespace eps::kernels::cuda {
namespace {

// Each thread converts V neighbouring elements.
template <class To, class From, int V>
__global__ void __launch_bounds__(kBlock)
    copy_kernel(To* out, const From* src, const __grid_constant__ Strided<2> loop) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= loop.count) return;
    const auto at = loop.at(i);
    vector_at<V>(out + at.of[0]) = converted<To>(vector_at<V>(src + at.of[1]));
}

template <class To, class From, int V = 1>
void launch_copy(void* out, const void* src, const Loop<2>& loop) {
    in_32_bits(loop, Bases<2>(), [&](const Strided<2>& piece, const Bases<2>& base) {
        copy_kernel<To, From, V><<<blocks_for(piece.count), kBlock, 0, stream()>>>(
            static_cast<To*>(out) + base.of[0], static_cast<const From*>(src) + base.of[1], piece);
        check_launch("copy");
    });
}

// Converts as many neighbouring elements at a time as fill 16 bytes of the wider type.
template <class To, class From> void launch_convert(Tensor& out, const Tensor& src) {
    constexpr int V = 16 / static_cast<int>(std::max(sizeof(To), sizeof(From)));
    auto loop = plan_loop<2>({&out, &src});
    void* const to = out.raw_data();
    const void* const from = src.raw_data();
    const bool wide =
        is_aligned(to, V * sizeof(To)) && is_aligned(from, V * sizeof(From)) && in_vectors(loop, V);
    wide ? launch_copy<To, From, V>(to, from, loop) : launch_copy<To, From>(to, from, loop);
}

// Widens a loop over elements of `size` bytes to one over the largest words that the layout allows,
// 16 bytes at most, and returns their size. Rows of a channels-last image or of an attention head
// then take a quarter of the threads and of the index arithmetic.
std::size_t widen(Loop<2>& loop, std::size_t size, const void* out, const void* src) {
    const auto address =
        reinterpret_cast<std::uintptr_t>(out) | reinterpret_cast<std::uintptr_t>(src);
    if (loop.rank == 0 || loop.inner_stride(0) != 1 || loop.inner_stride(1) != 1) return size;
    const auto last = static_cast<std::size_t>(loop.rank - 1);
    while (size < 16) {
        bool even = address % (2 * size) == 0 && loop.sizes[last] % 2 == 0;
        for (std::size_t k = 0; k < 2; ++k)
            for (std::size_t d = 0; d < last; ++d) even = even && loop.strides[k][d] % 2 == 0;
        if (!even) break;
        loop.sizes[last] /= 2;
        for (std::size_t k = 0; k < 2; ++k)
            for (std::size_t d = 0; d < last; ++d) loop.strides[k][d] /= 2;
        size *= 2;
    }
    return size;
}

// Matrices whose rows are contiguous in out and whose columns are contiguous in src, as between
// row-major and channels-last images. They are copied through a tile in shared memory, so that both
// sides move whole cache lines. Its extra column spreads a warp's 32 reads of a column over 32
// banks.
struct Transposed {
    std::int64_t rows, columns, to_row, from_column, to_matrix, from_matrix;
    int matrices;
};
constexpr int kTile = 32, kTileRows = 8;
constexpr std::int64_t kMaxGrid = 65535;  // CUDA's limit of gridDim.y and gridDim.z

template <class T>
__global__ void __launch_bounds__(kTile* kTileRows)
    transpose_kernel(T* out, const T* src, const Transposed p) {
    __shared__ T tile[kTile][kTile + 1];
    const std::int64_t row = std::int64_t{blockIdx.x} * kTile;
    const std::int64_t column = std::int64_t{blockIdx.y} * kTile;
    out += blockIdx.z * p.to_matrix;
    src += blockIdx.z * p.from_matrix;
    for (int c = static_cast<int>(threadIdx.y); c < kTile; c += kTileRows)
        if (row + threadIdx.x < p.rows && column + c < p.columns)
            tile[c][threadIdx.x] = src[(column + c) * p.from_column + row + threadIdx.x];
    __syncthreads();
    for (int r = static_cast<int>(threadIdx.y); r < kTile; r += kTileRows)
        if (row + r < p.rows && column + threadIdx.x < p.columns)
            out[(row + r) * p.to_row + column + threadIdx.x] = tile[threadIdx.x][r];
}

// True if the loop transposes the last two of two or three dimensions, and they are large enough
// for tiles to pay; p describes them.
bool find_transposed(const Loop<2>& loop, Transposed& p) {
    if (loop.rank < 2 || loop.rank > 3 || loop.inner_stride(0) != 1) return false;
    const auto r = static_cast<std::size_t>(loop.rank - 2), c = r + 1;
    p = {loop.sizes[r], loop.sizes[c], loop.strides[0][r], loop.strides[1][c], 0, 0, 1};
    if (loop.rank == 3) {
        if (loop.sizes[0] > kMaxGrid) return false;
        p.matrices = static_cast<int>(loop.sizes[0]);
        p.to_matrix = loop.strides[0][0];
        p.from_matrix = loop.strides[1][0];
    }
    return loop.strides[1][r] == 1 && p.from_column > 1 && p.rows >= kTileRows &&
           p.columns >= kTileRows && p.columns <= kMaxGrid * kTile;
}

template <class T> void launch_transpose(void* out, const void* src, const Transposed& p) {
    const dim3 grid(blocks_for(p.rows, kTile), blocks_for(p.columns, kTile),
                    static_cast<unsigned>(p.matrices));
    transpose_kernel<<<grid, dim3(kTile, kTileRows), 0, stream()>>>(static_cast<T*>(out),
                                                                    static_cast<const T*>(src), p);
    check_launch("copy");
}

void copy_unconverted(Tensor& out, const Tensor& src) {
    auto loop = plan_loop<2>({&out, &src});
    void* const to = out.raw_data();
    const void* const from = src.raw_data();
    if (Transposed p; find_transposed(loop, p))
        return visit_words(out.dtype(), [&]<class T>() { launch_transpose<T>(to, from, p); });
    if (is_flat(loop, 0b11)) {
        const std::size_t bytes = static_cast<std::size_t>(out.numel()) * size_of(out.dtype());
        cuda_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream()), "copy");
        return;
    }
    switch (widen(loop, size_of(out.dtype()), to, from)) {
        case 1: return launch_copy<std::uint8_t, std::uint8_t>(to, from, loop);
        case 2: return launch_copy<std::uint16_t, std::uint16_t>(to, from, loop);
        case 4: return launch_copy<std::uint32_t, std::uint32_t>(to, from, loop);
        case 8: return launch_copy<std::uint64_t, std::uint64_t>(to, from, loop);
        default: return launch_copy<uint4, uint4>(to, from, loop);
    }
}

template <class T>
__global__ void __launch_bounds__(kBlock)
    fill_kernel(T* out, T value, const __grid_constant__ Strided<1> loop) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < loop.count) out[loop.at(i).of[0]] = value;
}

template <class T>
__global__ void __launch_bounds__(kBlock)
    arange_kernel(T* out, const ArithmeticSequence<T> element, std::int64_t n) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i < n) out[i] = element(i);
}

}  // namespace

void copy(Tensor& out, const Tensor& src) {
    if (out.numel() == 0) return;
    if (out.dtype() == src.dtype()) return copy_unconverted(out, src);
    copy_converted(out, src, [&]<class To, class From>(Tensor& to, const Tensor& from) {
        launch_convert<To, From>(to, from);
    });
}

void fill(Tensor& out, Number value) {
    if (out.numel() == 0) return;
    const auto loop = plan_loop<1>({&out});
    if (value.value == 0 && !std::signbit(value.value) && is_flat(loop, 0b1)) {
        cuda_check(
            cudaMemsetAsync(out.raw_data(), 0,
                            static_cast<std::size_t>(out.numel()) * size_of(out.dtype()), stream()),
            "fill");
        return;
    }
    visit_words(out.dtype(), [&]<class T>() {
        const auto element = static_cast<T>(word_of(out.dtype(), value));
        in_32_bits(loop, Bases<1>(), [&](const Strided<1>& piece, const Bases<1>& base) {
            fill_kernel<<<blocks_for(piece.count), kBlock, 0, stream()>>>(
                static_cast<T*>(out.raw_data()) + base.of[0], element, piece);
            check_launch("fill");
        });
    });
}

void arange(Tensor& out, double start, double step) {
    const std::int64_t n = out.numel();
    if (n == 0) return;
    visit(out.dtype(), [&]<class T>() {
        arange_kernel<<<blocks_for(n), kBlock, 0, stream()>>>(
            static_cast<T*>(out.raw_data()), ArithmeticSequence<T>(start, step), n);
        check_launch("arange");
    });
}

}  // namespace eps::kernels::cuda
