#pragma once
// eps_theta: the base class of all networks of this family, which embeds the time and the class.
#include <cstdint>
#include <memory>

#include "models/ddpm/denoiser.h"
#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"

namespace eps::models::ddpm {

/// The inputs of every network beside x, and its second output.
struct ConditionOptions {
    std::int64_t sinusoids;    // features of the time
    std::int64_t width;        // width of their embedding
    std::int64_t classes = 0;  // 0: unconditional
    /// Also predicts v, behind the prediction in dimension 1   (Nichol & Dhariwal 2021, eq. 15).
    bool learned_variance = false;
    Generator* generator = nullptr;  // null: default_generator()
};

class Network : public nn::Module {
public:
    using nn::Module::forward;
    /// The prediction, of x's shape; with learned variances twice as long in dimension 1.
    /// Shapes: x [B, ...]; t [B], i64 or real; classes i64 [B] from 0 .. class_count() - 1, or
    /// class_count() for "no class", undefined for an unconditional network
    /// Throws: on other shapes and on classes out of range.
    Tensor forward(const Tensor& x, const Tensor& t, const Tensor& classes = {});
    std::int64_t class_count() const { return classes_; }

    /// This network as a Denoiser, which must not outlive it. A network with classes predicts for
    /// "no class"; guidance.h passes classes.
    Denoiser denoiser(Prediction kind = Prediction::noise);

protected:
    explicit Network(const ConditionOptions& options);

private:
    /// condition [B, width] is silu(W2 silu(W1 sinusoids(t)) + class_embedding)
    /// Source: Ho et al. 2020, appendix B; Nichol & Dhariwal 2021.
    virtual Tensor predict(const Tensor& x, const Tensor& condition) = 0;

    std::int64_t sinusoids_, classes_;
    bool learned_variance_;
    nn::Linear time1_, time2_;
    std::unique_ptr<nn::Embedding> class_embedding_;  // the last row: "no class"
};

}  // namespace eps::models::ddpm
