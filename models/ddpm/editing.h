#pragma once
// What a trained model makes of images of which something is given: missing parts, and what lies
// between two of them.
#include "models/ddpm/sampler.h"

namespace eps::models::ddpm {

/// Keeps what is known: after each step x_s is a draw of q(x_s | known) where the mask is not 0,
/// and the known itself at s = 0   (Lugmayr et al. 2022, RePaint, eq. 8, without its jumps back).
/// known [B, ...]; mask broadcasts to it: not 0 where it is known. `noise` must outlive the
/// sampling.
Sampler::Constrain inpaint(const Schedule& schedule, const Tensor& known, const Tensor& mask,
                           SampleNoise& noise);

/// sin((1 - w) a) / sin(a) of one and sin(w a) / sin(a) of the other, a the angle between a sample
/// of each: noise between noises that keeps its length   (Shoemake 1985). [B, ...], [B, ...] -> [B,
/// ...]
Tensor slerp(const Tensor& from, const Tensor& to, double weight);

/// Both diffused to time t with the same noise, mixed in proportion, and sampled back from there by
/// `options`, whose `from` is t   (Ho et al. 2020, section 4.4). Noise by number from `seed`, equal
/// for every weight. -> [W, B, ...]
Tensor interpolate_diffused(const Schedule& schedule, const Denoiser& denoiser, const Tensor& from,
                            const Tensor& to, const std::vector<double>& weights,
                            const SamplerOptions& options, std::uint64_t seed);
/// Both inverted by DDIM, slerp of what comes out, and DDIM back   (Song et al. 2021, section 5.3).
/// -> [W, B, ...]
Tensor interpolate_latents(const Schedule& schedule, const Denoiser& denoiser, const Tensor& from,
                           const Tensor& to, const std::vector<double>& weights,
                           std::int64_t steps);

}  // namespace eps::models::ddpm
