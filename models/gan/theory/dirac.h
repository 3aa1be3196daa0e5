#pragma once
// The Dirac-GAN of Mescheder, Geiger & Nowozin 2018 (definition 2.1), the smallest game that shows
// why GAN training need not converge. The data are the single point 0, the generator makes the
// single point theta, and the discriminator is linear, with logit a(x) = psi x. The only
// equilibrium is psi = theta = 0.
#include <array>
#include <complex>

namespace eps::models::gan {

struct DiracState {
    double psi = 0, theta = 0;  // D's and G's parameter
};
/// Rows: d psi', d theta'; columns: d psi, d theta.
using DiracJacobian = std::array<std::array<double, 2>, 2>;

/// Gradient descent of both players: D on softplus(psi theta) + log 2, G on softplus(-psi theta)
/// (the losses of the paper, the non-saturating one for G).
struct DiracGan {
    double rate = 0.1;  // h, of both players
    /// gamma: D also descends R1 = gamma/2 |grad_x a(0)|^2 = gamma/2 psi^2   (eq. 9)
    double penalty = 0;
    /// G's step uses D's new parameter, as in Algorithm 1; otherwise both step from the old ones.
    bool alternating = false;

    DiracState step(DiracState state) const;
    /// The step's Jacobian at the equilibrium.
    DiracJacobian jacobian() const;
    /// The eigenvalues l of that Jacobian. Near the equilibrium the step converges if both |l| < 1,
    /// and spirals away if one |l| > 1. With s = h / 2:
    ///
    ///     no penalty, simultaneous:  l = 1 +- i s, |l| = sqrt(1 + s^2) > 1 for every h
    ///     no penalty, alternating:   l = 1 - s^2/2 +- sqrt((1 - s^2/2)^2 - 1), |l| = 1 for s <= 2,
    ///                                so that it circles forever                     (section 2)
    ///     penalty, simultaneous:     |l|^2 = 1 - h gamma + s^2
    ///     penalty, alternating:      |l|^2 = 1 - h gamma, while l is not real       (section 3)
    std::array<std::complex<double>, 2> eigenvalues() const;
};

}  // namespace eps::models::gan
