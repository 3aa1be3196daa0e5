// A normalizing flow of spline couplings in the plane (Durkan et al. 2019), by maximum likelihood.
//     flow [STEPS]
#include <varepsilon.h>

#include <cstdlib>
#include <iostream>

#include "plane.h"
#include <models/flow/catalog.h>
#include <models/flow/distribution.h>

using namespace eps;
using namespace eps::models;

int main(int argc, char** argv) {
    const int steps = argc > 1 ? std::atoi(argv[1]) : 1500;

    // q_K: what six invertible layers make of a standard normal distribution
    flow::FlowDistribution q(std::make_unique<flow::NormalBase>(Shape{2}),
                             flow::make_flow("spline", {.dim = 2, .k = 6}, default_generator()));
    nn::Adam optimizer(q.parameters(), {.lr = 2e-3});

    // The mean of -log q_K(x) in nats, which is least where q_K is the distribution of the data
    const auto negative_log_likelihood = [&](const Tensor& x) { return -mean(q.log_prob(x)); };
    const auto test_loss = [&] {
        const nn::Evaluation evaluation(q);
        return negative_log_likelihood(plane::ring(4000)).item();
    };
    const double before = test_loss();

    for (int step = 0; step < steps; ++step) {
        optimizer.set_learning_rate(nn::CosineLR{.lr = 2e-3, .steps = steps}.at(step));
        const Tensor x = plane::ring(256);  // [B, 2]
        const Tensor loss = negative_log_likelihood(x);
        optimizer.zero_grad();
        backward(loss);
        nn::clip_grad_norm_(q.parameters(), 5);
        optimizer.step();
        if (step % 250 == 0) std::cout << "step " << step << ": loss " << loss.item() << "\n";
    }

    const nn::Evaluation evaluation(q);
    plane::print(q.sample(2000, default_generator()));
    const double after = test_loss();
    std::cout << "-log q(x) of new data: " << before << " -> " << after << " nats\n";
    return after < before - 0.5 ? 0 : 1;
}
