#pragma once
// Densities in the plane that a model can be seen to learn, most of them with the exact log-density
// to be measured against.
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
    // [n, 2] -> f64 [n], nats; null where it is not known
    std::function<Tensor(const Tensor& x)> log_density;
    Tensor modes;      // f64 [K, 2]: the means of a mixture of Gaussians; undefined for the others
    double sigma = 0;  // the standard deviation of the Gaussians, or of the noise
    bool has_density() const { return static_cast<bool>(log_density); }
};

/// Eight Gaussians, means radius * (cos, sin)(2 pi i / 8). Defaults: PacGAN (Lin et al. 2018),
/// appendix.
Toy ring8(double radius = 1, double sigma = 0.01);
/// 25 Gaussians on {-4, -2, 0, 2, 4}^2. Defaults: PacGAN.
Toy grid25(double sigma = 0.05);
/// Two interleaved half circles, (cos t, sin t) and (1 - cos t, 1/2 - sin t), t uniform in [0, pi],
/// plus Gaussian noise.
Toy moons(double sigma = 0.1);
/// Uniform on the 8 squares of side 2 of [-4, 4]^2 in which floor(x/2) + floor(y/2) is even.
/// Entropy: ln 32.
Toy checkerboard();
/// `arms` radial Gaussians at radius 1, sheared into spirals (Johnson et al. 2016). No density.
Toy pinwheel(int arms = 5, double radial = 0.3, double tangential = 0.05, double rate = 0.25);
/// Two spirals +-(t/3) (-cos t, sin t), t = 3 pi sqrt(u), u uniform in [0, 1], plus Gaussian noise.
Toy spirals(double sigma = 0.1);

/// The names make_toy knows, in the order above.
std::vector<std::string> toy_names();
/// The toy of that name with its defaults; throws, listing the names, on another.
Toy make_toy(const std::string& name);

}  // namespace eps::data
