#pragma once
// How many modes of a known mixture the samples reach.
// Source: PacGAN (Lin et al. 2018), section 4.1.
#include <cstdint>

#include "experiments/metrics/measured.h"
#include "tensor/tensor.h"

namespace eps::metrics {

struct ModeCoverage {
    std::int64_t modes = 0;  // captured modes: those with at least one high-quality sample
    std::int64_t of = 0;     // all modes, K
    Measured high_quality;   // share of high-quality samples
    Measured reverse_kl;     // in nats
};

/// Compares samples with equally weighted modes of standard deviation sigma.
///
/// A sample is of high quality if it lies within 3 sigma of its nearest mode; samples that are not
/// finite are not. With c_k such samples at mode k, c = sum_k c_k and p_k = c_k / c:
///     reverse KL = KL(p || uniform) = sum_k p_k log(K p_k)
/// It is log K, its maximum, if c = 0. Exact samples of a planar mixture give all K modes, a share
/// of 1 - e^(-9/2) = 0.98889 and a reverse KL of about (K - 1) / 2c. The standard error of the KL
/// is by the delta method. Shapes: samples f32 or f64 [n, D], modes [K, D].
ModeCoverage mode_coverage(const Tensor& samples, const Tensor& modes, double sigma);

/// The index of the mode nearest to each sample: the class of a mixture's sample.
/// Shapes: samples [n, D], modes [K, D] -> i64 [n].
Tensor nearest_mode(const Tensor& samples, const Tensor& modes);

}  // namespace eps::metrics
