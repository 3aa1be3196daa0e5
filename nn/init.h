#pragma once
// Initial values of parameters. Each function overwrites x (f32 or f64, on any device) with draws
// from a generator that the caller owns, and returns x. Nothing is recorded.
//
// For a weight [out, in, k1, k2, ..], fan_in is in k1 k2 .. and fan_out is out k1 k2 ..; a tensor
// of rank below 2 has neither and throws. Gains: 1 for linear layers and sigmoid, 5/3 for tanh,
// sqrt(2) for ReLU, 3/4 for SELU.
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::nn::init {

enum class Fan { in, out };
/// fan_in or fan_out of a weight of this shape: the inputs or outputs of one unit.
std::int64_t fan(const Shape& shape, Fan fan);

/// U(lo, hi)
Tensor& uniform_(Tensor& x, double lo, double hi, Generator& generator);
/// N(mean, deviation^2)
Tensor& normal_(Tensor& x, double mean, double deviation, Generator& generator);
Tensor& zeros_(Tensor& x);

/// U(-a, a), a = gain sqrt(6 / (fan_in + fan_out))
/// Source: Glorot & Bengio 2010, eq. 16.
Tensor& xavier_uniform_(Tensor& x, Generator& generator, double gain = 1);
/// N(0, gain^2 2 / (fan_in + fan_out))
/// Source: Glorot & Bengio 2010, eq. 12.
Tensor& xavier_normal_(Tensor& x, Generator& generator, double gain = 1);

/// For layers before a leaky ReLU of this slope: gain^2 = 2 / (1 + slope^2).
struct KaimingOptions {
    Fan mode = Fan::in;
    double slope = 0;
};
/// U(-a, a), a = gain sqrt(3 / fan)
/// Source: He et al. 2015, eq. 15.
Tensor& kaiming_uniform_(Tensor& x, Generator& generator, KaimingOptions options = {});
/// N(0, gain^2 / fan)
/// Source: He et al. 2015, eq. 15.
Tensor& kaiming_normal_(Tensor& x, Generator& generator, KaimingOptions options = {});

}  // namespace eps::nn::init
