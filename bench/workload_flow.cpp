// `planar_2d`: 32 planar flows (Rezende & Mohamed 2015) against the energy U1, batch 512.
// `vae_nf`: a VAE whose posterior is transformed by 20 planar flows, batch 100.
// `realnvp_2d`: 8 affine couplings (Dinh et al. 2017), exact likelihood, batch 512.
// All use Adam.
#include <cmath>
#include <memory>

#include "bench/workload.h"
#include "models/flow/catalog.h"
#include "models/flow/target.h"
#include "nn/layers/activation.h"
#include "nn/layers/linear.h"
#include "nn/loss.h"
#include "nn/optim/optimizer.h"
#include "nn/sequential.h"
#include "varepsilon.h"

using namespace eps;

namespace {

std::unique_ptr<models::Composition> planar_flows(int k, std::int64_t dim, Generator& generator,
                                                  Device device) {
    auto flow = models::flow::make_flow("planar", {.dim = dim, .k = k}, generator);
    flow->to(device);
    return flow;
}

struct PlanarStep {
    Device device;
    Generator generator{1};
    std::unique_ptr<models::Composition> flow = planar_flows(32, 2, generator, device);
    nn::Adam adam{flow->parameters(), nn::AdamOptions{.lr = 1e-3}};
    const models::flow::Energy& target = models::flow::energy("U1");
    void operator()() {
        const Tensor z0 = randn({512, 2}, {.device = device}, generator);
        const models::Transformed there = flow->transform(z0);
        const Tensor log_q0 = sum(square(z0), {1}) * -0.5 - std::log(2 * M_PI);
        const Tensor loss = mean(log_q0 - there.log_det + target.energy(there.z));
        adam.zero_grad();
        backward(loss);
        adam.step();
    }
};

struct VaeFlowStep {
    Generator generator{1};
    nn::Sequential encoder, decoder;
    std::unique_ptr<models::Composition> flow;
    std::unique_ptr<nn::Adam> adam;
    Tensor x;
    explicit VaeFlowStep(Device device)
        : flow(planar_flows(20, 40, generator, device)),
          x(bernoulli(0.3, {100, 784}, {.device = device}, generator)) {
        encoder.add<nn::Linear>(784, 400)
            .add<nn::ReLU>()
            .add<nn::Linear>(400, 400)
            .add<nn::ReLU>()
            .add<nn::Linear>(400, 80);
        decoder.add<nn::Linear>(40, 400)
            .add<nn::ReLU>()
            .add<nn::Linear>(400, 400)
            .add<nn::ReLU>()
            .add<nn::Linear>(400, 784);
        encoder.to(device);
        decoder.to(device);
        std::vector<Tensor> parameters = encoder.parameters();
        for (const nn::Module* module :
             {static_cast<nn::Module*>(&decoder), static_cast<nn::Module*>(flow.get())})
            for (const Tensor& p : module->parameters()) parameters.push_back(p);
        adam = std::make_unique<nn::Adam>(parameters, nn::AdamOptions{.lr = 1e-3});
    }
    void operator()() {
        const Tensor code = encoder(x), mu = narrow(code, 1, 0, 40),
                     log_var = narrow(code, 1, 40, 40);
        const Tensor noise = randn({100, 40}, x.options(), generator),
                     z0 = mu + exp(log_var * 0.5) * noise;
        const models::Transformed there = flow->transform(z0);
        const Tensor log_q = sum(square(noise) + log_var, {1}) * -0.5 - there.log_det,
                     log_prior = sum(square(there.z), {1}) * -0.5;
        const Tensor log_likelihood = -sum(
            nn::binary_cross_entropy_with_logits(decoder(there.z), x, nn::Reduction::none), {1});
        const Tensor loss = mean(log_q - log_prior - log_likelihood);
        adam->zero_grad();
        backward(loss);
        adam->step();
    }
};

struct RealNvpStep {
    Generator generator{1};
    // 1 -> (log scale, shift) of the other coordinate
    std::vector<std::unique_ptr<nn::Sequential>> nets;
    std::unique_ptr<nn::Adam> adam;
    Tensor x;
    explicit RealNvpStep(Device device) : x(randn({512, 2}, {.device = device}, generator)) {
        std::vector<Tensor> parameters;
        for (int k = 0; k < 8; ++k) {
            nets.push_back(std::make_unique<nn::Sequential>());
            nets.back()
                ->add<nn::Linear>(1, 128)
                .add<nn::ReLU>()
                .add<nn::Linear>(128, 128)
                .add<nn::ReLU>()
                .add<nn::Linear>(128, 2);
            nets.back()->to(device);
            for (const Tensor& p : nets.back()->parameters()) parameters.push_back(p);
        }
        adam = std::make_unique<nn::Adam>(parameters, nn::AdamOptions{.lr = 1e-3});
    }
    void operator()() {
        Tensor a = narrow(x, 1, 0, 1), b = narrow(x, 1, 1, 1),
               log_det = zeros({512, 1}, x.options());
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

template <class T> bench::WorkloadStep make_step(Device device) {
    auto step = std::shared_ptr<T>(new T{device});
    return [step] { (*step)(); };
}

const int registered = bench::register_workload("planar_2d", make_step<PlanarStep>) +
                       bench::register_workload("vae_nf", make_step<VaeFlowStep>) +
                       bench::register_workload("realnvp_2d", make_step<RealNvpStep>);

}  // namespace
