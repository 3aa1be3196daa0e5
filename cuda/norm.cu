// Normalisation. A block takes the statistics of one set of numbers, twice through: mean, then squared deviations, in f64.
#include "cuda/block.cuh"
#include "cuda/lines.cuh"
#include "tensor/create.h"
#include "tensor/kernels.h"
#include "tensor/math/functions.h"

namespace eps::kernels::cuda {
namespace {

/// x [B, C, S] in either order of memory. Across the batch there is one set of statistics a channel; else one a group of a sample.
struct Images {
    std::int64_t samples, channels, places, groups, group_channels, sets;
    std::int64_t sample_stride, channel_stride, place_stride;
    double epsilon;

    Images(const Tensor& x, const GroupNormOptions& o)
        : samples(x.size(0)), channels(x.size(1)), places(x.size(2)), groups(o.groups), group_channels(channels / groups), sets(o.across_batch ? 1 : samples),
          sample_stride(x.strides()[0]), channel_stride(x.strides()[1]), place_stride(x.strides()[2]), epsilon(o.epsilon) {}
    __host__ __device__ std::int64_t set_size() const { return (sets == 1 ? samples : 1) * group_channels * places; }
    __device__ std::int64_t set_of(std::int64_t sample) const { return sets == 1 ? 0 : sample; }
    __device__ std::int64_t offset(std::int64_t sample, std::int64_t channel, std::int64_t place) const {
        return sample * sample_stride + channel * channel_stride + place * place_stride;
    }
    /// Offset of number i of a set's group: channels fastest.
    __device__ std::int64_t member(std::int64_t set, std::int64_t group, std::int64_t i) const {
        const std::int64_t c = group * group_channels + i % group_channels, rest = i / group_channels;
        return offset(sets == 1 ? rest / places : set, c, rest % places);
    }
};

template <class T>
__global__ void __launch_bounds__(kBlock) statistics_kernel(double* statistics, const T* x, const __grid_constant__ Images images) {
    __shared__ double memory[kBlock];
    const std::int64_t set = blockIdx.x / images.groups, group = blockIdx.x % images.groups, n = images.set_size();
    double sum = 0, squares = 0;
    for (std::int64_t i = threadIdx.x; i < n; i += kBlock) sum += static_cast<double>(x[images.member(set, group, i)]);
    const double mean = block_sum(sum, memory) / static_cast<double>(n);
    for (std::int64_t i = threadIdx.x; i < n; i += kBlock) {
        const double d = static_cast<double>(x[images.member(set, group, i)]) - mean;
        squares += d * d;
    }
    squares = block_sum(squares, memory);
    if (threadIdx.x != 0) return;
    statistics[blockIdx.x] = mean;
    statistics[images.sets * images.groups + blockIdx.x] = squares / static_cast<double>(n);
}

/// What an element needs besides itself.
template <class T>
struct Affine {
    const double* statistics;
    const T *weight, *bias;
    bool by_sample;  // weight and bias are [B, C]
    __device__ double mean(const Images& m, std::int64_t b, std::int64_t c) const { return statistics[m.set_of(b) * m.groups + c / m.group_channels]; }
    __device__ double inverse(const Images& m, std::int64_t b, std::int64_t c) const {
        return rsqrt(statistics[m.sets * m.groups + m.set_of(b) * m.groups + c / m.group_channels] + m.epsilon);
    }
    __device__ std::int64_t parameter(const Images& m, std::int64_t b, std::int64_t c) const { return by_sample ? b * m.channels + c : c; }
};

/// Element i, counted channels fastest.
struct Place {
    std::int64_t b, c, offset;
    __device__ Place(const Images& m, std::int64_t i) : b(i / m.channels / m.places), c(i % m.channels), offset(m.offset(b, c, i / m.channels % m.places)) {}
};

template <class T>
__global__ void apply_kernel(T* out, const T* x, const Affine<T> a, const __grid_constant__ Images images, bool silu, std::int64_t count) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const Place p(images, i);
    const std::int64_t at = a.parameter(images, p.b, p.c);
    const T z = static_cast<T>((static_cast<double>(x[p.offset]) - a.mean(images, p.b, p.c)) * a.inverse(images, p.b, p.c)) * a.weight[at] + a.bias[at];
    out[p.offset] = silu ? z * math::sigmoid(z) : z;
}

// g through the slope of silu, where there is one.
template <class T>
__device__ double slope_of(T g, T x_hat, T weight, T bias, bool silu) {
    if (!silu) return static_cast<double>(g);
    const T z = x_hat * weight + bias, s = math::sigmoid(z);
    return static_cast<double>(g * (s * (T(1) + z * (T(1) - s))));
}

// sums[b][c] = sum over places of g, then of g x_hat, g as it reaches the affine map.
template <class T>
__global__ void __launch_bounds__(kBlock)
channel_sums_kernel(double* sums, const T* g, const T* x, const Affine<T> a, const __grid_constant__ Images images, bool silu) {
    __shared__ double memory[kBlock];
    const std::int64_t b = blockIdx.x / images.channels, c = blockIdx.x % images.channels, at = a.parameter(images, b, c);
    const double mean = a.mean(images, b, c), inverse = a.inverse(images, b, c);
    double sum = 0, product = 0;
    for (std::int64_t s = threadIdx.x; s < images.places; s += kBlock) {
        const std::int64_t offset = images.offset(b, c, s);
        const double x_hat = (static_cast<double>(x[offset]) - mean) * inverse;
        const double slope = slope_of(g[offset], static_cast<T>(x_hat), a.weight[at], a.bias[at], silu);
        sum += slope;
        product += slope * x_hat;
    }
    sum = block_sum(sum, memory);
    product = block_sum(product, memory);
    if (threadIdx.x != 0) return;
    sums[blockIdx.x] = sum;
    sums[images.samples * images.channels + blockIdx.x] = product;
}

// means[set][group] = mean of w g, then of w g x_hat, over the set's numbers. A thread a group.
template <class T>
__global__ void group_means_kernel(double* means, const double* sums, const Affine<T> a, const __grid_constant__ Images images) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x, count = images.sets * images.groups;
    if (i >= count) return;
    const std::int64_t set = i / images.groups, group = i % images.groups;
    double sum = 0, product = 0;
    for (std::int64_t b = images.sets == 1 ? 0 : set; b < (images.sets == 1 ? images.samples : set + 1); ++b)
        for (std::int64_t c = group * images.group_channels; c < (group + 1) * images.group_channels; ++c) {
            const double w = static_cast<double>(a.weight[a.parameter(images, b, c)]);
            sum += w * sums[b * images.channels + c];
            product += w * sums[(images.samples + b) * images.channels + c];
        }
    means[i] = sum / static_cast<double>(images.set_size());
    means[count + i] = product / static_cast<double>(images.set_size());
}

// dx = (w g - mean(w g) - x_hat mean(w g x_hat)) / deviation; constant statistics have no part in it.
template <class T>
__global__ void input_gradient_kernel(T* dx, const T* g, const T* x, const double* means, const Affine<T> a, const __grid_constant__ Images images, bool silu,
                                      bool constant, std::int64_t count) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const Place p(images, i);
    const std::int64_t at = a.parameter(images, p.b, p.c), group = images.set_of(p.b) * images.groups + p.c / images.group_channels;
    const double inverse = a.inverse(images, p.b, p.c), x_hat = (static_cast<double>(x[p.offset]) - a.mean(images, p.b, p.c)) * inverse;
    double d = static_cast<double>(a.weight[at]) * slope_of(g[p.offset], static_cast<T>(x_hat), a.weight[at], a.bias[at], silu);
    if (!constant) d -= means[group] + x_hat * means[images.sets * images.groups + group];
    dx[p.offset] = static_cast<T>(d * inverse);
}

// A thread a parameter: the sums of its samples, in order.
template <class T>
__global__ void parameter_gradient_kernel(T* dweight, T* dbias, const double* sums, const __grid_constant__ Images images, bool by_sample, std::int64_t count) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= count) return;
    double sum = 0, product = 0;
    for (std::int64_t b = by_sample ? i / images.channels : 0; b < (by_sample ? i / images.channels + 1 : images.samples); ++b) {
        sum += sums[b * images.channels + i % images.channels];
        product += sums[(images.samples + b) * images.channels + i % images.channels];
    }
    dbias[i] = static_cast<T>(sum);
    dweight[i] = static_cast<T>(product);
}

template <class T>
__global__ void __launch_bounds__(kBlock)
rows_kernel(T* out, double* statistics, const T* x, const T* weight, const T* bias, std::int64_t rows, std::int64_t width, double epsilon) {
    __shared__ double memory[kBlock];
    const std::int64_t row = blockIdx.x;
    x += row * width;
    out += row * width;
    double sum = 0, squares = 0;
    for (std::int64_t i = threadIdx.x; bias && i < width; i += kBlock) sum += static_cast<double>(x[i]);
    const double mean = bias ? block_sum(sum, memory) / static_cast<double>(width) : 0;
    for (std::int64_t i = threadIdx.x; i < width; i += kBlock) {
        const double d = static_cast<double>(x[i]) - mean;
        squares += d * d;
    }
    const double variance = block_sum(squares, memory) / static_cast<double>(width), inverse = rsqrt(variance + epsilon);
    for (std::int64_t i = threadIdx.x; i < width; i += kBlock)
        out[i] = static_cast<T>((static_cast<double>(x[i]) - mean) * inverse) * weight[i] + (bias ? bias[i] : T(0));
    if (threadIdx.x != 0) return;
    statistics[row] = mean;
    statistics[rows + row] = variance;
}

// With a mean: dx = (w g - mean(w g) - x_hat mean(w g x_hat)) / deviation; without: the same less mean(w g).
template <class T>
__global__ void __launch_bounds__(kBlock)
rows_gradient_kernel(T* dx, const T* g, const double* statistics, const T* x, const T* weight, std::int64_t rows, std::int64_t width, double epsilon, bool centred) {
    __shared__ double memory[kBlock];
    const std::int64_t row = blockIdx.x;
    const double mean = statistics[row], inverse = rsqrt(statistics[rows + row] + epsilon);
    x += row * width;
    g += row * width;
    double sum = 0, product = 0;
    for (std::int64_t i = threadIdx.x; i < width; i += kBlock) {
        const double d = static_cast<double>(weight[i]) * static_cast<double>(g[i]);
        sum += d;
        product += d * (static_cast<double>(x[i]) - mean) * inverse;
    }
    sum = block_sum(sum, memory) / static_cast<double>(width);
    product = block_sum(product, memory) / static_cast<double>(width);
    for (std::int64_t i = threadIdx.x; i < width; i += kBlock) {
        const double d = static_cast<double>(weight[i]) * static_cast<double>(g[i]), x_hat = (static_cast<double>(x[i]) - mean) * inverse;
        dx[row * width + i] = static_cast<T>((d - (centred ? sum : 0) - x_hat * product) * inverse);
    }
}

// A thread a column, rows in order.
template <class T>
__global__ void rows_parameters_kernel(T* dweight, T* dbias, const T* g, const double* statistics, const T* x, std::int64_t rows, std::int64_t width, double epsilon) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= width) return;
    double sum = 0, product = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
        const double slope = static_cast<double>(g[r * width + i]);
        sum += slope;
        product += slope * (static_cast<double>(x[r * width + i]) - statistics[r]) * rsqrt(statistics[rows + r] + epsilon);
    }
    dweight[i] = static_cast<T>(product);
    if (dbias) dbias[i] = static_cast<T>(sum);
}

template <class T>
Affine<T> affine_of(const Tensor& statistics, const Tensor& weight, const Tensor& bias) {
    return {data_of<double>(statistics), data_of<T>(weight), data_of<T>(bias), weight.rank() == 2};
}

}  // namespace

void group_statistics(Tensor& statistics, const Tensor& x, const GroupNormOptions& options) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "group_statistics");
    const Images images(x, options);
    visit_real(x, [&]<class T>() {
        statistics_kernel<T><<<static_cast<unsigned>(images.sets * images.groups), kBlock, 0, stream()>>>(data_of<double>(statistics), data_of<T>(x), images);
    });
    check_launch("group_statistics");
}

void group_norm(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight, const Tensor& bias, const GroupNormOptions& options, bool given) {
    if (x.numel() == 0) return;
    if (!given) cuda::group_statistics(statistics, x, options);
    visit_real(x, [&]<class T>() {
        apply_kernel<T><<<blocks_for(x.numel()), kBlock, 0, stream()>>>(data_of<T>(out), data_of<T>(x), affine_of<T>(statistics, weight, bias),
                                                                        Images(x, options), options.silu, x.numel());
    });
    check_launch("group_norm");
}

void group_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g, const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         const Tensor& bias, const GroupNormOptions& options, bool constant) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "group_norm_backward");
    const Images images(x, options);
    const Tensor sums = empty({2, images.samples, images.channels}, {f64, x.device()}), means = empty({2, images.sets, images.groups}, {f64, x.device()});
    double* const sum_data = data_of<double>(sums);
    visit_real(x, [&]<class T>() {
        const Affine<T> affine = affine_of<T>(statistics, weight, bias);
        channel_sums_kernel<T><<<static_cast<unsigned>(images.samples * images.channels), kBlock, 0, stream()>>>(sum_data, data_of<T>(g), data_of<T>(x), affine,
                                                                                                                 images, options.silu);
        group_means_kernel<T><<<blocks_for(images.sets * images.groups), kBlock, 0, stream()>>>(data_of<double>(means), sum_data, affine, images);
        input_gradient_kernel<T><<<blocks_for(x.numel()), kBlock, 0, stream()>>>(data_of<T>(dx), data_of<T>(g), data_of<T>(x), data_of<double>(means), affine,
                                                                                 images, options.silu, constant, x.numel());
        parameter_gradient_kernel<T><<<blocks_for(dweight.numel()), kBlock, 0, stream()>>>(data_of<T>(dweight), data_of<T>(dbias), sum_data, images,
                                                                                           weight.rank() == 2, dweight.numel());
    });
    check_launch("group_norm_backward");
}

void layer_norm(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon) {
    if (x.numel() == 0) return;
    check_count(x.size(0), "layer_norm");
    visit_real(x, [&]<class T>() {
        rows_kernel<T><<<static_cast<unsigned>(x.size(0)), kBlock, 0, stream()>>>(data_of<T>(out), data_of<double>(statistics), data_of<T>(x), data_of<T>(weight),
                                                                                  data_of<T>(bias), x.size(0), x.size(1), epsilon);
    });
    check_launch("layer_norm");
}

void layer_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g, const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         double epsilon) {
    if (x.numel() == 0) return;
    const std::int64_t rows = x.size(0), width = x.size(1);
    visit_real(x, [&]<class T>() {
        rows_gradient_kernel<T><<<static_cast<unsigned>(rows), kBlock, 0, stream()>>>(data_of<T>(dx), data_of<T>(g), data_of<double>(statistics), data_of<T>(x),
                                                                                      data_of<T>(weight), rows, width, epsilon, dbias.defined());
        rows_parameters_kernel<T><<<blocks_for(width), kBlock, 0, stream()>>>(data_of<T>(dweight), data_of<T>(dbias), data_of<T>(g), data_of<double>(statistics),
                                                                              data_of<T>(x), rows, width, epsilon);
    });
    check_launch("layer_norm_backward");
}

}  // namespace eps::kernels::cuda
