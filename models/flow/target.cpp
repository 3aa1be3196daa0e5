#include "models/flow/target.h"

#include <cmath>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/names.h"
#include "models/bijector.h"

namespace eps::models::flow {
namespace {

constexpr double kPi = std::numbers::pi;

// (x / deviation)^2 / 2, the negative logarithm of a Gaussian without its constant.
Tensor bowl(const Tensor& x, double deviation) {
    return square(x) * (0.5 / (deviation * deviation));
}
// -log(exp(-a) + exp(-b))
Tensor either(const Tensor& a, const Tensor& b) { return -logaddexp(-a, -b); }

Tensor z1(const Tensor& z) {
    check_vectors("energy", z, 2);
    return select(z, 1, 0);
}
Tensor z2(const Tensor& z) { return select(z, 1, 1); }
Tensor envelope(const Tensor& z) { return bowl(relu(abs(z1(z)) - 4.0), 0.25); }

// z2 - w1(z1), and the offsets w2 and w3 of the second branch.
Tensor from_wave(const Tensor& z) { return z2(z) - sin(z1(z) * (kPi / 2)); }
Tensor w2(const Tensor& z) { return 3.0 * exp(-bowl(z1(z) - 1.0, 0.6)); }
Tensor w3(const Tensor& z) { return 3.0 * sigmoid((z1(z) - 1.0) / 0.3); }

Tensor u1(const Tensor& z) {
    const Tensor x = z1(z);
    return bowl(norm(z, 2, {1}) - 2.0, 0.4) + either(bowl(x - 2.0, 0.6), bowl(x + 2.0, 0.6));
}
Tensor u2(const Tensor& z) { return bowl(from_wave(z), 0.4) + envelope(z); }
Tensor u3(const Tensor& z) {
    return either(bowl(from_wave(z), 0.35), bowl(from_wave(z) + w2(z), 0.35)) + envelope(z);
}
Tensor u4(const Tensor& z) {
    return either(bowl(from_wave(z), 0.4), bowl(from_wave(z) + w3(z), 0.35)) + envelope(z);
}

// log Z of U2 to U4: at every z1, exp(-U) is a sum of Gaussians in z2 whose deviations add up to
// `width`, and the envelope integrates to 8 + .25 sqrt(2 pi) over z1.
double log_z_of(double width) {
    return std::log((8 + 0.25 * std::sqrt(2 * kPi)) * width * std::sqrt(2 * kPi));
}

}  // namespace

const std::vector<Energy>& energies() {
    static const std::vector<Energy> all{
        {"U1", u1, 1.8775016261097},  // by quadrature
        {"U2", u2, log_z_of(0.4)},
        {"U3", u3, log_z_of(0.35 + 0.35)},
        {"U4", u4, log_z_of(0.4 + 0.35)},
    };
    return all;
}

const Energy& energy(const std::string& name) {
    return by_name("flow", "energy", energies(), name);
}

}  // namespace eps::models::flow
