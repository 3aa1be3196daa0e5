// The networks: values, classes, learned variances, and the same samples for any batch.
#include <doctest/doctest.h>

#include <algorithm>

#include "models/ddpm/editing.h"
#include "models/ddpm/guidance.h"
#include "models/ddpm/mlp.h"
#include "models/ddpm/objective.h"
#include "models/ddpm/unet.h"
#include "nn/optim/optimizer.h"
#include "tests/golden/ddpm_golden.h"
#include "tests/models/ddpm_support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::ddpm;
using namespace eps::models::ddpm::test;

namespace {

UNetOptions small(Generator& init) {
    return {.image_size = 8,
            .base = 8,
            .multipliers = {1, 2},
            .blocks = 1,
            .attention_at = {4},
            .groups = 4,
            .generator = &init};
}

}  // namespace

TEST_CASE("the U-Net of ddpm_28 and its state dict") {
    Generator generator(1);
    UNet net({.generator = &generator});
    CHECK(net.parameter_count() == 1623169);
    const NamedTensors state = net.state_dict();
    CHECK(state.front().first == "time1.weight");
    CHECK(state.back().first == "last.bias");
    std::vector<std::string> names;
    for (const auto& [name, value] : state) names.push_back(name);
    for (const char* name :
         {"time2.bias", "first.weight", "down0_0.norm1.weight", "down0_resample.conv.weight",
          "down1_0_attention.qkv.weight", "middle1_attention.out.bias", "up2_0.skip.weight",
          "up0_2.conv2.bias", "last_norm.weight"})
        CHECK(std::find(names.begin(), names.end(), name) != names.end());
}

TEST_CASE("the U-Net computes what PyTorch's does") {
    Generator init(1);
    UNetOptions o = small(init);
    o.groups = 8;
    UNet net(o);
    net.to(f64);
    NamedTensors state = net.state_dict();
    std::sort(state.begin(), state.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t k = 0; k < state.size(); ++k) {
        Tensor& p = state[k].second;
        const double scale =
            p.rank() > 1
                ? std::sqrt(static_cast<double>(p.size(0)) / static_cast<double>(p.numel()))
                : 1;
        NoGrad guard;
        p.copy_(reshape(sin(arange(0, static_cast<double>(p.numel()), 1, {.dtype = f64}) * 1.7 +
                            static_cast<double>(k)) *
                            scale,
                        p.shape()));
    }
    const auto wave = [](double step) {
        return reshape(arange(0, 128, 1, {.dtype = f64}) * step, {2, 1, 8, 8});
    };
    Tensor x = sin(wave(0.9)).requires_grad_();
    const Tensor y = net.forward(x, tensor({3, 50}, {2}, {.dtype = i64}));
    const auto gradient = grad(sum(y * cos(wave(0.3))), {x});
    const auto values_of = [](const std::vector<double>& values) {
        return tensor(values, {2, 1, 8, 8}, {.dtype = f64});
    };
    // the time's sinusoids are f32 here
    CHECK(largest(y - values_of(golden::unet_output)) < 1e-5 * largest(y));
    CHECK(largest(gradient[0] - values_of(golden::unet_gradient)) < 1e-5 * largest(gradient[0]));
}

TEST_CASE("networks take classes, apply dropout in training only, and learn variances") {
    Generator init(2), masks(3);
    UNetOptions u = small(init);
    u.dropout = 0.3, u.classes = 3, u.learned_variance = true, u.masks = &masks;
    UNet unet(u);
    Mlp mlp({.data = 5,
             .width = 16,
             .blocks = 2,
             .dropout = 0.3,
             .classes = 3,
             .learned_variance = true,
             .generator = &init,
             .masks = &masks});
    const auto check_net = [&](Network& net, const Tensor& x, const Shape& out) {
        const Tensor t = tensor({1, 500}, {2}, {.dtype = i64});
        const Tensor classes = tensor({0, 2}, {2}, {.dtype = i64});
        const Tensor none = full({2}, 3, {.dtype = i64});
        net.eval();
        const Tensor y = net.forward(x, t, classes);
        CHECK(y.shape() == out);
        CHECK(largest(net.forward(x, t, none) - y) > 1e-4);
        CHECK(largest(net.forward(x, t, classes) - y) == 0);
        CHECK(largest(net.forward(x, to(t, f32), classes) - y) == 0);
        CHECK(largest(concat({net.denoiser()(x, t).predicted, net.denoiser()(x, t).v}, 1) -
                      net.forward(x, t, none)) == 0);
        net.train();
        CHECK(largest(net.forward(x, t, classes) - y) > 1e-4);
        const Generator before = masks;
        const Tensor once = net.forward(x, t, classes);
        masks = before;
        // the masks come from their generator alone
        CHECK(largest(net.forward(x, t, classes) - once) == 0);
        backward(sum(square(net.forward(x, t, classes))));
        for (const auto& parameter : net.named_parameters()) {
            CAPTURE(parameter.first);
            CHECK(parameter.second.grad().defined());
        }
        CHECK_THROWS_WITH_AS(net.forward(x, t, full({2}, 4, {.dtype = i64})),
                             "ddpm: no such class; got 4; expected 0 to 2, or 3 for none", Error);
        CHECK_THROWS_WITH_AS(net.forward(x, t),
                             doctest::Contains("the network was made with classes; got"), Error);
        CHECK_THROWS_WITH_AS(net.forward(x, full({3}, 1, {.dtype = i64}), classes),
                             doctest::Contains("one time for each sample"), Error);
    };
    Generator data(4);
    check_net(unet, randn({2, 1, 8, 8}, data), {2, 2, 8, 8});
    check_net(mlp, randn({2, 5}, data), {2, 10});
    CHECK(unet.class_count() == 3);
}

TEST_CASE("bad options and inputs of a network throw, naming them") {
    Generator init(5);
    UNetOptions u = small(init);
    u.image_size = 9;
    CHECK_THROWS_WITH_AS(UNet{u},
                         "UNet: the image cannot be halved at every level; got size 9 and 2 "
                         "levels; expected a multiple of 2",
                         Error);
    u.image_size = 8, u.multipliers = {1, 1, 1, 1, 1};
    CHECK_THROWS_WITH_AS(UNet{u}, doctest::Contains("expected a multiple of 16"), Error);
    u.multipliers = {};
    CHECK_THROWS_WITH_AS(UNet{u}, doctest::Contains("a level and a block"), Error);
    u = small(init), u.base = 6;
    CHECK_THROWS_AS(UNet{u}, Error);  // the groups do not divide it
    CHECK_THROWS_WITH_AS((Mlp{{.width = 5}}), doctest::Contains("even and at least 4"), Error);
    CHECK_THROWS_WITH_AS((Mlp{{.dropout = 2}}), doctest::Contains("not a probability"), Error);
    UNet net(small(init));
    const Tensor t = full({1}, 1, {.dtype = i64});
    CHECK_THROWS_WITH_AS(
        net.forward(zeros({1, 1, 9, 9}), t),
        doctest::Contains("was made for images [B, 1, 8, 8]; got f32 [1, 1, 9, 9]"), Error);
    CHECK_THROWS_WITH_AS(net.forward(zeros({1, 1, 8, 8}), t, t),
                         doctest::Contains("made without classes"), Error);
}

TEST_CASE("the samples of a seed do not depend on how they are batched") {
    Generator init(6);
    Mlp mlp({.width = 32, .blocks = 2, .generator = &init});
    UNet unet(small(init));
    const Schedule s = make_schedule("linear", 50);
    const auto rows = [&](Network& net, const Shape& shape, const SamplerOptions& o,
                          std::int64_t first, std::int64_t count) {
        SampleNoise noise(7, first, count);
        const Tensor xT = noise.normal(shape);
        return make_sampler(s, o)->sample(net.denoiser(), xT, noise);
    };
    const auto check_net = [&](Network& net, const Shape& shape) {
        for (const std::string& name : sampler_names()) {
            CAPTURE(name);
            const SamplerOptions o{.name = name, .steps = 5, .eta = name == "ddim" ? 0.5 : 0};
            const Tensor whole = rows(net, shape, o, 0, 5);
            const Tensor parts = concat(
                {rows(net, shape, o, 0, 1), rows(net, shape, o, 1, 3), rows(net, shape, o, 4, 1)});
            CHECK(whole.to_vector() == parts.to_vector());
            CHECK(largest(narrow(whole, 0, 0, 1) - narrow(whole, 0, 1, 1)) > 0);
        }
    };
    check_net(mlp, {2});
    check_net(unet, {1, 8, 8});
}

TEST_CASE("D19: losses are finite and fall, for ten seeds") {
    const Schedule s = make_schedule("linear", 100);
    const GaussianMixture data =
        GaussianMixture::isotropic(tensor({-1, 0, 1, .5, 0, -1}, {3, 2}, {.dtype = f64}), .01);
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        Generator generator(seed);
        Mlp net({.width = 32, .blocks = 1, .generator = &generator});
        nn::Adam adam(net.parameters(), {.lr = 3e-3});
        std::vector<double> losses;
        for (int i = 0; i < 120; ++i) {
            const Tensor x0 = to(data.sample(128, generator), f32);
            const Tensor t = randint(1, 101, {128}, generator), noise = randn({128, 2}, generator);
            const Tensor loss = mean(training_loss(s, net.denoiser(), x0, t, noise, {}));
            adam.zero_grad();
            backward(loss);
            adam.step();
            losses.push_back(loss.item());
            REQUIRE(std::isfinite(losses.back()));
        }
        double first = 0, last = 0;
        for (int i = 0; i < 20; ++i)
            first += losses[std::size_t(i)] / 20, last += losses[std::size_t(100 + i)] / 20;
        CHECK(last < 0.8 * first);
    }
}
