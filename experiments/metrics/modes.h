#pragma once
// How many modes of a known mixture samples reach, by the protocol of PacGAN (Lin et al. 2018,
// section 4.1).
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::metrics {

struct ModeCoverage {
    std::int64_t modes = 0, of = 0;            // captured: at least one high-quality sample; of K
    double hq = 0, hq_se = 0;                  // share of high-quality samples
    double reverse_kl = 0, reverse_kl_se = 0;  // nats
};

/// samples f32 or f64 [n, D] against equally weighted modes [K, D] of standard deviation sigma.
///
/// A sample is of high quality if it lies within 3 sigma of the mode nearest to it; with c_k of
/// them at mode k, c = sum c_k, p_k = c_k / c, the reverse KL is KL(p || uniform) = sum_k p_k log(K
/// p_k), log K, the most it can be, where c = 0. Samples that are not finite are not of high
/// quality. Exact samples of a planar mixture give all K modes, hq 1 - e^(-9/2) = 0.98889 and a
/// reverse KL of about (K - 1) / 2c. Errors by the delta method.
ModeCoverage mode_coverage(const Tensor& samples, const Tensor& modes, double sigma);

/// The number of the mode [K, D] nearest to each sample [n, D]: i64 [n], the classes of a mixture's
/// samples.
Tensor nearest_mode(const Tensor& samples, const Tensor& modes);

}  // namespace eps::metrics
