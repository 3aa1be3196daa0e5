// A variational autoencoder of Fashion-MNIST (Kingma & Welling 2014).
//     vae [STEPS [FOLDER]]     FOLDER: where the four files of MNIST or Fashion-MNIST are;
//                              by default those of Debian's dataset-fashion-mnist
#include <varepsilon.h>

#include <cstdlib>
#include <iostream>

#include <experiments/data/images.h>

using namespace eps;

/// Prints images [n, 784] in [0, 1] side by side, a character for two rows of a column.
void print(const Tensor& images) {
    const std::vector<double> pixels = images.to_vector();
    for (std::size_t row = 0; row < 28; row += 2) {
        for (std::size_t image = 0; image < pixels.size(); image += 784)
            for (std::size_t column = 0; column < 28; ++column)
                std::cout
                    << " .:-=+*#%@"[static_cast<int>(9.9 * pixels[image + row * 28 + column])];
        std::cout << "\n";
    }
}

struct Vae : nn::Module {
    nn::Sequential encoder, decoder;
    nn::Linear mu{400, 20}, log_var{400, 20};  // the heads of q(z|x), z [B, 20]

    Vae() {
        encoder.add<nn::Linear>(784, 400).add<nn::ReLU>();
        decoder.add<nn::Linear>(20, 400).add<nn::ReLU>().add<nn::Linear>(400, 784);
        add("encoder", encoder);
        add("mu", mu);
        add("log_var", log_var);
        add("decoder", decoder);
    }

    /// The bound E_q(z|x)[log p(x|z)] - KL(q(z|x) || N(0, I)), eq. 10: x [B, 784] -> [B], in nats
    Tensor elbo(const Tensor& x) {
        const Tensor h = encoder(x), m = mu(h), v = log_var(h);
        const Tensor z = m + exp(0.5 * v) * randn(m.shape());  // the reparameterisation trick
        const Tensor log_likelihood = -sum(bce_with_logits(decoder(z), x), {1});
        return log_likelihood - sum(kl_standard_normal(m, v), {1});
    }
};

int main(int argc, char** argv) try {
    const int steps = argc > 1 ? std::atoi(argv[1]) : 3000;
    const std::string folder = argc > 2 ? argv[2] : "";
    const data::ImageDataset data = data::load_images("fashion-mnist", "train", folder);
    const Tensor images = reshape(to(data.images, f32) / 255, {-1, 784});  // [N, 784] in [0, 1]

    Vae vae;
    std::cout << vae << "\n";
    nn::Adam optimizer(vae.parameters(), {.lr = 1e-3});

    double first = 0, last = 0;
    for (int step = 0; step < steps; ++step) {
        const Tensor x = index_select(images, 0, randint(0, images.size(0), {128}));
        const Tensor loss = -mean(vae.elbo(x));
        optimizer.zero_grad();
        backward(loss);
        optimizer.step();
        last = loss.item();
        if (step == 0) first = last;
        if (step % 250 == 0) std::cout << "step " << step << ": -ELBO " << last << " nats\n";
    }

    const nn::Evaluation evaluation(vae);
    print(sigmoid(vae.decoder(randn({4, 20}))));  // four samples
    std::cout << "-ELBO: " << first << " -> " << last << " nats\n";
    return last < first - 100 ? 0 : 1;
} catch (const data::DataUnavailable& error) {
    std::cerr << error.what() << "\n";
    return 77;  // ctest: skipped
}
