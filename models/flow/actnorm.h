#pragma once
#include "models/bijector.h"

namespace eps::models::flow {

/// z' = z exp(log_scale) + shift, with one pair for each feature of [B, D] or channel of
/// [B, C, H, W]; log |det| = H W sum log_scale.
///
/// In training, the first batch of more than one sample initialises both, so that the output of
/// whichever direction it ran has mean 0 and variance 1 in each channel. The state dict records
/// that.
/// Source: Kingma & Dhariwal 2018, section 3.1.
class ActNorm final : public Bijector {
public:
    explicit ActNorm(std::int64_t channels);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "actnorm"; }

    Tensor log_scale, shift, initialised;  // [C], [C], []: 0 or 1

private:
    /// Checks z, and initialises the parameters from it unless that has been done.
    void prepare(const Tensor& z, bool forwards);
    bool is_initialised();
    Transformed with_log_det(const Tensor& z, const Tensor& y, const Tensor& log_derivative) const;

    bool known_initialised_ = false;  // on the host, so that a GPU is asked only until then
};

}  // namespace eps::models::flow
