#pragma once
// Planar flows push space away from the plane w^T z + b = 0, or pull it there, along u:
//
//     f(z) = z + u_hat h,  h = tanh(w^T z + b)
//     log |det| = log |1 + u_hat^T psi(z)|,  psi(z) = (1 - h^2) w
//
// f is invertible where w^T u_hat > -1, so u_hat is computed from a free u:
//
//     u_hat = u + (m(w^T u) - w^T u) w / ||w||^2,  m(x) = softplus(x) - 1 > -1,
//
// with which w^T u_hat = m(w^T u). The norm is squared.
// Source: Rezende & Mohamed 2015, eq. 10 to 12 and appendix A.1.
#include "models/bijector.h"
#include "nn/layers/linear.h"

namespace eps::models::flow {

/// The constrained parameters; m = w^T u_hat.
/// Shapes: w, u_hat [D] and b, m [] for the whole batch; or [B, D] and [B] for each sample
struct PlanarMap {
    Tensor w, u_hat, b, m;
};
/// u_hat and m from free parameters, with two guards against rounding. softplus(x) - 1 rounds to -1
/// for x < -17.4 in f32, where a sample with h = 0 would have log 0, so 8 units in the last place
/// are added. And where w goes to 0, which the constraint divides by, m goes to 0, as it must for a
/// map that becomes a translation.
PlanarMap constrain_planar(const Tensor& w, const Tensor& u, const Tensor& b);

/// h = tanh(w^T z + b): z [B, D] -> [B]
Tensor planar_activation(const PlanarMap& f, const Tensor& z);
/// The unique root a of a + m tanh(a + b) = c: a = w^T z for the z that a planar map takes to z'
/// with w^T z' = c. Found in f64 by Newton's method within a bracket that every step narrows.
/// Derivatives of every order follow from the implicit function theorem:
///     da/dc = 1 / s,  da/dm = -h / s,  da/db = -m (1 - h^2) / s,  s = 1 + m (1 - h^2)
/// Shapes: all [B]
Tensor planar_root(const Tensor& c, const Tensor& m, const Tensor& b);

/// For points [B, dim]. With a context, w, u and b of each sample are a linear function of it
/// (amortised inference, section 4 of the paper).
class Planar final : public Bijector {
public:
    Planar(std::int64_t dim, Generator& generator, std::int64_t context = 0);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Tensor map(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "planar"; }

    /// The constrained parameters for this batch.
    PlanarMap parameters_for(const Tensor& z, const Tensor& context = {});

    Tensor w, u, b;  // [D], [D], []; undefined with a context

private:
    /// Initialises the head with a w of length 1 for every context, and u with w^T u = ln(e - 1),
    /// so that m and u_hat are 0. With a small u, m would be near -.3, and each layer would shrink
    /// z by that share along its w: after 10000 steps on MNIST the bound with ten such layers
    /// was 3.4 nats worse than with none.
    void begin_as_identity();

    std::int64_t dim_, context_;
    std::unique_ptr<nn::Linear> head_;  // context -> w, u, b
};

}  // namespace eps::models::flow
