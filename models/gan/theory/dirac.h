#pragma once
// The Dirac-GAN of Mescheder, Geiger & Nowozin 2018 (definition 2.1): the smallest game there is,
// and what is unstable about larger ones. The data are one point, 0; the generator is one point,
// theta; the discriminator is linear, with logit a(x) = psi x. The only equilibrium is (0, 0).
#include <array>
#include <complex>

namespace eps::models::gan {

struct DiracState {
    double psi = 0, theta = 0;  // D's and G's parameter
};
/// Rows: d psi', d theta'; columns: d psi, d theta.
using DiracJacobian = std::array<std::array<double, 2>, 2>;

/// One step of gradient descent for each player, on softplus(psi theta) + log 2 for D and on
/// softplus(-psi theta) for G: the losses of the paper, G's not saturating.
struct DiracGan {
    double rate = 0.1;  // h, of both players
    // gamma: D descends R1 = gamma/2 |grad_x a(0)|^2 = gamma/2 psi^2 as well   (eq. 9)
    double penalty = 0;
    // G answers D's new parameter, as in Algorithm 1; otherwise both step from the old ones
    bool alternating = false;

    DiracState step(DiracState state) const;
    /// Of the step, at the equilibrium.
    DiracJacobian jacobian() const;
    /// Of that Jacobian. The step converges near the equilibrium if both are less than 1 in
    /// absolute value, and spirals away if one is larger. With s = h/2, without penalty: 1 +- i s,
    /// so |l| = sqrt(1 + s^2) > 1 for every h; alternating, 1 - s^2/2 +- sqrt((1 - s^2/2)^2 - 1),
    /// so |l| = 1 exactly up to s = 2: it circles for ever (section 2). With one, |l|^2 = 1 - h
    /// gamma + s^2, and 1 - h gamma where the players alternate, as long as l is not real (section
    /// 3).
    std::array<std::complex<double>, 2> eigenvalues() const;
};

}  // namespace eps::models::gan
