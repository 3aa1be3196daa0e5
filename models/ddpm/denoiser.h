#pragma once
// A network as samplers, bounds and losses use it: a function of (x_t, t), and the quantity that it
// predicts.
#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include "models/ddpm/process.h"

namespace eps::models::ddpm {

/// eps_theta, or a network that predicts another quantity. Any callable of (x, t) converts to it.
class Denoiser {
public:
    /// x [B, ...], t [B] -> [B, ...]. In training and in bounds t holds integers, i64; samplers
    /// pass real times of x's dtype.
    using Function = std::function<Tensor(const Tensor& x, const Tensor& t)>;

    /// With learned_variance, the function returns twice the channels of x (dimension 1): the
    /// prediction, then v   (Nichol & Dhariwal 2021, eq. 15).
    template <class F>
    requires std::convertible_to<F, Function> &&(!std::same_as<std::decay_t<F>, Denoiser>)
        Denoiser(F function, Prediction kind = Prediction::noise, bool learned_variance = false)
        : function_(std::move(function)), kind_(kind), learned_variance_(learned_variance) {}

    struct Output {
        Tensor predicted, v;  // v is undefined unless variances are learned
    };
    /// Throws: if the function returns another shape.
    Output operator()(const Tensor& x, const Tensor& t) const;
    Prediction kind() const { return kind_; }
    bool learned_variance() const { return learned_variance_; }

private:
    Function function_;
    Prediction kind_;
    bool learned_variance_;
};

/// eps_theta(x_t, t), converted from the quantity that the denoiser predicts.
Tensor predicted_noise(const Schedule& schedule, const Denoiser& denoiser, const Tensor& xt,
                       const Tensor& t);
/// p_theta(x_{t-1} | x_t). Variance::learned needs a denoiser that learned its variances.
Normal reverse(const Schedule& schedule, const Denoiser& denoiser, const Tensor& xt,
               const Tensor& t, Variance variance);

}  // namespace eps::models::ddpm
