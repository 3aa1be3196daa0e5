#pragma once
// Elementwise bijectors: increasing maps of one number, whose parameters a network computes.
// Couplings and autoregressive flows apply them to each element.
#include <memory>
#include <string>

#include "tensor/tensor.h"

namespace eps::models::flow {

class ElementwiseBijector {
public:
    struct Output {
        Tensor y, log_derivative;  // both of x's shape
    };
    virtual ~ElementwiseBijector() = default;
    /// P, the number of parameters of an element.
    virtual std::int64_t parameters() const = 0;
    /// x -> y, log dy/dx
    /// Shapes: x [B, n, ...], theta [B, P n, ...], parameter p of element i at p n + i
    virtual Output forward(const Tensor& x, const Tensor& theta) const = 0;
    /// y -> x, log dx/dy
    virtual Output inverse(const Tensor& y, const Tensor& theta) const = 0;
    virtual std::string name() const = 0;
};

/// y = x + t: NICE   (Dinh et al. 2015)
class Additive final : public ElementwiseBijector {
public:
    std::int64_t parameters() const override { return 1; }
    Output forward(const Tensor& x, const Tensor& theta) const override;
    Output inverse(const Tensor& y, const Tensor& theta) const override;
    std::string name() const override { return "additive"; }
};

/// y = x exp(s) + t, s = limit tanh(raw / limit): RealNVP   (Dinh et al. 2017, eq. 5)
class Affine final : public ElementwiseBijector {
public:
    explicit Affine(double limit = 2);
    std::int64_t parameters() const override { return 2; }
    Output forward(const Tensor& x, const Tensor& theta) const override;
    Output inverse(const Tensor& y, const Tensor& theta) const override;
    std::string name() const override { return "affine"; }

private:
    Tensor log_scale(const Tensor& theta, std::int64_t count) const;
    double limit_;
};

}  // namespace eps::models::flow
