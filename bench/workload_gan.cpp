// `gan_2d`, `gan_mlp`, `gan_dc`: one discriminator step and one generator step (non-saturating), Adam with betas (0.5, 0.999). The
// generator step computes no gradient of the discriminator's weights.
#include <memory>

#include "bench/workload.h"
#include "models/gan/network.h"
#include "nn/optimizer.h"
#include "varepsilon.h"

using namespace eps;

namespace {

struct GanStep {
    Generator generator{1};
    models::gan::Pair pair;
    nn::Module &g, &d;
    std::int64_t noise;
    Tensor real;
    nn::Adam adam_g, adam_d;

    GanStep(const models::gan::NetworkOptions& options, models::gan::Pair (*make)(const models::gan::NetworkOptions&, Generator&), Tensor data)
        : pair(make(options, generator)), g(*pair.generator), d(*pair.discriminator), noise(options.noise), real(std::move(data)),
          adam_g(g.parameters(), {.lr = 2e-4, .beta1 = 0.5, .beta2 = 0.999}), adam_d(d.parameters(), {.lr = 2e-4, .beta1 = 0.5, .beta2 = 0.999}) {}

    Tensor fake() { return g(randn({real.size(0), noise}, {}, generator)); }
    // -log sigmoid(logit) and -log(1 - sigmoid(logit)), averaged
    static Tensor says_real(const Tensor& logits) { return mean(softplus(-logits)); }
    static Tensor says_fake(const Tensor& logits) { return mean(softplus(logits)); }

    void operator()() {
        Tensor made;
        {
            NoGrad guard;
            made = fake();
        }
        adam_d.zero_grad();
        backward(says_real(d(real)) + says_fake(d(made)));
        adam_d.step();

        d.requires_grad_(false);
        adam_g.zero_grad();
        backward(says_real(d(fake())));
        adam_g.step();
        d.requires_grad_(true);
    }
};

bench::Step step_of(std::shared_ptr<GanStep> gan) {
    return [gan] { (*gan)(); };
}
bench::Step gan_2d() {
    return step_of(std::make_shared<GanStep>(models::gan::NetworkOptions{.noise = 2, .width = 128}, models::gan::planar_mlp, randn({256, 2})));
}
bench::Step gan_mlp() {
    return step_of(std::make_shared<GanStep>(models::gan::NetworkOptions{.noise = 100, .width = 1200}, models::gan::image_mlp, rand({100, 784})));
}
bench::Step gan_dc() {
    return step_of(std::make_shared<GanStep>(models::gan::NetworkOptions{.noise = 64}, models::gan::dcgan_28, rand({64, 1, 28, 28}) * 2.0 - 1.0));
}

const int registered = bench::register_workload("gan_2d", gan_2d) + bench::register_workload("gan_mlp", gan_mlp) + bench::register_workload("gan_dc", gan_dc);

}  // namespace
