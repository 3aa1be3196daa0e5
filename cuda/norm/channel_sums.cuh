#pragma once
// Two sums over the pixels of every channel of every sample, in f64: normalisation needs them
// forward and backward. Neighbouring threads read neighbouring elements, whether channels or pixels
// are innermost in memory. The tree of additions depends on the shape alone.
#include <algorithm>
#include <bit>

#include "cuda/runtime/context.h"
#include "cuda/runtime/divisor.h"
#include "tensor/create.h"

namespace eps::kernels::cuda {

/// The layout of a dense x [B, C, S], whose pixels S or channels C are innermost in memory. It has
/// fewer than 2^31 elements.
struct ImageLayout {
    std::uint32_t samples, channels, pixels;
    bool channels_inner;
    Divisor by_channel, by_pixel;

    ImageLayout(std::int64_t b, std::int64_t c, std::int64_t s, bool inner)
        : samples(static_cast<std::uint32_t>(b)),
          channels(static_cast<std::uint32_t>(c)),
          pixels(static_cast<std::uint32_t>(s)),
          channels_inner(inner),
          by_channel(channels),
          by_pixel(pixels) {}

    /// The sample and the channel of the element at offset `at`.
    struct Element {
        std::uint32_t sample, channel;
    };
    EPS_HD Element element(std::uint32_t at) const {
        const std::uint32_t line = channels_inner ? by_channel.divide(at) : by_pixel.divide(at);
        const std::uint32_t sample =
            channels_inner ? by_pixel.divide(line) : by_channel.divide(line);
        return {sample, channels_inner ? at - line * channels : line - sample * channels};
    }
    /// The number of neighbouring elements that differ in pixel only, or in channel only.
    std::uint32_t run() const { return channels_inner ? channels : pixels; }
};

/// Thread layout and number of chunks of pixels, which depend on the shape alone. A block is some
/// channels by some lanes. Each lane adds up its share of a chunk.
struct ChannelSumsPlan {
    dim3 block;
    unsigned tiles;  // blocks across the channels of a sample, if those are innermost
    unsigned blocks, chunks;
    std::uint32_t chunk;  // pixels

    explicit ChannelSumsPlan(const ImageLayout& x) {
        constexpr std::uint32_t kEnoughBlocks = 512;  // a few for each multiprocessor
        constexpr std::uint32_t kMinSteps = 8;        // steps of a lane in a chunk
        const std::uint32_t width = std::min(std::bit_ceil(x.channels), 32u);
        const std::uint32_t length =
            std::clamp(std::bit_ceil(x.pixels) / 4, 1u, std::uint32_t{kBlock});
        block = x.channels_inner ? dim3(width, kBlock / width) : dim3(length, kBlock / length);
        tiles = blocks_for(x.channels, static_cast<int>(width));
        blocks = x.channels_inner
                     ? x.samples * tiles
                     : blocks_for(std::int64_t{x.samples} * x.channels, static_cast<int>(block.y));
        const std::uint32_t lanes = x.channels_inner ? block.y : block.x;
        const std::uint32_t wanted = (kEnoughBlocks + blocks - 1) / blocks;
        const std::uint32_t most = std::max(1u, x.pixels / (lanes * kMinSteps));
        chunk = (x.pixels + std::min(wanted, most) - 1) / std::min(wanted, most);
        chunks = (x.pixels + chunk - 1) / chunk;
    }
};

// sums [2, chunks, B, C]. Term::channel(b, c) computes what a channel's terms share;
// Term::add(channel, pixel, element, first, second) adds one term to both sums.
template <class Term, bool ChannelsInner>
__global__ void __launch_bounds__(kBlock)
    channel_sums_kernel(double* sums, const __grid_constant__ Term term,
                        const __grid_constant__ ImageLayout x, unsigned tiles,
                        std::uint32_t chunk) {
    const unsigned lane = ChannelsInner ? threadIdx.y : threadIdx.x;
    const unsigned lanes = ChannelsInner ? blockDim.y : blockDim.x;  // a power of two
    // the channel of this thread; a line is a channel of a sample
    const std::uint32_t lines = x.samples * x.channels;
    std::uint32_t line = blockIdx.x * blockDim.y + threadIdx.y;
    std::uint32_t sample = x.by_channel.divide(line);
    std::uint32_t channel = line - sample * x.channels;
    bool exists = line < lines;
    if (ChannelsInner) {
        sample = blockIdx.x / tiles;
        channel = (blockIdx.x - sample * tiles) * blockDim.x + threadIdx.x;
        line = sample * x.channels + channel;
        exists = channel < x.channels;
    }
    // the lane's share
    double first = 0, second = 0;
    if (exists) {
        const auto prepared = term.channel(sample, channel);
        const std::uint32_t end = min((blockIdx.y + 1) * chunk, x.pixels);
#pragma unroll 4
        for (std::uint32_t pixel = blockIdx.y * chunk + lane; pixel < end; pixel += lanes)
            term.add(prepared, pixel,
                     ChannelsInner ? (sample * x.pixels + pixel) * x.channels + channel
                                   : line * x.pixels + pixel,
                     first, second);
    }
    // over the lanes, in a tree
    __shared__ double memory[2][kBlock];
    const unsigned here = threadIdx.y * blockDim.x + threadIdx.x;
    const unsigned next = ChannelsInner ? blockDim.x : 1;  // distance to the next lane
    memory[0][here] = first;
    memory[1][here] = second;
    for (unsigned half = lanes / 2; half > 0; half /= 2) {
        __syncthreads();
        if (lane < half) {
            memory[0][here] += memory[0][here + half * next];
            memory[1][here] += memory[1][here + half * next];
        }
    }
    if (lane != 0 || !exists) return;
    sums[std::size_t{blockIdx.y} * lines + line] = memory[0][here];
    sums[(std::size_t{gridDim.y} + blockIdx.y) * lines + line] = memory[1][here];
}

/// The two sums, f64 [2, chunks, B C].
template <class Term>
Tensor channel_sums(const ImageLayout& x, const Term& term, Device device, const char* op) {
    const ChannelSumsPlan plan(x);
    const Tensor sums =
        empty({2, plan.chunks, std::int64_t{x.samples} * x.channels}, {f64, device});
    const auto kernel =
        x.channels_inner ? channel_sums_kernel<Term, true> : channel_sums_kernel<Term, false>;
    kernel<<<dim3(plan.blocks, plan.chunks), plan.block, 0, stream()>>>(
        static_cast<double*>(sums.raw_data()), term, x, plan.tiles, plan.chunk);
    check_launch(op);
    return sums;
}

// A block of parameter_gradient_kernel is 8 parameters by 32 lanes.
inline constexpr unsigned kAcross = 8, kLanes = kBlock / kAcross;

template <class T>
__global__ void __launch_bounds__(kBlock)
    parameter_gradient_kernel(T* dweight, T* dbias, const double* sums, std::uint32_t terms,
                              std::uint32_t parameters) {
    const std::uint32_t i = blockIdx.x * kAcross + threadIdx.x;
    double sum = 0, product = 0;
    if (i < parameters)
#pragma unroll 4
        for (std::uint32_t term = threadIdx.y; term < terms; term += kLanes) {
            const std::size_t at = std::size_t{term} * parameters + i;
            sum += sums[at];
            product += sums[std::size_t{terms} * parameters + at];
        }
    __shared__ double memory[2][kLanes][kAcross];
    memory[0][threadIdx.y][threadIdx.x] = sum;
    memory[1][threadIdx.y][threadIdx.x] = product;
    for (unsigned half = kLanes / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half)
            for (auto& part : memory)
                part[threadIdx.y][threadIdx.x] += part[threadIdx.y + half][threadIdx.x];
    }
    if (threadIdx.y != 0 || i >= parameters) return;
    dweight[i] = static_cast<T>(memory[1][0][threadIdx.x]);
    if (dbias) dbias[i] = static_cast<T>(memory[0][0][threadIdx.x]);
}

/// dweight = the second sums (of g x_hat) and dbias = the first sums (of g), added over chunks and
/// over the samples that share a parameter. Shapes: dweight and dbias [C] or [B, C]; dbias may be
/// null.
template <class T>
void parameter_gradients(T* dweight, T* dbias, const Tensor& sums, std::int64_t parameters,
                         const char* op) {
    if (parameters == 0) return;
    const auto terms = static_cast<std::uint32_t>(sums.numel() / (2 * parameters));
    parameter_gradient_kernel<T>
        <<<blocks_for(parameters, kAcross), dim3(kAcross, kLanes), 0, stream()>>>(
            dweight, dbias, static_cast<const double*>(sums.raw_data()), terms,
            static_cast<std::uint32_t>(parameters));
    check_launch(op);
}

}  // namespace eps::kernels::cuda
