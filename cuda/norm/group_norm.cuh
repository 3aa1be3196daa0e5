#pragma once
// What group norm's forward and backward share: images with their groups of channels, the affine
// map, and sums over groups. Batch norm is group norm with one channel a group, across the batch.
#include "cuda/norm/channel_sums.cuh"
#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/team.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cuda {

/// Images with their groups of channels. Elements that share their statistics are a set: a group of
/// one sample, or of the whole batch.
struct GroupedImages : ImageLayout {
    std::uint32_t groups;
    std::uint32_t sets;  // sets of each group: 1 across the batch, else one for each sample
    Divisor by_group;    // divides by the channels of a group
    double epsilon;

    GroupedImages(const Tensor& x, const GroupNormOptions& o)
        : ImageLayout(x.size(0), x.size(1), x.size(2), x.strides()[1] == 1),
          groups(static_cast<std::uint32_t>(o.groups)),
          sets(o.across_batch ? 1 : samples),
          by_group(channels / groups),
          epsilon(o.epsilon) {}
    __device__ std::uint32_t set_of(std::uint32_t sample) const { return sets == 1 ? 0 : sample; }
    /// The index of a group's numbers in [sets, groups].
    __device__ std::uint32_t index_of_group(std::uint32_t sample, std::uint32_t channel) const {
        return set_of(sample) * groups + by_group.divide(channel);
    }
    __device__ double set_size() const {
        return static_cast<double>(sets == 1 ? samples : 1) * by_group.size * pixels;
    }
    /// The first element of a group of a set.
    __device__ std::uint32_t first_of(std::uint32_t set, std::uint32_t group) const {
        const std::uint32_t channel = group * by_group.size;
        return channels_inner ? set * pixels * channels + channel
                              : (set * channels + channel) * pixels;
    }
};

/// Adds up the two sums of group number `at`, weighted by weight(sample, channel), from
/// sums [2, chunks, B, C]. A warp works on each group.
template <class Weight>
__device__ void sum_group(double& first, double& second, const double* sums, std::uint32_t chunks,
                          const GroupedImages& m, std::uint32_t at, const Weight& weight) {
    const std::uint32_t set = at / m.groups, group = at - set * m.groups;
    const std::uint32_t lines = m.samples * m.channels;
    const std::uint32_t samples = m.sets == 1 ? m.samples : 1;
    const std::uint32_t count = chunks * samples * m.by_group.size;
    first = second = 0;
    for (std::uint32_t i = Team<kWarpSize>::lane(); i < count; i += kWarpSize) {
        const std::uint32_t above = m.by_group.divide(i);
        const std::uint32_t channel = group * m.by_group.size + i - above * m.by_group.size;
        const std::uint32_t chunk = above / samples, sample = set + above - chunk * samples;
        const double w = weight(sample, channel);
        first += w * sums[std::size_t{chunk} * lines + sample * m.channels + channel];
        second += w * sums[(std::size_t{chunks} + chunk) * lines + sample * m.channels + channel];
    }
    first = Team<kWarpSize>::sum(first);
    second = Team<kWarpSize>::sum(second);
}

/// Statistics, weight and bias: what maps x to its normalised value.
template <class T> struct Affine {
    const double* statistics;
    const T *weight, *bias;
    bool per_sample;  // weight and bias are [B, C], else [C]
    struct Moments {
        double mean, rstd;
    };
    __device__ Moments moments(const GroupedImages& m, std::uint32_t group) const {
        return {statistics[group], rsqrt(statistics[m.sets * m.groups + group] + m.epsilon)};
    }
    __device__ std::uint32_t parameter(const GroupedImages& m, std::uint32_t sample,
                                       std::uint32_t channel) const {
        return per_sample ? sample * m.channels + channel : channel;
    }
};

/// Calls f(k, parameter, group, moments) for the V elements from `element` on, which differ in
/// pixel or in channel only. `parameter` and `group` index the element's weight and statistics.
template <int V, class T, class F>
__device__ void each_of(const GroupedImages& m, const Affine<T>& a, std::uint32_t element,
                        const F& f) {
    const ImageLayout::Element first = m.element(element);
    std::uint32_t group = ~0u;
    typename Affine<T>::Moments moments{};
#pragma unroll
    for (int k = 0; k < V; ++k) {
        const std::uint32_t channel =
            first.channel + (m.channels_inner ? static_cast<std::uint32_t>(k) : 0);
        const std::uint32_t here = m.index_of_group(first.sample, channel);
        if (here != group) {
            group = here;
            moments = a.moments(m, group);
        }
        f(k, a.parameter(m, first.sample, channel), group, moments);
    }
}

template <class T>
inline Affine<T> affine_of(const Tensor& statistics, const Tensor& weight, const Tensor& bias) {
    return {data_of<double>(statistics), data_of<T>(weight), data_of<T>(bias), weight.rank() == 2};
}
/// Blocks that hold a warp for each group.
inline unsigned blocks_of_warps(const GroupedImages& m) {
    return blocks_for(std::int64_t{m.sets} * m.groups, kBlock / kWarpSize);
}

}  // namespace eps::kernels::cuda
