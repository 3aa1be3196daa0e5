// `gan_2d`, `gan_mlp`, `gan_dc`: one discriminator step and one generator step (non-saturating), Adam with betas (0.5, 0.999). The
// generator step computes no gradient of the discriminator's weights.
#include <memory>

#include "bench/workload.h"
#include "nn/activation.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/norm.h"
#include "nn/optimizer.h"
#include "nn/sequential.h"
#include "varepsilon.h"

using namespace eps;

namespace {

/// [B, F] -> [B, C, H, W]
class Unflatten final : public nn::Module {
public:
    explicit Unflatten(Shape shape) : shape_(shape) {}
    Tensor forward(const Tensor& x) override { return reshape(x, {x.size(0), shape_[0], shape_[1], shape_[2]}); }

private:
    Shape shape_;
};

struct GanStep {
    Generator generator{1};
    nn::Sequential g, d;
    std::int64_t batch = 0, noise = 0;
    Tensor real;
    std::unique_ptr<nn::Adam> adam_g, adam_d;

    void finish() {
        const nn::AdamOptions options{.lr = 2e-4, .beta1 = 0.5, .beta2 = 0.999};
        adam_g = std::make_unique<nn::Adam>(g.parameters(), options);
        adam_d = std::make_unique<nn::Adam>(d.parameters(), options);
    }
    Tensor fake() { return g(randn({batch, noise}, {}, generator)); }
    // -log sigmoid(logit) and -log(1 - sigmoid(logit)), averaged
    static Tensor says_real(const Tensor& logits) { return mean(softplus(-logits)); }
    static Tensor says_fake(const Tensor& logits) { return mean(softplus(logits)); }

    void operator()() {
        Tensor made;
        {
            NoGrad guard;
            made = fake();
        }
        adam_d->zero_grad();
        backward(says_real(d(real)) + says_fake(d(made)));
        adam_d->step();

        d.requires_grad_(false);
        adam_g->zero_grad();
        backward(says_real(d(fake())));
        adam_g->step();
        d.requires_grad_(true);
    }
};

bench::Step step_of(const std::shared_ptr<GanStep>& gan) {
    gan->finish();
    return [gan] { (*gan)(); };
}

bench::Step gan_2d() {
    auto gan = std::make_shared<GanStep>();
    gan->g.add<nn::Linear>(2, 128).add<nn::ReLU>().add<nn::Linear>(128, 128).add<nn::ReLU>().add<nn::Linear>(128, 2);
    gan->d.add<nn::Linear>(2, 128).add<nn::ReLU>().add<nn::Linear>(128, 128).add<nn::ReLU>().add<nn::Linear>(128, 1);
    gan->batch = 256;
    gan->noise = 2;
    gan->real = randn({256, 2});
    return step_of(gan);
}

bench::Step gan_mlp() {
    auto gan = std::make_shared<GanStep>();
    gan->g.add<nn::Linear>(100, 1200).add<nn::ReLU>().add<nn::Linear>(1200, 1200).add<nn::ReLU>().add<nn::Linear>(1200, 784).add<nn::Sigmoid>();
    gan->d.add<nn::Linear>(784, 1200).add<nn::ReLU>().add<nn::Linear>(1200, 1200).add<nn::ReLU>().add<nn::Linear>(1200, 1);
    gan->batch = 100;
    gan->noise = 100;
    gan->real = rand({100, 784});
    return step_of(gan);
}

bench::Step gan_dc() {
    auto gan = std::make_shared<GanStep>();
    const auto up = [](std::int64_t stride, std::int64_t padding, bool bias) { return nn::ConvTranspose2dLayerOptions{.stride = stride, .padding = padding, .bias = bias}; };
    const auto down = [](bool bias) { return nn::Conv2dLayerOptions{.stride = 2, .padding = 1, .bias = bias}; };
    gan->g.add<Unflatten>(Shape{64, 1, 1}).add<nn::ConvTranspose2d>(64, 128, 7, up(1, 0, false)).add<nn::BatchNorm>(128).add<nn::ReLU>()
        .add<nn::ConvTranspose2d>(128, 64, 4, up(2, 1, false)).add<nn::BatchNorm>(64).add<nn::ReLU>()
        .add<nn::ConvTranspose2d>(64, 1, 4, up(2, 1, true)).add<nn::Tanh>();
    gan->d.add<nn::Conv2d>(1, 64, 4, down(true)).add<nn::LeakyReLU>(0.2).add<nn::Conv2d>(64, 128, 4, down(false)).add<nn::BatchNorm>(128)
        .add<nn::LeakyReLU>(0.2).add<nn::Flatten>().add<nn::Linear>(128 * 7 * 7, 1);
    gan->batch = 64;
    gan->noise = 64;
    gan->real = rand({64, 1, 28, 28}) * 2.0 - 1.0;
    return step_of(gan);
}

const int registered = bench::register_workload("gan_2d", gan_2d) + bench::register_workload("gan_mlp", gan_mlp) + bench::register_workload("gan_dc", gan_dc);

}  // namespace
