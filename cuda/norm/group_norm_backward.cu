// Normalisation of images [B, C, S], backward: two sums of gradients over the pixels of each
// channel, from which follow the means that dx needs, and the gradients of weight and bias.
#include "cuda/norm/group_norm.cuh"

namespace eps::kernels::cuda {
namespace {

// The gradient in the output of the affine map: g, or g silu'(z).
template <class T>
__device__ double gradient_before_silu(T g, T x_hat, T weight, T bias, bool silu) {
    if (!silu) return static_cast<double>(g);
    const T z = x_hat * weight + bias, s = math::sigmoid(z);
    return static_cast<double>(g * (s * (T(1) + z * (T(1) - s))));
}

/// Term of channel_sums: gradients in the output of the affine map, and these times x_hat.
template <class T> struct AffineGradients {
    GroupedImages images;
    Affine<T> affine;
    const T *g, *x;
    bool silu;
    struct Channel {
        typename Affine<T>::Moments moments;
        T weight, bias;
    };
    __device__ Channel channel(std::uint32_t sample, std::uint32_t channel) const {
        const std::uint32_t at = affine.parameter(images, sample, channel);
        return {affine.moments(images, images.index_of_group(sample, channel)), affine.weight[at],
                affine.bias[at]};
    }
    __device__ void add(const Channel& c, std::uint32_t, std::uint32_t element, double& sum,
                        double& product) const {
        const double x_hat = (static_cast<double>(x[element]) - c.moments.mean) * c.moments.rstd;
        const double gradient =
            gradient_before_silu(g[element], static_cast<T>(x_hat), c.weight, c.bias, silu);
        sum += gradient;
        product += gradient * x_hat;
    }
};

// means [2, sets, groups] = mean of w g, then of w g x_hat, over each set. A warp works on each
// group.
template <class T>
__global__ void __launch_bounds__(kBlock)
    group_means_kernel(double* means, const double* sums, std::uint32_t chunks, const Affine<T> a,
                       const __grid_constant__ GroupedImages m) {
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

// dx = rstd (w g - mean(w g) - x_hat mean(w g x_hat)). If the statistics are constants, the means
// drop out, and `means` is null.
template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    input_gradient_kernel(T* dx, const T* g, const T* x, const double* means, const Affine<T> a,
                          const __grid_constant__ GroupedImages m, bool silu, std::uint32_t count) {
    const std::uint32_t i = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (i >= count) return;
    Vector<T, V> gradients = vector_at<V>(g + i);
    const Vector<T, V> values = vector_at<V>(x + i);
    each_of<V>(
        m, a, i, [&](int k, std::uint32_t parameter, std::uint32_t group, const auto& moments) {
            const double x_hat = (static_cast<double>(values.at[k]) - moments.mean) * moments.rstd;
            double d = static_cast<double>(a.weight[parameter]) *
                       gradient_before_silu(gradients.at[k], static_cast<T>(x_hat),
                                            a.weight[parameter], a.bias[parameter], silu);
            if (means) d -= means[group] + x_hat * means[m.sets * m.groups + group];
            gradients.at[k] = static_cast<T>(d * moments.rstd);
        });
    vector_at<V>(dx + i) = gradients;
}

}  // namespace

void group_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                         const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         const Tensor& bias, const GroupNormOptions& options, bool constant) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "group_norm_backward");
    const GroupedImages images(x, options);
    const auto count = static_cast<std::uint32_t>(x.numel());
    const Tensor means =
        constant ? Tensor() : empty({2, images.sets, images.groups}, {f64, x.device()});
    visit_real(x, [&]<class T>() {
        const Affine<T> affine = affine_of<T>(statistics, weight, bias);
        const T* const gradients = data_of<T>(g);
        const T* const values = data_of<T>(x);
        const Tensor sums = channel_sums(
            images, AffineGradients<T>{images, affine, gradients, values, options.silu}, x.device(),
            "group_norm_backward");
        if (!constant)
            group_means_kernel<T><<<blocks_of_warps(images), kBlock, 0, stream()>>>(
                data_of<double>(means), data_of<double>(sums),
                static_cast<std::uint32_t>(sums.size(1)), affine, images);
        const bool vectors = images.run() % kVector<T> == 0 && is_aligned(data_of<T>(dx)) &&
                             is_aligned(gradients) && is_aligned(values);
        const auto kernel =
            vectors ? input_gradient_kernel<T, kVector<T>> : input_gradient_kernel<T, 1>;
        kernel<<<blocks_for(count / (vectors ? kVector<T> : 1)), kBlock, 0, stream()>>>(
            data_of<T>(dx), gradients, values, data_of<double>(means), affine, images, options.silu,
            count);
        parameter_gradients<T>(data_of<T>(dweight), data_of<T>(dbias), sums, dweight.numel(),
                               "group_norm_backward");
    });
    check_launch("group_norm_backward");
}

}  // namespace eps::kernels::cuda
