#pragma once
// Editing images with a trained model: filling in missing parts, and interpolating between two.
#include "models/ddpm/sampler.h"

namespace eps::models::ddpm {

/// A constraint that keeps the known elements: after each step, x_s is replaced by a draw from
/// q(x_s | known) where the mask is not 0, and by the known values at s = 0. `noise` must outlive
/// the sampling.
/// Shapes: known [B, ...]; mask broadcasts to it.
/// Source: Lugmayr et al. 2022 (RePaint), eq. 8, without its jumps back.
Sampler::Constrain inpaint(const Schedule& schedule, const Tensor& known, const Tensor& mask,
                           SampleNoise& noise);

/// Spherical interpolation, sin((1 - w) a) / sin(a) from + sin(w a) / sin(a) to, where a is the
/// angle between the two samples. It keeps the length of noise vectors.
/// Shapes: [B, ...], [B, ...] -> [B, ...]
/// Source: Shoemake 1985.
Tensor slerp(const Tensor& from, const Tensor& to, double weight);

/// Diffuses both to time t = options.from with the same noise, mixes them linearly, and samples
/// back from there. The noise of each sample follows from `seed` and is the same for every weight
/// -> [W, B, ...]
/// Source: Ho et al. 2020, section 4.4.
Tensor interpolate_diffused(const Schedule& schedule, const Denoiser& denoiser, const Tensor& from,
                            const Tensor& to, const std::vector<double>& weights,
                            const SamplerOptions& options, std::uint64_t seed);
/// Inverts both by DDIM, interpolates the latents by slerp, and samples back by DDIM -> [W, B, ...]
/// Source: Song et al. 2021, section 5.3.
Tensor interpolate_latents(const Schedule& schedule, const Denoiser& denoiser, const Tensor& from,
                           const Tensor& to, const std::vector<double>& weights,
                           std::int64_t steps);

}  // namespace eps::models::ddpm
