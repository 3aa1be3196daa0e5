// A denoising diffusion model in the plane (Ho et al. 2020).
//     ddpm [STEPS]
#include <varepsilon.h>

#include <cstdlib>
#include <iostream>

#include "plane.h"
#include <models/ddpm/algorithms.h>
#include <models/ddpm/mlp.h>

using namespace eps;
using namespace eps::models;

int main(int argc, char** argv) {
    const int steps = argc > 1 ? std::atoi(argv[1]) : 3000;
    const std::int64_t T = 100;  // steps of the diffusion

    const ddpm::Schedule schedule = ddpm::make_schedule("linear", T);
    ddpm::Mlp eps_theta({.data = 2, .width = 64, .blocks = 2});  // (x_t, t) -> the noise in x_t
    nn::Adam optimizer(eps_theta.parameters(), {.lr = 2e-3});
    nn::EMA average(eps_theta, 0.99, /*warmup=*/true);

    // Algorithm 2: from noise x_T to samples x_0, with averaged weights
    const auto sample = [&](std::int64_t count) {
        const nn::Evaluation evaluation(eps_theta, average);
        ddpm::SampleNoise noise(/*seed=*/1, 0, count);
        const Tensor xT = noise.normal({2});
        return ddpm::algorithm2(schedule, eps_theta.denoiser(), xT, ddpm::Variance::beta, noise);
    };
    const double before = plane::energy_distance(sample(1000), plane::ring(1000));

    // Algorithm 1
    for (int step = 0; step < steps; ++step) {
        const Tensor x0 = plane::ring(256);         // [B, 2]
        const Tensor t = randint(1, T + 1, {256});  // [B]
        const Tensor noise = randn({256, 2});       // [B, 2]
        const Tensor xt = ddpm::diffuse(schedule, x0, t, noise);
        const Tensor loss = nn::mse_loss(eps_theta.forward(xt, t), noise);
        optimizer.zero_grad();
        backward(loss);
        optimizer.step();
        average.update();
        if (step % 500 == 0) std::cout << "step " << step << ": loss " << loss.item() << "\n";
    }

    plane::print(sample(2000));
    const double after = plane::energy_distance(sample(1000), plane::ring(1000));
    std::cout << "energy distance to the data: " << before << " -> " << after << "\n";
    return after < before / 2 ? 0 : 1;
}
