#pragma once
// Two sums over the places of every channel of every sample, in f64: what normalisation needs of an
// image, forward and backward. Neighbouring threads read neighbouring elements, whether channels or
// places lie side by side; the tree of additions depends on the shape alone.
#include <algorithm>
#include <bit>

#include "cuda/runtime/context.h"
#include "cuda/runtime/divisor.h"
#include "tensor/create.h"

namespace eps::kernels::cuda {

/// Dense x [B, C, S], S or C innermost; fewer than 2^31 elements.
struct ImageLayout {
    std::uint32_t samples, channels, places;
    bool channels_inner;
    Divisor by_channel, by_place;

    ImageLayout(std::int64_t b, std::int64_t c, std::int64_t s, bool inner)
        : samples(static_cast<std::uint32_t>(b)),
          channels(static_cast<std::uint32_t>(c)),
          places(static_cast<std::uint32_t>(s)),
          channels_inner(inner),
          by_channel(channels),
          by_place(places) {}

    /// Sample and channel of the element at a place of memory.
    struct Element {
        std::uint32_t sample, channel;
    };
    EPS_HD Element element(std::uint32_t at) const {
        const std::uint32_t line = channels_inner ? by_channel.divide(at) : by_place.divide(at);
        const std::uint32_t sample =
            channels_inner ? by_place.divide(line) : by_channel.divide(line);
        return {sample, channels_inner ? at - line * channels : line - sample * channels};
    }
    /// Elements side by side that differ in place or in channel only.
    std::uint32_t run() const { return channels_inner ? channels : places; }
};

/// Thread layout and number of chunks of places: functions of the shape alone. A block is `across`
/// channels by some lanes, of which each walks its share of a chunk.
struct ChannelSumsPlan {
    dim3 block;
    // tiles: blocks across the channels of a sample, where those are innermost
    unsigned tiles, blocks, chunks;
    std::uint32_t chunk;  // places

    explicit ChannelSumsPlan(const ImageLayout& x) {
        // a few blocks for each multiprocessor; steps of a lane worth a chunk
        constexpr std::uint32_t kEnoughBlocks = 512, kLeastSteps = 8;
        const std::uint32_t width = std::min(std::bit_ceil(x.channels), 32u),
                            length =
                                std::clamp(std::bit_ceil(x.places) / 4, 1u, std::uint32_t{kBlock});
        block = x.channels_inner ? dim3(width, kBlock / width) : dim3(length, kBlock / length);
        tiles = blocks_for(x.channels, static_cast<int>(width));
        blocks = x.channels_inner
                     ? x.samples * tiles
                     : blocks_for(std::int64_t{x.samples} * x.channels, static_cast<int>(block.y));
        const std::uint32_t lanes = x.channels_inner ? block.y : block.x;
        const std::uint32_t wanted = (kEnoughBlocks + blocks - 1) / blocks,
                            most = std::max(1u, x.places / (lanes * kLeastSteps));
        chunk = (x.places + std::min(wanted, most) - 1) / std::min(wanted, most);
        chunks = (x.places + chunk - 1) / chunk;
    }
};

// sums [2, chunks, B, C]. Term: channel(b, c) prepares, add(channel, place, element, first, second)
// adds.
template <class Term, bool ChannelsInner>
__global__ void __launch_bounds__(kBlock)
    channel_sums_kernel(double* sums, const __grid_constant__ Term term,
                        const __grid_constant__ ImageLayout x, unsigned tiles,
                        std::uint32_t chunk) {
    // a power of two
    const unsigned lane = ChannelsInner ? threadIdx.y : threadIdx.x,
                   lanes = ChannelsInner ? blockDim.y : blockDim.x;
    const std::uint32_t lines = x.samples * x.channels;
    std::uint32_t line = blockIdx.x * blockDim.y + threadIdx.y, sample = x.by_channel.divide(line),
                  channel = line - sample * x.channels;
    bool exists = line < lines;
    if (ChannelsInner) {
        sample = blockIdx.x / tiles;
        channel = (blockIdx.x - sample * tiles) * blockDim.x + threadIdx.x;
        line = sample * x.channels + channel;
        exists = channel < x.channels;
    }
    double first = 0, second = 0;
    if (exists) {
        const auto prepared = term.channel(sample, channel);
        const std::uint32_t end = min((blockIdx.y + 1) * chunk, x.places);
#pragma unroll 4
        for (std::uint32_t place = blockIdx.y * chunk + lane; place < end; place += lanes)
            term.add(prepared, place,
                     ChannelsInner ? (sample * x.places + place) * x.channels + channel
                                   : line * x.places + place,
                     first, second);
    }
    __shared__ double memory[2][kBlock];
    // distance to the next lane
    const unsigned here = threadIdx.y * blockDim.x + threadIdx.x,
                   next = ChannelsInner ? blockDim.x : 1;
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

/// f64 [2, chunks, B C]
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

/// dweight and dbias [C] or [B, C] from those sums: of g x_hat, and of g. A block is 8 parameters
/// by 32 lanes; dbias may be null.
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

template <class T>
void parameter_gradients(T* dweight, T* dbias, const Tensor& sums, std::int64_t parameters,
                         const char* op) {
    if (parameters == 0) return;
    // chunks and samples that a parameter serves
    const auto terms = static_cast<std::uint32_t>(sums.numel() / (2 * parameters));
    parameter_gradient_kernel<T>
        <<<blocks_for(parameters, kAcross), dim3(kAcross, kLanes), 0, stream()>>>(
            dweight, dbias, static_cast<const double*>(sums.raw_data()), terms,
            static_cast<std::uint32_t>(parameters));
    check_launch(op);
}

}  // namespace eps::kernels::cuda
