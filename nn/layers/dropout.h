#pragma once
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

/// Inverted dropout: in training each element of x [..] is zeroed with probability p,
/// independently, and the others are divided by 1 - p, so that the expectation stays; in evaluation
/// y = x   (Srivastava et al. 2014). Throws unless 0 <= p <= 1; p = 1 gives zeros. The masks come
/// from `generator`, which the caller owns: save its state, and a run resumes to the same bits.
class Dropout final : public Module {
public:
    Dropout(double p, Generator& generator);
    Tensor forward(const Tensor& x) override;

private:
    double p_;
    Generator& generator_;
};

/// Dropout of whole channels: in training x[b, c, ..] of [B, C, ..] is zeroed with probability p,
/// all places together, as neighbours in an image tell of each other   (Tompson et al. 2015). The
/// rest is Dropout's.
class Dropout2d final : public Module {
public:
    Dropout2d(double p, Generator& generator);
    Tensor forward(const Tensor& x) override;

private:
    double p_;
    Generator& generator_;
};

}  // namespace eps::nn
