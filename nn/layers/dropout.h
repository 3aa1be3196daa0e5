#pragma once
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

/// Inverted dropout. In training each element of x is zeroed with probability p, independently, and
/// the others are divided by 1 - p, so that the expectation stays. In evaluation y = x; p = 1 gives
/// zeros. The masks are drawn from `generator`, which the caller owns: save its state, and a run
/// resumes with the same bits.
/// Shapes: x [..] -> the same.
/// Throws: unless 0 <= p <= 1.
/// Source: Srivastava et al. 2014.
class Dropout final : public Module {
public:
    explicit Dropout(double p = 0.5, Generator& generator = default_generator());
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

private:
    double p_;
    Generator& generator_;
};

/// Dropout of whole channels, because neighbouring pixels carry the same information: in training
/// all of x[b, c, ..] is zeroed with probability p. Otherwise as Dropout.
/// Shapes: x [B, C, ..] -> the same.
/// Source: Tompson et al. 2015.
class Dropout2d final : public Module {
public:
    explicit Dropout2d(double p = 0.5, Generator& generator = default_generator());
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

private:
    double p_;
    Generator& generator_;
};

}  // namespace eps::nn
