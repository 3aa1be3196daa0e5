// Penalties on D's gradient: PyTorch's numbers, and second derivatives through the DCGAN's
// discriminator.
#include "models/gan/penalty.h"

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/gan/network.h"
#include "models/gan/objective.h"
#include "models/gan/unrolled.h"
#include "nn/functional_call.h"
#include "nn/layers/linear.h"
#include "nn/sequential.h"
#include "tests/golden/gan_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;
using namespace nn_test;

namespace {

// D(x) = v tanh(W x), that of make_gan_golden.py.
struct Small {
    Tensor W = spread({3, 2}, 0.4).requires_grad_(), v = spread(Shape{3}, 1.3).requires_grad_();
    Tensor operator()(const Tensor& x) const { return matmul(tanh(matmul(x, transpose(W))), v); }
};

// A DCGAN in f64, of the least width, with weights large enough to be seen in a difference
// quotient.
Pair small_dcgan(const char* norm = "batch") {
    Generator init(3);
    Pair pair = dcgan_28({.noise = 1, .width = 1, .norm = norm}, init);
    for (nn::Module* module : {pair.generator.get(), pair.discriminator.get()}) {
        module->to(f64);
        NoGrad guard;
        for (Tensor& p : module->parameters())
            p.copy_(0.4 * randn(p.shape(), p.options(), init) + 0.1);
    }
    return pair;
}

// f(), whose first derivatives are second ones through the module already, by gradcheck and
// gradgradcheck in the module's parameters.
template <class F> void check_gradients(nn::Module& module, const char* name, F&& f) {
    const NamedTensors own = module.named_parameters();
    std::vector<Tensor> inputs;
    for (const auto& [parameter, p] : own) inputs.push_back(clone(detach(p)).requires_grad_());
    const auto of_parameters = [&](const std::vector<Tensor>& in) {
        NamedTensors given;
        for (std::size_t i = 0; i < in.size(); ++i) given.emplace_back(own[i].first, in[i]);
        const nn::FunctionalScope scope(module, given);
        const Tensor y = f();
        CHECK(std::abs(y.item()) > 1e-2);  // there is something to differentiate
        return y;
    };
    gradcheck(of_parameters, inputs, {.name = name});
    gradgradcheck(of_parameters, inputs, {.name = name});
}

}  // namespace

TEST_CASE("gradient penalties: values and gradients are PyTorch's") {
    const Small d;
    const Critic critic = d;
    const Tensor real = spread({4, 2}, 2.0), fake = spread({4, 2}, 0.7);
    Generator generator(1);
    CHECK(distance(input_gradient_norm(critic, real), golden::gan_gradient_norm) < 1e-14);
    const auto check_one = [&](const char* name, const Tensor& samples,
                               const std::vector<double>& expected) {
        CAPTURE(name);
        const Tensor p = penalty(name).of(critic, real, samples, generator);
        std::vector<double> got{p.item()};
        for (const Tensor& g : grad(p, {d.W, d.v}))
            for (double x : g.to_vector()) got.push_back(x);
        CHECK(distance(got, expected) < 1e-14);
    };
    check_one("r1", fake, golden::gan_r1);
    check_one("r2", fake, golden::gan_r2);
    check_one("r1+r2", fake, golden::gan_r1_r2);
    check_one("wgan-gp", real, golden::gan_gp_at_data);  // every point between x and x is x
}

TEST_CASE("gradient penalties: WGAN-GP looks at one point of each line, drawn uniformly") {
    const Tensor real = ones({2000, 2, 1}, {.dtype = f64});
    const Tensor fake = zeros({2000, 2, 1}, {.dtype = f64});
    Tensor seen;
    const Critic critic = [&](const Tensor& x) {
        seen = detach(x);
        return sum(x, {1, 2});
    };
    Generator generator(2);
    const double p = penalty("wgan-gp").of(critic, real, fake, generator).item();
    // |grad| = sqrt 2 everywhere
    CHECK(p == doctest::Approx((std::sqrt(2.0) - 1) * (std::sqrt(2.0) - 1)).epsilon(1e-14));
    CHECK(same_bits(select(seen, 1, 0), select(seen, 1, 1)));  // one t a sample
    CHECK(std::abs(mean(seen).item() - 0.5) < 4 / std::sqrt(12.0 * 2000));
    CHECK(var(select(seen, 1, 0)).item() == doctest::Approx(1.0 / 12).epsilon(0.1));
}

TEST_CASE("gradient penalties: at a flat D they are finite, without recording they are values") {
    nn::Sequential flat;
    flat.add<nn::Linear>(2, 1, nn::LinearOptions{.dtype = f64});
    for (Tensor& p : flat.parameters()) {
        NoGrad guard;
        p.zero_();
    }
    const Critic critic = [&](const Tensor& x) { return flat(x); };
    const Tensor x = spread({3, 2}, 0.1);
    Generator generator(1);
    for (const Penalty& p : penalties()) {
        CAPTURE(p.name);
        const Tensor at_zero = p.of(critic, x, x, generator);
        CHECK(at_zero.item() == (p.name == "wgan-gp" ? 1 : 0));
        flat.zero_grad();
        backward(at_zero);
        CHECK(sum(abs(flat.parameters()[0].grad())).item() == 0);
        NoGrad guard;
        const Tensor value = p.of(critic, x, x, generator);
        CHECK(value.item() == at_zero.item());
        CHECK_FALSE(value.requires_grad());
    }
}

TEST_CASE("gradient penalties: their derivatives through the DCGAN's discriminator") {
    Generator data(4);
    const Tensor real = randn({3, 1, 28, 28}, {.dtype = f64}, data);
    const Tensor fake = randn({3, 1, 28, 28}, {.dtype = f64}, data);
    for (const char* norm : {"batch", "group"})
        for (const char* name : {"wgan-gp", "r1", "r2"}) {
            const Pair pair = small_dcgan(norm);
            nn::Module& d = *pair.discriminator;
            check_gradients(d, name, [&] {
                Generator generator(5);
                return penalty(name).of([&](const Tensor& x) { return d(x); }, real, fake,
                                        generator);
            });
        }
}

TEST_CASE("unrolled GAN: the generator's loss through two steps of the DCGAN's discriminator") {
    const Pair pair = small_dcgan();
    nn::Module &g = *pair.generator, &d = *pair.discriminator;
    Generator data(6);
    const Tensor real = randn({3, 1, 28, 28}, {.dtype = f64}, data);
    const Tensor z = randn({3, 1}, {.dtype = f64}, data);
    const Objective& o = objective("non-saturating");
    check_gradients(g, "unrolled", [&] {
        const Tensor samples = g(z);
        const nn::FunctionalScope ahead(
            d, unrolled(
                   d, [&] { return o.discriminator_loss(d(real), d(samples), 1); }, 2, 0.05));
        return o.generator_loss({}, d(samples));
    });
}

TEST_CASE("unrolled GAN: parameters and gradient are PyTorch's, the discriminator keeps its own") {
    nn::Linear d(2, 1, {.dtype = f64});
    {
        NoGrad guard;
        d.weight.copy_(spread({1, 2}, 0.5));
        d.bias.copy_(spread(Shape{1}, 1.1));
    }
    const Tensor real = spread({4, 2}, 2.0);
    Tensor samples = spread({4, 2}, 0.7);
    samples.requires_grad_();
    const Objective& o = objective("non-saturating");
    const auto loss = [&] { return o.discriminator_loss(d(real), d(samples), 1); };
    const NamedTensors ahead = unrolled(d, loss, 3, 0.3);
    CHECK(distance(concat({flatten(ahead[0].second), ahead[1].second}),
                   golden::gan_unrolled_parameters) < 1e-14);
    {
        const nn::FunctionalScope scope(d, ahead);
        const Tensor l = o.generator_loss({}, d(samples));
        CHECK(std::abs(l.item() - golden::gan_unrolled[0]) < 1e-14);
        CHECK(distance(grad(l, {samples})[0],
                       {golden::gan_unrolled.begin() + 1, golden::gan_unrolled.end()}) < 1e-14);
    }
    CHECK(same_bits(d.weight, spread({1, 2}, 0.5)));
    CHECK_FALSE(d.weight.grad().defined());
    CHECK(same_bits(unrolled(d, loss, 0, 0.3)[0].second, d.weight));
    {
        NoGrad guard;
        const NamedTensors values = unrolled(d, loss, 3, 0.3);
        CHECK(same_bits(values[0].second, ahead[0].second));
        CHECK_FALSE(values[0].second.requires_grad());
    }
    d.bias.requires_grad_(false);  // what is not trained does not move
    const NamedTensors one = unrolled(d, loss, 1, 0.3);
    CHECK(same_bits(one[1].second, d.bias));
    CHECK_FALSE(same_bits(one[0].second, d.weight));
    CHECK(contains(error_of([&] { unrolled(d, loss, -1, 0.3); }), "got -1"));
    CHECK(
        contains(error_of([&] { unrolled(d, loss, 1, 0); }), "the learning rate must be positive"));
}

TEST_CASE("gradient penalties: bad shapes and unknown names throw") {
    const Critic critic = Small();
    Generator generator(1);
    const Tensor x = spread({4, 2}, 0);
    CHECK(contains(error_of([] { penalty("gp"); }), "expected one of wgan-gp, r1, r2, r1+r2"));
    CHECK(contains(error_of([&] {
                       penalty("wgan-gp").of(critic, x, spread({3, 2}, 0), generator);
                   }),
                   "of one shape"));
    CHECK(
        contains(error_of([&] { penalty("r2").of(critic, x, {}, generator); }), "needs x [B, ..]"));
    CHECK(contains(
        error_of([&] { input_gradient_norm([](const Tensor& in) { return in * 2.0; }, x); }),
        "one logit for each sample"));
    // a D that reads nothing
    CHECK_FALSE(error_of([&] {
                    input_gradient_norm([](const Tensor&) { return zeros({4}); }, x);
                }).empty());
}
