// The pieces of code that nn/README.md shows, compiled and run; a test compares the page with this
// file.
#include <varepsilon.h>

#include <iostream>

using namespace eps;

namespace {

/// A training step: forward, loss, backward, clipping, update, average.
double training_step(const Tensor& x, const Tensor& labels) {
    nn::Sequential net;
    net.add<nn::Linear>(784, 400).add<nn::ReLU>().add<nn::Dropout>(0.1).add<nn::Linear>(400, 10);
    nn::AdamW optimizer(net.parameters(), {.lr = 3e-4});
    nn::EMA average(net, 0.999);
    const nn::Schedule schedule =
        nn::LinearWarmup{.steps = 500, .then = nn::CosineLR{.lr = 3e-4, .steps = 20000}};

    optimizer.set_learning_rate(schedule.at(optimizer.step_count()));
    optimizer.zero_grad();
    backward(nn::cross_entropy(net(x), labels));  // x [B, 784], labels i64 [B]
    nn::clip_grad_norm_(net.parameters(), 1.0);
    optimizer.step();
    average.update();

    std::cout << net << "\n";

    const nn::Evaluation evaluation(net, average);
    const Tensor accuracy = mean(to(eq(argmax(net(x), 1), labels), f32));

    return accuracy.item();
}

/// A module of one's own.
struct Net : nn::Module {
    nn::Linear hidden{2, 64}, out{64, 1, {.bias = false}};
    Net() {
        add("hidden", hidden);
        add("out", out);
    }
    Tensor forward(const Tensor& x) override {  // [B, 2] -> [B, 1]
        return out(silu(hidden(x)));
    }
};

/// A batch in parts.
void accumulate(nn::Module& net, nn::Optimizer& optimizer, const Tensor& x) {
    optimizer.zero_grad();                   // once for each step, not for each part
    for (const Tensor& part : split(x, 25))  // [100, 784] -> four times [25, 784]
        backward(nn::mse_loss(net(part), part) * (25.0 / 100));
    nn::clip_grad_norm_(net.parameters(), 1.0);
    optimizer.step();
}

/// A loss that is scaled, for products of f16.
void scaled(nn::Module& net, nn::Optimizer& optimizer, const Tensor& x) {
    nn::GradScaler scaler;  // one for the whole training, like the optimiser

    optimizer.zero_grad();
    backward(scaler.scale(nn::mse_loss(net(x), x)));
    scaler.unscale_(optimizer);  // only needed before clipping
    nn::clip_grad_norm_(net.parameters(), 1.0);
    scaler.step(optimizer);  // skipped where a gradient is infinite or NaN
    scaler.update();
}

/// A discriminator with Lipschitz constant 1 in every layer, and its hinge loss.
void hinge(const Tensor& x, const Tensor& generated) {
    nn::Sequential critic;
    critic.add(nn::spectral_norm(std::make_unique<nn::Linear>(2, 64)))
        .add<nn::LeakyReLU>(0.2)
        .add(nn::spectral_norm(std::make_unique<nn::Linear>(64, 1)));
    const Tensor real = critic(x), fake = critic(detach(generated));
    backward(nn::hinge_loss(real, ones_like(real)) + nn::hinge_loss(fake, -ones_like(fake)));
}

}  // namespace

int main() {
    const Tensor x = rand({100, 784});
    training_step(x, randint(0, 10, {100}));
    Net net;
    std::cout << net << "\n" << net(randn({3, 2})) << "\n";
    nn::Linear autoencoder(784, 784);
    nn::SGD optimizer(autoencoder.parameters(), {.lr = 0.1});
    const double before = nn::mse_loss(autoencoder(x), x).item();
    accumulate(autoencoder, optimizer, x);
    scaled(autoencoder, optimizer, x);
    hinge(randn({8, 2}), randn({8, 2}));
    return nn::mse_loss(autoencoder(x), x).item() < before ? 0 : 1;
}
