#pragma once
#include "models/bijector.h"

namespace eps::models::flow {

/// z' = z exp(log_scale) + shift, one pair a feature of [B, D], or a channel of [B, C, H, W]; log
/// |det| = H W sum log_scale   (Kingma & Dhariwal 2018, section 3.1). In training, the first batch
/// sets both so that what comes out, in whichever direction it came, has mean 0 and variance 1 a
/// channel; a state dict knows whether that has been. A batch of one sets nothing.
class ActNorm final : public Bijector {
public:
    explicit ActNorm(std::int64_t channels);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "actnorm"; }

    Tensor log_scale, shift, initialised;  // [C], [C], []: 0 or 1

private:
    /// Throws on a bad z, and sets the parameters from it if none have been set.
    void prepare(const Tensor& z, bool forwards);
    bool is_initialised();
    Transformed moved(const Tensor& z, const Tensor& y, const Tensor& log_derivative) const;

    bool known_ = false;  // that it is
};

}  // namespace eps::models::flow
