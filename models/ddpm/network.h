#pragma once
// eps_theta: what every network of this family is, and how it is told the time and the class.
#include <cstdint>
#include <memory>

#include "models/ddpm/denoiser.h"
#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"

namespace eps::models::ddpm {

/// What every network here is told beside x.
struct ConditionOptions {
    // of the time: how many sinusoids, and the width of what is made of them
    std::int64_t sinusoids, width;
    std::int64_t classes = 0;  // 0: the network is told none
    // v comes out behind the prediction, in dimension 1   (Nichol & Dhariwal 2021, eq. 15)
    bool learned_variance = false;
    Generator* generator = nullptr;  // null: default_generator()
};

class Network : public nn::Module {
public:
    using nn::Module::forward;
    /// x [B, ...], t [B] whole or real, classes i64 [B], 0 .. class_count() - 1, or class_count()
    /// for "not told"; undefined for a network without classes -> what is predicted, of x's shape,
    /// or twice as long in dimension 1 with learned variances. Throws on anything else.
    Tensor forward(const Tensor& x, const Tensor& t, const Tensor& classes = {});
    std::int64_t class_count() const { return classes_; }

    /// This network as samplers see it, for as long as it lives; one with classes is told none
    /// (guidance.h tells it some).
    Denoiser denoiser(Prediction kind = Prediction::noise);

protected:
    explicit Network(const ConditionOptions& options);

private:
    /// condition [B, width]: silu(W2 silu(W1 sinusoids(t)) + the class's vector)   (Ho et al. 2020,
    /// appendix B; Nichol & Dhariwal 2021)
    virtual Tensor predict(const Tensor& x, const Tensor& condition) = 0;

    std::int64_t sinusoids_, classes_;
    bool learned_variance_;
    nn::Linear time1_, time2_;
    std::unique_ptr<nn::Embedding> class_embedding_;  // the last row: "not told"
};

}  // namespace eps::models::ddpm
