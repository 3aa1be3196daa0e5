// Normalisation of images [B, C, S]: sums over places, then over what shares its statistics, then
// one pass over all elements. Statistics are f64; sums of deviations are taken from the first
// element of the set, so that a large mean costs no digits.
#include "cuda/norm/channel_sums.cuh"
#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/team.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cuda {
namespace {

/// Across the batch there is one set of statistics a channel; else one a group of a sample.
struct Images : ImageLayout {
    std::uint32_t groups, sets;
    Divisor by_group;  // channels of a group
    double epsilon;

    Images(const Tensor& x, const GroupNormOptions& o)
        : ImageLayout(x.size(0), x.size(1), x.size(2), x.strides()[1] == 1),
          groups(static_cast<std::uint32_t>(o.groups)),
          sets(o.across_batch ? 1 : samples),
          by_group(channels / groups),
          epsilon(o.epsilon) {}
    __device__ std::uint32_t set_of(std::uint32_t sample) const { return sets == 1 ? 0 : sample; }
    /// Where a group's numbers are in [sets, groups].
    __device__ std::uint32_t group_at(std::uint32_t sample, std::uint32_t channel) const {
        return set_of(sample) * groups + by_group.divide(channel);
    }
    __device__ double set_size() const {
        return static_cast<double>(sets == 1 ? samples : 1) * by_group.size * places;
    }
    /// The first element of a group of a set.
    __device__ std::uint32_t first_of(std::uint32_t set, std::uint32_t group) const {
        const std::uint32_t channel = group * by_group.size;
        return channels_inner ? set * places * channels + channel
                              : (set * channels + channel) * places;
    }
};

/// Sums of deviations from the first element, and of their squares.
template <class T> struct Deviations {
    Images images;
    const T* x;
    __device__ double channel(std::uint32_t sample, std::uint32_t channel) const {
        return static_cast<double>(
            x[images.first_of(images.set_of(sample), images.by_group.divide(channel))]);
    }
    __device__ void add(double centre, std::uint32_t, std::uint32_t element, double& sum,
                        double& squares) const {
        const double d = static_cast<double>(x[element]) - centre;
        sum += d;
        squares += d * d;
    }
};

// Two sums over what a group of a set has in sums [2, chunks, B, C]: a warp a group. weight(sample,
// channel) weighs each.
template <class Weight>
__device__ void sum_group(double& first, double& second, const double* sums, std::uint32_t chunks,
                          const Images& m, std::uint32_t at, const Weight& weight) {
    const std::uint32_t set = at / m.groups, group = at - set * m.groups,
                        lines = m.samples * m.channels;
    const std::uint32_t samples = m.sets == 1 ? m.samples : 1,
                        count = chunks * samples * m.by_group.size;
    first = second = 0;
    for (std::uint32_t i = Team<kWarpSize>::lane(); i < count; i += kWarpSize) {
        const std::uint32_t above = m.by_group.divide(i),
                            channel = group * m.by_group.size + i - above * m.by_group.size;
        const std::uint32_t chunk = above / samples, sample = set + above - chunk * samples;
        const double w = weight(sample, channel);
        first += w * sums[std::size_t{chunk} * lines + sample * m.channels + channel];
        second += w * sums[(std::size_t{chunks} + chunk) * lines + sample * m.channels + channel];
    }
    first = Team<kWarpSize>::sum(first);
    second = Team<kWarpSize>::sum(second);
}

// statistics [2, sets, groups] = mean and variance
template <class T>
__global__ void __launch_bounds__(kBlock)
    statistics_kernel(double* statistics, const double* sums, std::uint32_t chunks, const T* x,
                      const __grid_constant__ Images m) {
    const std::uint32_t at = Team<kWarpSize>::line();
    if (at >= m.sets * m.groups) return;  // a whole warp
    double sum, squares;
    sum_group(sum, squares, sums, chunks, m, at, [](std::uint32_t, std::uint32_t) { return 1.0; });
    if (Team<kWarpSize>::lane() != 0) return;
    const double shift = sum / m.set_size(), left = squares - sum * shift;
    statistics[at] = static_cast<double>(x[m.first_of(at / m.groups, at % m.groups)]) + shift;
    statistics[m.sets * m.groups + at] = (left > 0 || left != left ? left : 0) / m.set_size();
}

/// What an element needs besides itself.
template <class T> struct Affine {
    const double* statistics;
    const T *weight, *bias;
    bool by_sample;  // weight and bias are [B, C]
    struct Moments {
        double mean, inverse;
    };
    __device__ Moments moments(const Images& m, std::uint32_t group) const {
        return {statistics[group], rsqrt(statistics[m.sets * m.groups + group] + m.epsilon)};
    }
    __device__ std::uint32_t parameter(const Images& m, std::uint32_t sample,
                                       std::uint32_t channel) const {
        return by_sample ? sample * m.channels + channel : channel;
    }
};

// Calls f(k, parameter, group, moments) for V elements from `element` on, which share all but their
// place or channel.
template <int V, class T, class F>
__device__ void each_of(const Images& m, const Affine<T>& a, std::uint32_t element, const F& f) {
    const ImageLayout::Element first = m.element(element);
    std::uint32_t group = ~0u;
    typename Affine<T>::Moments moments{};
#pragma unroll
    for (int k = 0; k < V; ++k) {
        const std::uint32_t channel = first.channel +
                                      (m.channels_inner ? static_cast<std::uint32_t>(k) : 0),
                            here = m.group_at(first.sample, channel);
        if (here != group) moments = a.moments(m, group = here);
        f(k, a.parameter(m, first.sample, channel), group, moments);
    }
}

template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    apply_kernel(T* out, const T* x, const Affine<T> a, const __grid_constant__ Images m, bool silu,
                 std::uint32_t count) {
    const std::uint32_t i = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (i >= count) return;
    Vector<T, V> values = vector_at<V>(x + i);
    each_of<V>(m, a, i, [&](int k, std::uint32_t at, std::uint32_t, const auto& moments) {
        const T z =
            static_cast<T>((static_cast<double>(values.at[k]) - moments.mean) * moments.inverse) *
                a.weight[at] +
            a.bias[at];
        values.at[k] = silu ? z * math::sigmoid(z) : z;
    });
    vector_at<V>(out + i) = values;
}

// g through the slope of silu, where there is one.
template <class T> __device__ double slope_of(T g, T x_hat, T weight, T bias, bool silu) {
    if (!silu) return static_cast<double>(g);
    const T z = x_hat * weight + bias, s = math::sigmoid(z);
    return static_cast<double>(g * (s * (T(1) + z * (T(1) - s))));
}

/// Sums of g as it reaches the affine map, and of g x_hat.
template <class T> struct Slopes {
    Images images;
    Affine<T> affine;
    const T *g, *x;
    bool silu;
    struct Channel {
        typename Affine<T>::Moments moments;
        T weight, bias;
    };
    __device__ Channel channel(std::uint32_t sample, std::uint32_t channel) const {
        const std::uint32_t at = affine.parameter(images, sample, channel);
        return {affine.moments(images, images.group_at(sample, channel)), affine.weight[at],
                affine.bias[at]};
    }
    __device__ void add(const Channel& c, std::uint32_t, std::uint32_t element, double& sum,
                        double& product) const {
        const double x_hat = (static_cast<double>(x[element]) - c.moments.mean) * c.moments.inverse;
        const double slope = slope_of(g[element], static_cast<T>(x_hat), c.weight, c.bias, silu);
        sum += slope;
        product += slope * x_hat;
    }
};

// means [2, sets, groups] = mean of w g, then of w g x_hat, over the set's numbers.
template <class T>
__global__ void __launch_bounds__(kBlock)
    group_means_kernel(double* means, const double* sums, std::uint32_t chunks, const Affine<T> a,
                       const __grid_constant__ Images m) {
    const std::uint32_t at = Team<kWarpSize>::line();
    if (at >= m.sets * m.groups) return;  // a whole warp
    double sum, product;
    sum_group(sum, product, sums, chunks, m, at, [&](std::uint32_t sample, std::uint32_t channel) {
        return static_cast<double>(a.weight[a.parameter(m, sample, channel)]);
    });
    if (Team<kWarpSize>::lane() != 0) return;
    means[at] = sum / m.set_size();
    means[m.sets * m.groups + at] = product / m.set_size();
}

// dx = (w g - mean(w g) - x_hat mean(w g x_hat)) / deviation; constant statistics have no part in
// it (means is null).
template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    input_gradient_kernel(T* dx, const T* g, const T* x, const double* means, const Affine<T> a,
                          const __grid_constant__ Images m, bool silu, std::uint32_t count) {
    const std::uint32_t i = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (i >= count) return;
    Vector<T, V> slopes = vector_at<V>(g + i);
    const Vector<T, V> values = vector_at<V>(x + i);
    each_of<V>(m, a, i, [&](int k, std::uint32_t at, std::uint32_t group, const auto& moments) {
        const double x_hat = (static_cast<double>(values.at[k]) - moments.mean) * moments.inverse;
        double d = static_cast<double>(a.weight[at]) *
                   slope_of(slopes.at[k], static_cast<T>(x_hat), a.weight[at], a.bias[at], silu);
        if (means) d -= means[group] + x_hat * means[m.sets * m.groups + group];
        slopes.at[k] = static_cast<T>(d * moments.inverse);
    });
    vector_at<V>(dx + i) = slopes;
}

template <class T>
__global__ void __launch_bounds__(kBlock)
    moving_average_kernel(T* running, const double* values, std::int64_t running_stride,
                          std::int64_t stride, double momentum, double scale, std::int64_t count) {
    const std::int64_t c = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (c >= count) return;
    T& here = running[c * running_stride];
    here = static_cast<T>((1 - momentum) * static_cast<double>(here) +
                          momentum * scale * values[c * stride]);
}

template <class T>
Affine<T> affine_of(const Tensor& statistics, const Tensor& weight, const Tensor& bias) {
    return {data_of<double>(statistics), data_of<T>(weight), data_of<T>(bias), weight.rank() == 2};
}
unsigned warps_for(const Images& m) {
    return blocks_for(std::int64_t{m.sets} * m.groups, kBlock / kWarpSize);
}

}  // namespace

void group_statistics(Tensor& statistics, const Tensor& x, const GroupNormOptions& options) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "group_statistics");
    const Images images(x, options);
    visit_real(x, [&]<class T>() {
        const Tensor sums = channel_sums(images, Deviations<T>{images, data_of<T>(x)}, x.device(),
                                         "group_statistics");
        statistics_kernel<T><<<warps_for(images), kBlock, 0, stream()>>>(
            data_of<double>(statistics), data_of<double>(sums),
            static_cast<std::uint32_t>(sums.size(1)), data_of<T>(x), images);
    });
    check_launch("group_statistics");
}

void group_norm(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                const Tensor& bias, const GroupNormOptions& options, bool given) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "group_norm");
    if (!given) cuda::group_statistics(statistics, x, options);
    const Images images(x, options);
    const auto count = static_cast<std::uint32_t>(x.numel());
    visit_real(x, [&]<class T>() {
        const bool vectors = images.run() % kVector<T> == 0 && is_aligned(data_of<T>(out)) &&
                             is_aligned(data_of<T>(x));
        const auto kernel = vectors ? apply_kernel<T, kVector<T>> : apply_kernel<T, 1>;
        kernel<<<blocks_for(count / (vectors ? kVector<T> : 1)), kBlock, 0, stream()>>>(
            data_of<T>(out), data_of<T>(x), affine_of<T>(statistics, weight, bias), images,
            options.silu, count);
    });
    check_launch("group_norm");
}

void moving_average(Tensor& running, const Tensor& values, double momentum, double scale) {
    if (running.numel() == 0) return;
    visit_real(running, [&]<class T>() {
        moving_average_kernel<T><<<blocks_for(running.numel()), kBlock, 0, stream()>>>(
            data_of<T>(running), data_of<double>(values), running.strides()[0], values.strides()[0],
            momentum, scale, running.numel());
    });
    check_launch("batch_norm");
}

void group_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                         const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         const Tensor& bias, const GroupNormOptions& options, bool constant) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "group_norm_backward");
    const Images images(x, options);
    const auto count = static_cast<std::uint32_t>(x.numel());
    const Tensor means =
        constant ? Tensor() : empty({2, images.sets, images.groups}, {f64, x.device()});
    visit_real(x, [&]<class T>() {
        const Affine<T> affine = affine_of<T>(statistics, weight, bias);
        const T *const slopes = data_of<T>(g), *const values = data_of<T>(x);
        const Tensor sums =
            channel_sums(images, Slopes<T>{images, affine, slopes, values, options.silu},
                         x.device(), "group_norm_backward");
        if (!constant)
            group_means_kernel<T><<<warps_for(images), kBlock, 0, stream()>>>(
                data_of<double>(means), data_of<double>(sums),
                static_cast<std::uint32_t>(sums.size(1)), affine, images);
        const bool vectors = images.run() % kVector<T> == 0 && is_aligned(data_of<T>(dx)) &&
                             is_aligned(slopes) && is_aligned(values);
        const auto kernel =
            vectors ? input_gradient_kernel<T, kVector<T>> : input_gradient_kernel<T, 1>;
        kernel<<<blocks_for(count / (vectors ? kVector<T> : 1)), kBlock, 0, stream()>>>(
            data_of<T>(dx), slopes, values, data_of<double>(means), affine, images, options.silu,
            count);
        parameter_gradients<T>(data_of<T>(dweight), data_of<T>(dbias), sums, dweight.numel(),
                               "group_norm_backward");
    });
    check_launch("group_norm_backward");
}

}  // namespace eps::kernels::cuda
