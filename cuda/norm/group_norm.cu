// Normalisation of images [B, C, S], forward: sums over the pixels of each channel, then over the
// channels that share statistics, then one pass over all elements. Statistics are f64.
#include "cuda/norm/group_norm.cuh"

namespace eps::kernels::cuda {
namespace {

/// Term of channel_sums: deviations from the first element of the set, and their squares. Taking
/// the deviations first keeps the digits that a large mean would cost.
template <class T> struct Deviations {
    GroupedImages images;
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

// statistics [2, sets, groups] = mean, then variance. A warp works on each group.
template <class T>
__global__ void __launch_bounds__(kBlock)
    statistics_kernel(double* statistics, const double* sums, std::uint32_t chunks, const T* x,
                      const __grid_constant__ GroupedImages m) {
    const std::uint32_t at = Team<kWarpSize>::line();
    if (at >= m.sets * m.groups) return;  // a whole warp
    double sum, squares;
    sum_group(sum, squares, sums, chunks, m, at, [](std::uint32_t, std::uint32_t) { return 1.0; });
    if (Team<kWarpSize>::lane() != 0) return;
    const double shift = sum / m.set_size();
    const double left = squares - sum * shift;  // negative only by rounding
    statistics[at] = static_cast<double>(x[m.first_of(at / m.groups, at % m.groups)]) + shift;
    statistics[m.sets * m.groups + at] = (left > 0 || left != left ? left : 0) / m.set_size();
}

template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    apply_kernel(T* out, const T* x, const Affine<T> a, const __grid_constant__ GroupedImages m,
                 bool silu, std::uint32_t count) {
    const std::uint32_t i = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (i >= count) return;
    Vector<T, V> values = vector_at<V>(x + i);
    each_of<V>(m, a, i, [&](int k, std::uint32_t parameter, std::uint32_t, const auto& moments) {
        const T z =
            static_cast<T>((static_cast<double>(values.at[k]) - moments.mean) * moments.rstd) *
                a.weight[parameter] +
            a.bias[parameter];
        values.at[k] = silu ? z * math::sigmoid(z) : z;
    });
    vector_at<V>(out + i) = values;
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

}  // namespace

void group_statistics(Tensor& statistics, const Tensor& x, const GroupNormOptions& options) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "group_statistics");
    const GroupedImages images(x, options);
    visit_real(x, [&]<class T>() {
        const Tensor sums = channel_sums(images, Deviations<T>{images, data_of<T>(x)}, x.device(),
                                         "group_statistics");
        statistics_kernel<T><<<blocks_of_warps(images), kBlock, 0, stream()>>>(
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
    const GroupedImages images(x, options);
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

}  // namespace eps::kernels::cuda
