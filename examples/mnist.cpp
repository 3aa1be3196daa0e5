// A convolutional classifier of Fashion-MNIST, from images to the accuracy on the test set.
//     mnist [STEPS [FOLDER]]     FOLDER: where the four files of MNIST or Fashion-MNIST are;
//                                by default those of Debian's dataset-fashion-mnist
#include <varepsilon.h>

#include <cstdlib>
#include <iostream>

#include <experiments/data/images.h>

using namespace eps;

/// The share of images whose largest logit is that of their label.
double accuracy(nn::Module& net, const Tensor& images, const Tensor& labels) {
    const nn::Evaluation evaluation(net);
    double right = 0;
    for (std::int64_t start = 0; start < images.size(0); start += 1000) {
        const Tensor predicted = argmax(net(narrow(images, 0, start, 1000)), 1);
        right += sum(eq(predicted, narrow(labels, 0, start, 1000))).item();
    }
    return right / static_cast<double>(images.size(0));
}

int main(int argc, char** argv) try {
    const int steps = argc > 1 ? std::atoi(argv[1]) : 2000;
    const std::string folder = argc > 2 ? argv[2] : "";

    const data::ImageDataset train = data::load_images("fashion-mnist", "train", folder);
    const data::ImageDataset test = data::load_images("fashion-mnist", "test", folder);
    const auto pixels = [](const Tensor& images) { return unsqueeze(to(images, f32) / 255, 1); };
    const Tensor train_images = pixels(train.images);  // [N, 1, 28, 28] in [0, 1]
    const Tensor test_images = pixels(test.images);

    nn::Sequential net;
    net.add<nn::Conv2d>(1, 16, 3, {.padding = 1}).add<nn::ReLU>().add<nn::MaxPool2d>(2);
    net.add<nn::Conv2d>(16, 32, 3, {.padding = 1}).add<nn::ReLU>().add<nn::MaxPool2d>(2);
    net.add<nn::Flatten>().add<nn::Linear>(32 * 7 * 7, 10);
    std::cout << net << "\n";

    nn::Adam optimizer(net.parameters(), {.lr = 2e-3});
    for (int step = 0; step < steps; ++step) {
        const Tensor batch = randint(0, train_images.size(0), {128});
        const Tensor x = index_select(train_images, 0, batch);       // [B, 1, 28, 28]
        const Tensor labels = index_select(train.labels, 0, batch);  // [B]
        const Tensor loss = nn::cross_entropy(net(x), labels);
        optimizer.zero_grad();
        backward(loss);
        optimizer.step();
        if (step % 100 == 0) std::cout << "step " << step << ": loss " << loss.item() << "\n";
    }

    const double share = accuracy(net, test_images, test.labels);
    std::cout << "accuracy on the test set: " << 100 * share << "%\n";
    return share > 0.7 ? 0 : 1;
} catch (const data::DataUnavailable& error) {
    std::cerr << error.what() << "\n";
    return 77;  // ctest: skipped
}
