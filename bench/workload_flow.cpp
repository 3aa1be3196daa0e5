// `planar_2d`: 32 planar flows (Rezende and Mohamed 2015) against the energy U1, batch 512. `vae_nf`: a VAE whose posterior passes 20 planar
// flows, batch 100. `realnvp_2d`: 8 affine couplings (Dinh et al. 2017), exact likelihood, batch 512. Adam.
#include <cmath>
#include <memory>

#include "bench/workload.h"
#include "nn/activation.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/optimizer.h"
#include "nn/sequential.h"
#include "varepsilon.h"

using namespace eps;

namespace {

/// f(z) = z + u_hat tanh(w z + b), u_hat = u + (m - w u) w / |w|^2 with w u_hat = m = softplus(w u) - 1 > -1; log |det| = log |1 + (1 - tanh^2) m|.
struct PlanarFlow : nn::Module {
    Tensor w, u, b;  // [D], [D], []
    PlanarFlow(std::int64_t dim, Generator& generator) : w(empty({dim})), u(empty({dim})), b(zeros({})) {
        nn::init::uniform_(w, -0.1, 0.1, generator);
        nn::init::uniform_(u, -0.1, 0.1, generator);
        add_parameter("w", w);
        add_parameter("u", u);
        add_parameter("b", b);
    }
    // z [B, D]; adds to log_det [B]
    Tensor apply(const Tensor& z, Tensor& log_det) const {
        const Tensor wu = sum(w * u), m = softplus(wu) - 1.0, u_hat = u + ((m - wu) / sum(square(w))) * w;
        const Tensor h = tanh(matmul(z, w) + b);
        log_det = log_det + planar_log_det(h, m);
        return z + unsqueeze(h, 1) * u_hat;
    }
};

struct PlanarStep {
    Generator generator{1};
    std::vector<std::unique_ptr<PlanarFlow>> flows;
    std::unique_ptr<nn::Adam> adam;
    PlanarStep() {
        std::vector<Tensor> parameters;
        for (int k = 0; k < 32; ++k) {
            flows.push_back(std::make_unique<PlanarFlow>(2, generator));
            for (const Tensor& p : flows.back()->parameters()) parameters.push_back(p);
        }
        adam = std::make_unique<nn::Adam>(parameters, nn::AdamOptions{.lr = 1e-3});
    }
    // ((|z| - 2) / 0.4)^2 / 2 - log(exp(-((z1 - 2) / 0.6)^2 / 2) + exp(-((z1 + 2) / 0.6)^2 / 2)), table 1 of the paper
    static Tensor energy(const Tensor& z) {
        const Tensor z1 = select(z, 1, 0), radius = norm(z, 2, {1});
        const Tensor left = square((z1 - 2.0) / 0.6) * -0.5, right = square((z1 + 2.0) / 0.6) * -0.5;
        return square((radius - 2.0) / 0.4) * 0.5 - logsumexp(stack({left, right}, 1), {1});
    }
    void operator()() {
        const Tensor z0 = randn({512, 2}, {}, generator);
        Tensor z = z0, log_det = zeros({512});
        for (const auto& flow : flows) z = flow->apply(z, log_det);
        const Tensor log_q0 = sum(square(z0), {1}) * -0.5 - std::log(2 * M_PI);
        const Tensor loss = mean(log_q0 - log_det + energy(z));
        adam->zero_grad();
        backward(loss);
        adam->step();
    }
};

struct VaeFlowStep {
    Generator generator{1};
    nn::Sequential encoder, decoder;
    std::vector<std::unique_ptr<PlanarFlow>> flows;
    std::unique_ptr<nn::Adam> adam;
    Tensor x = bernoulli(0.3, {100, 784}, {}, generator);
    VaeFlowStep() {
        encoder.add<nn::Linear>(784, 400).add<nn::ReLU>().add<nn::Linear>(400, 400).add<nn::ReLU>().add<nn::Linear>(400, 80);
        decoder.add<nn::Linear>(40, 400).add<nn::ReLU>().add<nn::Linear>(400, 400).add<nn::ReLU>().add<nn::Linear>(400, 784);
        std::vector<Tensor> parameters = encoder.parameters();
        for (const Tensor& p : decoder.parameters()) parameters.push_back(p);
        for (int k = 0; k < 20; ++k) {
            flows.push_back(std::make_unique<PlanarFlow>(40, generator));
            for (const Tensor& p : flows.back()->parameters()) parameters.push_back(p);
        }
        adam = std::make_unique<nn::Adam>(parameters, nn::AdamOptions{.lr = 1e-3});
    }
    void operator()() {
        const Tensor code = encoder(x), mu = narrow(code, 1, 0, 40), log_var = narrow(code, 1, 40, 40);
        const Tensor noise = randn({100, 40}, {}, generator), z0 = mu + exp(log_var * 0.5) * noise;
        Tensor z = z0, log_det = zeros({100});
        for (const auto& flow : flows) z = flow->apply(z, log_det);
        const Tensor log_q = sum(square(noise) + log_var, {1}) * -0.5 - log_det, log_prior = sum(square(z), {1}) * -0.5;
        const Tensor log_likelihood = -sum(nn::bce_with_logits_loss(decoder(z), x, nn::Reduction::none), {1});
        const Tensor loss = mean(log_q - log_prior - log_likelihood);
        adam->zero_grad();
        backward(loss);
        adam->step();
    }
};

struct RealNvpStep {
    Generator generator{1};
    std::vector<std::unique_ptr<nn::Sequential>> nets;  // 1 -> (log scale, shift) of the other coordinate
    std::unique_ptr<nn::Adam> adam;
    Tensor x = randn({512, 2}, {}, generator);
    RealNvpStep() {
        std::vector<Tensor> parameters;
        for (int k = 0; k < 8; ++k) {
            nets.push_back(std::make_unique<nn::Sequential>());
            nets.back()->add<nn::Linear>(1, 128).add<nn::ReLU>().add<nn::Linear>(128, 128).add<nn::ReLU>().add<nn::Linear>(128, 2);
            for (const Tensor& p : nets.back()->parameters()) parameters.push_back(p);
        }
        adam = std::make_unique<nn::Adam>(parameters, nn::AdamOptions{.lr = 1e-3});
    }
    void operator()() {
        Tensor a = narrow(x, 1, 0, 1), b = narrow(x, 1, 1, 1), log_det = zeros({512, 1});
        for (const auto& net : nets) {
            const Tensor st = (*net)(a), s = tanh(narrow(st, 1, 0, 1));
            const Tensor moved = affine_coupling(b, s, narrow(st, 1, 1, 1));
            log_det = log_det + s;
            b = a;
            a = moved;
        }
        const Tensor log_p = (square(a) + square(b)) * -0.5 - std::log(2 * M_PI) + log_det;
        adam->zero_grad();
        backward(-mean(log_p));
        adam->step();
    }
};

template <class T>
bench::Step make_step() {
    auto step = std::make_shared<T>();
    return [step] { (*step)(); };
}

const int registered = bench::register_workload("planar_2d", make_step<PlanarStep>) + bench::register_workload("vae_nf", make_step<VaeFlowStep>) +
                       bench::register_workload("realnvp_2d", make_step<RealNvpStep>);

}  // namespace
