#include "models/ddpm/denoiser.h"

#include "autograd/ops/shape/shape.h"

namespace eps::models::ddpm {

Denoiser::Output Denoiser::operator()(const Tensor& x, const Tensor& t) const {
    const Tensor out = function_(x, t);
    Shape expected = x.shape();
    if (learned_variance_) {
        check(x.rank() >= 2, "ddpm", "learned variances need x [B, C, ..]; got ", describe(x));
        expected[1] *= 2;
    }
    check(out.defined() && out.shape() == expected, "ddpm",
          "the denoiser returned a wrong shape; got ", describe(out), "; expected ", expected);
    if (!learned_variance_) return {out, {}};
    const std::int64_t channels = x.size(1);
    return {narrow(out, 1, 0, channels), narrow(out, 1, channels, channels)};
}

Tensor predicted_noise(const Schedule& schedule, const Denoiser& denoiser, const Tensor& xt,
                       const Tensor& t) {
    return convert(schedule, denoiser.kind(), Prediction::noise, denoiser(xt, t).predicted, xt, t);
}

Normal reverse(const Schedule& schedule, const Denoiser& denoiser, const Tensor& xt,
               const Tensor& t, Variance variance) {
    const Denoiser::Output out = denoiser(xt, t);
    return reverse(schedule, denoiser.kind(), out.predicted, xt, t, variance, out.v);
}

}  // namespace eps::models::ddpm
