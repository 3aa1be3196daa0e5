#include "models/gan/penalty.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/names.h"

namespace eps::models::gan {
namespace {

// grad_x a(x) -> x's shape. Each logit depends on its own sample only, so the gradient of the sum
// of all logits holds every sample's gradient. Batch normalisation breaks that: then a sample's
// gradient is that of all logits.
Tensor input_gradient(const Critic& critic, const Tensor& x) {
    check(x.defined() && x.rank() >= 2, "gradient penalty", "needs x [B, ..]; got ", describe(x));
    const bool differentiable = grad_enabled();
    const GradMode recording(true);
    Tensor input = detach(x);
    input.requires_grad_();
    const Tensor logits = critic(input);
    check(logits.numel() == x.size(0), "gradient penalty",
          "the discriminator must give one logit for each sample; got ", describe(logits),
          "; expected ", x.size(0));
    return grad(sum(logits), {input}, {.create_graph = differentiable})[0];
}

// 1/2 E ||grad_x D(x)||^2 without a square root, whose derivative is infinite at 0.
Tensor half_squared_gradient(const Critic& critic, const Tensor& x) {
    return 0.5 * mean(sum(square(flatten(input_gradient(critic, x), 1)), {1}));
}

// E (||grad D|| - 1)^2 at a random point, t ~ U[0, 1), on the line from each sample to its example.
Tensor wgan_gp(const Critic& critic, const Tensor& real, const Tensor& fake, Generator& generator) {
    check(real.defined() && fake.defined() && real.shape() == fake.shape(), "wgan-gp",
          "needs as many samples as data, of one shape; got ", describe(real), " and ",
          describe(fake));
    Shape one_each = Dims::filled(real.rank(), 1);
    one_each[0] = real.size(0);
    const Tensor t = rand(one_each, real.options(), generator);
    return mean(square(input_gradient_norm(critic, t * real + (1.0 - t) * fake) - 1.0));
}

Tensor r1(const Critic& critic, const Tensor& real, const Tensor&, Generator&) {
    return half_squared_gradient(critic, real);
}
Tensor r2(const Critic& critic, const Tensor&, const Tensor& fake, Generator&) {
    return half_squared_gradient(critic, fake);
}
Tensor r1_and_r2(const Critic& critic, const Tensor& real, const Tensor& fake, Generator&) {
    return half_squared_gradient(critic, real) + half_squared_gradient(critic, fake);
}

}  // namespace

Tensor input_gradient_norm(const Critic& critic, const Tensor& x) {
    return norm(flatten(input_gradient(critic, x), 1), 2, {1});
}

const std::vector<Penalty>& penalties() {
    static const std::vector<Penalty> all{
        {"wgan-gp",
         "E (||grad D|| - 1)^2 between data and samples   (Gulrajani et al. 2017, eq. 3)", 10,
         wgan_gp},
        {"r1", "E ||grad D||^2 / 2 on data   (Mescheder et al. 2018, eq. 9)", 10, r1},
        {"r2", "E ||grad D||^2 / 2 on samples   (Mescheder et al. 2018, eq. 10)", 10, r2},
        {"r1+r2", "both   (Mescheder et al. 2018)", 10, r1_and_r2},
    };
    return all;
}

const Penalty& penalty(const std::string& name) {
    return by_name("gan", "gradient penalty", penalties(), name);
}

}  // namespace eps::models::gan
