// A generative adversarial network in the plane (Goodfellow et al. 2014).
//     gan [STEPS]
#include <varepsilon.h>

#include <cstdlib>
#include <iostream>

#include "plane.h"

using namespace eps;

/// Two hidden layers: [B, in] -> [B, out]
void add_layers(nn::Sequential& net, std::int64_t in, std::int64_t out) {
    net.add<nn::Linear>(in, 64).add<nn::ReLU>();
    net.add<nn::Linear>(64, 64).add<nn::ReLU>();
    net.add<nn::Linear>(64, out);
}

int main(int argc, char** argv) {
    const int steps = argc > 1 ? std::atoi(argv[1]) : 8000;

    nn::Sequential G, D;
    add_layers(G, 16, 2);  // noise z -> a sample
    add_layers(D, 2, 1);   // a sample -> the logit of the probability that it is data
    nn::Adam G_optimizer(G.parameters(), {.lr = 1e-3, .beta1 = 0.5});
    nn::Adam D_optimizer(D.parameters(), {.lr = 1e-3, .beta1 = 0.5});
    nn::EMA average(G, 0.99, /*warmup=*/true);

    const auto distance_to_data = [&] {
        const nn::Evaluation evaluation(G, average);
        return plane::energy_distance(G(randn({1000, 16})), plane::ring(1000));
    };
    const double before = distance_to_data();

    for (int step = 0; step < steps; ++step) {
        // A little noise on all that D reads joins the modes, so that G always has a gradient.
        const double blur = 0.3 * (1 - static_cast<double>(step) / steps);
        const auto read = [&](const Tensor& x) { return D(x + blur * randn(x.shape())); };

        // D ascends log D(x) + log(1 - D(G(z))).
        const Tensor x = plane::ring(256);
        const Tensor fake = detach(G(randn({256, 16})));
        const Tensor D_loss = -mean(log_sigmoid(read(x)) + log_sigmoid(-read(fake)));
        D_optimizer.zero_grad();
        backward(D_loss);
        D_optimizer.step();

        // G ascends log D(G(z)).
        const Tensor G_loss = -mean(log_sigmoid(read(G(randn({256, 16})))));
        G_optimizer.zero_grad();
        backward(G_loss);
        G_optimizer.step();
        average.update();

        if (step % 1000 == 0)
            std::cout << "step " << step << ": D's loss " << D_loss.item() << ", G's loss "
                      << G_loss.item() << "\n";
    }

    const nn::Evaluation evaluation(G, average);
    plane::print(G(randn({2000, 16})));
    const double after = distance_to_data();
    std::cout << "energy distance to the data: " << before << " -> " << after << "\n";
    return after < before / 2 ? 0 : 1;
}
