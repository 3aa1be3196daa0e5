#pragma once
// Densities in the plane, on which one can watch a model learn. Most have an exact log-density to
// compare with.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::data {

struct Toy {
    std::string name;
    std::function<Tensor(std::int64_t n, Generator& generator)> sample;  // -> f32 [n, 2]
    std::function<Tensor(const Tensor& x)>
        log_density;   // [n, 2] -> f64 [n] in nats; null if unknown
    Tensor modes;      // f64 [K, 2]: the means of a mixture of Gaussians; undefined for all others
    double sigma = 0;  // the standard deviation of the Gaussians, or of the noise
    bool has_density() const { return static_cast<bool>(log_density); }
};

/// Eight Gaussians with means radius * (cos, sin)(2 pi i / 8).
/// Source: PacGAN (Lin et al. 2018), appendix, for the defaults.
Toy ring8(double radius = 1, double sigma = 0.01);
/// 25 Gaussians with means {-4, -2, 0, 2, 4}^2.
/// Source: PacGAN, for the default.
Toy grid25(double sigma = 0.05);
/// Two interleaved half circles with Gaussian noise: (cos t, sin t) and (1 - cos t, 1/2 - sin t),
/// with t uniform in [0, pi].
Toy moons(double sigma = 0.1);
/// Uniform on the 8 squares of side 2 in [-4, 4]^2 where floor(x/2) + floor(y/2) is even. Its
/// entropy is ln 32.
Toy checkerboard();
/// `arms` radial Gaussians at radius 1, sheared into spirals. It has no closed-form density.
/// Source: Johnson et al. 2016.
Toy pinwheel(int arms = 5, double radial = 0.3, double tangential = 0.05, double rate = 0.25);
/// Two spirals +-(t/3) (-cos t, sin t) with Gaussian noise; t = 3 pi sqrt(u), u uniform in [0, 1].
Toy spirals(double sigma = 0.1);

/// The names of all toys, in the order above.
std::vector<std::string> toy_names();
/// The toy of that name, with its defaults. Throws, listing the names, if there is none.
Toy make_toy(const std::string& name);

}  // namespace eps::data
