#pragma once
// The deep latent Gaussian model: L layers of Gaussian latent variables, each of which determines
// the mean of the layer below:
//
//     p(x, z_1, .., z_L) = p(x | f_0(z_1)) prod_{l=1}^{L-1} p(z_l | f_l(z_{l+1})) p(z_L)
//     p(z_L) = N(0, I),  p(z_l | f_l(z_{l+1})) = N(f_l(z_{l+1}), diag exp(log_var_l))
//
// log_var_l are parameters of the layer. All of z = (z_1, .., z_L) is one tensor, z_1 first, so
// that a flow can transform it. With linear f and L = 1 it is factor analysis; with equal variances
// of x, probabilistic PCA; as these go to 0, PCA.
// Source: Rezende, Mohamed & Wierstra 2014.
#include <memory>
#include <vector>

#include "models/free_energy.h"
#include "nn/sequential.h"

namespace eps::models::flow {

struct DlgmOptions {
    std::int64_t pixels = 784;
    std::vector<std::int64_t> latent = {40};  // dimensions of z_1, .., z_L
    std::int64_t width = 400, hidden = 2;     // the networks f; hidden = 0: linear
    std::int64_t maxout = 0;                  // pieces of Maxout instead of ReLU; 4 in the paper
    bool gaussian = false;  // p(x|z_1): Gaussian with a variance for each pixel, or Bernoulli
};

class Dlgm final : public nn::Module {
public:
    Dlgm(const DlgmOptions& options, Generator& generator);

    /// The terms of log p(x, z) in the order of the product, [.., B] each.
    struct Terms {
        Tensor likelihood;           // log p(x | f_0(z_1))
        std::vector<Tensor> layers;  // log p(z_l | f_l(z_{l+1})), l = 1 .. L - 1
        Tensor top;                  // log p(z_L)
        Tensor total() const;
    };
    /// x [B, P], z [.., B, D], D all latent dimensions.
    Terms terms(const Tensor& x, const Tensor& z);
    Tensor log_joint(const Tensor& x, const Tensor& z) { return terms(x, z).total(); }

    /// Ancestral sampling: z_L ~ N(0, I), then layer by layer down to z_1 -> [count, D]
    Tensor sample_prior(std::int64_t count, Generator& generator);
    /// Logits (Bernoulli) or means (Gaussian) of p(x|z_1): z [.., D] -> [.., P]
    Tensor decode(const Tensor& z);
    /// x ~ p(x|z) -> [.., P]
    Tensor sample_pixels(const Tensor& z, Generator& generator);
    std::int64_t latent() const;

private:
    std::vector<Tensor> layers_of(const Tensor& z) const;  // z_1, .., z_L

    DlgmOptions options_;
    std::vector<std::unique_ptr<nn::Sequential>> means_;  // f_0, .., f_{L-1}
    std::vector<std::unique_ptr<Tensor>> log_vars_;       // for z_1, .., z_{L-1}
    Tensor pixel_log_var_;                                // [P]; undefined for a Bernoulli
};

/// Line (4) of models/free_energy.h, with every term of log p(x, z_K) written out -> [B]
Tensor free_energy_by_layers(const FlowPosterior& q, Dlgm& model, const Tensor& x,
                             const PosteriorSample& sample);

/// x = W z + mu + noise, z ~ N(0, I), noise ~ N(0, diag psi), as a model of one linear layer in W's
/// dtype.
/// Shapes: W [P, D], mu and psi [P]
std::unique_ptr<Dlgm> factor_analysis(const Tensor& W, const Tensor& mu, const Tensor& psi);
/// Its marginal log N(x; mu, W W^T + diag psi) in closed form: x [B, P] -> [B]
Tensor factor_analysis_log_prob(const Tensor& x, const Tensor& W, const Tensor& mu,
                                const Tensor& psi);

/// Probabilistic PCA: the maximum-likelihood model with psi = sigma2 for every pixel, from data x
/// [N, P]. W = U (Lambda - sigma2 I)^1/2 from the leading eigenvectors of the covariance, and
/// sigma2 is the mean of the other eigenvalues.
/// Source: Tipping & Bishop 1999, eq. 7 and 8.
struct Ppca {
    Tensor W, mu;   // [P, latent], [P]
    Tensor sigma2;  // []
};
Ppca ppca(const Tensor& x, std::int64_t latent);

}  // namespace eps::models::flow
