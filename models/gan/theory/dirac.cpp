#include "models/gan/theory/dirac.h"

#include <cmath>

namespace eps::models::gan {
namespace {

// Right in both tails, for exp may overflow to infinity.
double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

}  // namespace

DiracState DiracGan::step(DiracState state) const {
    const auto [psi, theta] = state;
    const double next = psi - rate * (theta * sigmoid(psi * theta) + penalty * psi);
    const double opponent = alternating ? next : psi;  // D, as G's step finds it
    return {next, theta + rate * opponent * sigmoid(-opponent * theta)};
}

DiracJacobian DiracGan::jacobian() const {
    const double s = rate / 2;  // rate sigmoid(0)
    const double decay = 1 - rate * penalty;
    if (alternating) return {{{decay, -s}, {s * decay, 1 - s * s}}};
    return {{{decay, -s}, {s, 1}}};
}

std::array<std::complex<double>, 2> DiracGan::eigenvalues() const {
    const DiracJacobian J = jacobian();
    const double half_trace = (J[0][0] + J[1][1]) / 2;
    const double determinant = J[0][0] * J[1][1] - J[0][1] * J[1][0];
    const std::complex<double> root =
        std::sqrt(std::complex<double>(half_trace * half_trace - determinant));
    return {half_trace + root, half_trace - root};
}

}  // namespace eps::models::gan
