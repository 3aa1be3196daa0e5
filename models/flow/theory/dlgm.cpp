#include "models/flow/theory/dlgm.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/distributions/bernoulli.h"
#include "models/flow/conditioner.h"
#include "models/flow/theory/planar_free_energy.h"
#include "tensor/create.h"

namespace eps::models::flow {

Dlgm::Dlgm(const DlgmOptions& options, Generator& generator) : options_(options) {
    check(!options.latent.empty() && options.pixels >= 1, "dlgm",
          "needs at least one layer and one pixel; got ", options.latent.size(), " layers, ",
          options.pixels, " pixels");
    for (std::size_t l = 0; l < options.latent.size(); ++l) {
        const std::int64_t below = l == 0 ? options.pixels : options.latent[l - 1];
        check(options.latent[l] >= 1, "dlgm", "layer ", l + 1,
              " needs at least one dimension; got ", options.latent[l]);
        means_.push_back(mlp(options.latent[l], options.width, options.hidden, below, generator,
                             options.maxout));
        add("f" + std::to_string(l), *means_.back());
        if (l == 0) continue;
        log_vars_.push_back(std::make_unique<Tensor>(zeros({below})));
        add_parameter("log_var" + std::to_string(l), *log_vars_.back());
    }
    if (!options.gaussian) return;
    pixel_log_var_ = full({options.pixels}, -2.0);
    add_parameter("pixel_log_var", pixel_log_var_);
}

std::int64_t Dlgm::latent() const {
    return std::accumulate(options_.latent.begin(), options_.latent.end(), std::int64_t{0});
}

std::vector<Tensor> Dlgm::layers_of(const Tensor& z) const {
    check(z.defined() && z.rank() >= 1 && z.size(-1) == latent(), "dlgm", "got ", describe(z),
          "; expected all latent variables [.., ", latent(), "]");
    return split(z, options_.latent, -1);
}

Tensor Dlgm::Terms::total() const {
    Tensor sum = likelihood + top;
    for (const Tensor& layer : layers) sum = sum + layer;
    return sum;
}

Dlgm::Terms Dlgm::terms(const Tensor& x, const Tensor& z) {
    const std::vector<Tensor> layers = layers_of(z);
    const Tensor pixels = (*means_[0])(layers[0]);
    Terms terms;
    terms.likelihood = options_.gaussian ? DiagonalNormal{pixels, pixel_log_var_}.log_prob(x)
                                         : Bernoulli{pixels}.log_prob(x);
    for (std::size_t l = 1; l < layers.size(); ++l)
        terms.layers.push_back(
            DiagonalNormal{(*means_[l])(layers[l]), *log_vars_[l - 1]}.log_prob(layers[l - 1]));
    terms.top = standard_normal_log_prob(layers.back());
    return terms;
}

Tensor Dlgm::sample_prior(std::int64_t count, Generator& generator) {
    check(count >= 0, "dlgm", "a negative number of samples; got ", count);
    std::vector<Tensor> layers(options_.latent.size());
    const Options options = parameters()[0].options();
    for (std::size_t l = layers.size(); l-- > 0;) {
        const Tensor noise = randn({count, options_.latent[l]}, options, generator);
        layers[l] =
            l + 1 == layers.size()
                ? noise
                : DiagonalNormal{(*means_[l + 1])(layers[l + 1]), *log_vars_[l]}.sample_with(noise);
    }
    return concat(layers, 1);
}

Tensor Dlgm::decode(const Tensor& z) { return (*means_[0])(layers_of(z)[0]); }

Tensor Dlgm::sample_pixels(const Tensor& z, Generator& generator) {
    const Tensor pixels = decode(z);
    if (options_.gaussian) return DiagonalNormal{pixels, pixel_log_var_}.sample(generator);
    return Bernoulli{pixels}.sample(generator);
}

Tensor free_energy_by_layers(const FlowPosterior& q, Dlgm& model, const Tensor& x,
                             const PosteriorSample& sample) {
    auto* flow = dynamic_cast<Composition*>(q.flow);
    check(flow != nullptr, "free_energy", "expected a composition of planar flows");
    const Dlgm::Terms terms = model.terms(x, sample.z);
    Tensor joint = terms.likelihood;
    for (const Tensor& layer : terms.layers) joint = joint + layer;
    joint = joint + terms.top;
    return sample.log_q0 - joint - planar_log_det_literally(*flow, sample.z0, q.context);
}

std::unique_ptr<Dlgm> factor_analysis(const Tensor& W, const Tensor& mu, const Tensor& psi) {
    check(W.defined() && W.rank() == 2 && mu.defined() && psi.defined() &&
              mu.shape() == Shape{W.size(0)} && psi.shape() == mu.shape(),
          "factor_analysis", "needs W [P, D], mu [P] and psi [P]; got ", describe(W), ", ",
          describe(mu), ", ", describe(psi));
    Generator unused;
    auto model = std::make_unique<Dlgm>(
        DlgmOptions{.pixels = W.size(0), .latent = {W.size(1)}, .hidden = 0, .gaussian = true},
        unused);
    model->to(W.dtype());
    model->load_state_dict({{"f0.0.weight", W}, {"f0.0.bias", mu}, {"pixel_log_var", log(psi)}});
    return model;
}

Tensor factor_analysis_log_prob(const Tensor& x, const Tensor& W, const Tensor& mu,
                                const Tensor& psi) {
    const Tensor L = cholesky(matmul(W, transpose(W)) + diag(psi));
    const Tensor white = solve_triangular(L, transpose(x - mu));  // [P, B]
    const double constant = static_cast<double>(W.size(0)) * std::log(2 * std::numbers::pi);
    return sum(square(white), {0}) * -0.5 - logdet_triangular(L) - 0.5 * constant;
}

Ppca ppca(const Tensor& x, std::int64_t latent) {
    check(x.defined() && x.rank() == 2 && x.size(0) >= 2 && latent >= 1 && latent < x.size(1),
          "ppca", "needs data [N, P] and 1 <= latent < P; got ", describe(x), ", latent ", latent);
    const std::int64_t P = x.size(1);
    const Tensor mu = mean(x, {0}), centred = x - mu;
    // ascending
    const Eigh e = eigh(matmul(transpose(centred), centred) / static_cast<double>(x.size(0)));
    const Tensor sigma2 = mean(narrow(e.eigenvalues, 0, 0, P - latent));
    const Tensor leading = narrow(e.eigenvalues, 0, P - latent, latent);
    return {narrow(e.eigenvectors, 1, P - latent, latent) * sqrt(relu(leading - sigma2)), mu,
            sigma2};
}

}  // namespace eps::models::flow
