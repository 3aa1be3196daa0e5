// The networks of the GANs: shapes, parameter counts by hand, where they start, what they reject.
#include "models/gan/network.h"

#include <cmath>
#include <doctest/doctest.h>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "nn/sequential.h"
#include "tensor/create.h"
#include "tensor/error.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;

namespace {

Tensor noise(std::int64_t m, std::int64_t features) {
    Generator generator(5);
    return randn({m, features}, generator);
}

// G's samples and D's logits of them, where D sees what G makes.
void check_play(const Pair& pair, std::int64_t noise_features, const Shape& sample) {
    const Tensor x = (*pair.generator)(noise(8, noise_features));
    CHECK(x.shape() == sample);
    CHECK((*pair.discriminator)(x).shape() == Shape{8, 1});
}

}  // namespace

TEST_CASE("gan networks: MLPs have the layers of their description") {
    Generator init(1);
    const Pair plane = planar_mlp({.noise = 2, .width = 128, .layers = 2}, init);
    check_play(plane, 2, {8, 2});
    CHECK(plane.generator->parameter_count() == 2 * 128 + 128 + 128 * 128 + 128 + 128 * 2 + 2);
    CHECK(plane.discriminator->parameter_count() == 2 * 128 + 128 + 128 * 128 + 128 + 128 + 1);

    const Pair image = image_mlp({.noise = 10, .width = 32, .layers = 1}, init);
    check_play(image, 10, {8, 784});
    const Tensor pixels = (*image.generator)(noise(8, 10));
    CHECK(min(pixels).item() >= 0);
    CHECK(max(pixels).item() <= 1);

    Generator dropout(2);
    const Pair maxout = maxout_mlp({.noise = 100}, init, dropout);
    check_play(maxout, 100, {8, 784});
    CHECK(maxout.generator->parameter_count() ==
          100 * 1200 + 1200 + 1200 * 1200 + 1200 + 1200 * 784 + 784);
    CHECK(maxout.discriminator->parameter_count() ==
          784 * 1200 + 1200 + 240 * 1200 + 1200 + 240 + 1);
    const std::uint64_t before = dropout.counter();
    maxout.discriminator->eval();
    (*maxout.discriminator)(rand({4, 784}, init));
    CHECK(dropout.counter() == before);  // no dropout in evaluation
    maxout.discriminator->train();
    (*maxout.discriminator)(rand({4, 784}, init));
    CHECK(dropout.counter() > before);
}

TEST_CASE("gan networks: the DCGAN of 28x28 images") {
    Generator init(1);
    for (const char* norm : {"batch", "group", "none"}) {
        CAPTURE(norm);
        const Pair pair = dcgan_28({.noise = 64, .norm = norm}, init);
        check_play(pair, 64, {8, 1, 28, 28});
        const bool norms = norm != std::string("none");
        const std::int64_t bias_or_norm = norms ? 2 : 1;  // a channel
        CHECK(pair.generator->parameter_count() ==
              64 * 128 * 49 + 128 * 64 * 16 + 64 * 16 + 1 + bias_or_norm * (128 + 64));
        CHECK(pair.discriminator->parameter_count() ==
              64 * 16 + 64 + 64 * 128 * 16 + bias_or_norm * 128 + 128 * 49 + 1);
        const Tensor x = (*pair.generator)(noise(8, 64));
        CHECK(min(x).item() >= -1);
        CHECK(max(x).item() <= 1);
    }
    const Pair pair = dcgan_28({.noise = 64}, init);
    const Tensor first = pair.generator->parameters().front();
    CHECK(std::abs(stddev(first).item() - 0.02) < 5e-4);
    CHECK(std::abs(mean(first).item()) < 5e-4);
}

TEST_CASE("gan networks: classes and packs widen the first layer") {
    Generator init(1), dropout(2);
    const NetworkOptions options{.noise = 5, .classes = 10, .pac = 3, .width = 16};
    const auto sees = [](const Pair& pair) {
        return pair.discriminator->parameters().front().size(1);
    };
    const auto reads = [](const Pair& pair) { return (*pair.generator)(noise(4, 15)).shape(); };
    CHECK(sees(planar_mlp(options, init)) == 3 * 12);
    CHECK(reads(planar_mlp(options, init)) == Shape{4, 2});
    CHECK(sees(maxout_mlp(options, init, dropout)) == 3 * 794);
    CHECK(reads(maxout_mlp(options, init, dropout)) == Shape{4, 784});
    CHECK(sees(dcgan_28(options, init)) == 3 * 11);
    CHECK(reads(dcgan_28(options, init)) == Shape{4, 1, 28, 28});
}

TEST_CASE("gan networks: minibatch standard deviation is one more feature before the last layer") {
    Generator init(1), dropout(2);
    const NetworkOptions plain{.width = 16}, stddev{.width = 16, .minibatch_stddev = true};
    const auto more = [&](auto make) {
        return make(stddev).discriminator->parameter_count() -
               make(plain).discriminator->parameter_count();
    };
    CHECK(more([&](const NetworkOptions& o) { return planar_mlp(o, init); }) == 1);
    CHECK(more([&](const NetworkOptions& o) { return maxout_mlp(o, init, dropout); }) == 1);
    CHECK(more([&](const NetworkOptions& o) { return dcgan_28(o, init); }) == 49);
    CHECK((*dcgan_28(stddev, init).discriminator)(randn({8, 1, 28, 28}, init)).shape() ==
          Shape{8, 1});
}

TEST_CASE(
    "gan networks: with spectral norm every layer of D has it, none is steeper than 1, and there "
    "is no other norm") {
    Generator init(1), dropout(2);
    const NetworkOptions options{.width = 16, .layers = 3, .spectral_norm = true};
    const auto rules = [](const Pair& pair) {
        std::int64_t count = 0;
        for (const auto& [name, tensor] : pair.discriminator->named_parameters()) {
            count += name.ends_with("parametrizations.weight.original");
            // a plain weight: of a layer without the rule, or of a norm
            CHECK_FALSE(name.ends_with(".weight"));
        }
        return count;
    };
    CHECK(rules(planar_mlp(options, init)) == 4);
    CHECK(rules(maxout_mlp(options, init, dropout)) == 3);
    CHECK(rules(dcgan_28(options, init)) == 3);

    NoGrad guard;
    const Pair pair = planar_mlp(options, init);
    const Tensor a = randn({200, 2}, init), b = randn({200, 2}, init);
    for (int i = 0; i < 50; ++i) (*pair.discriminator)(a);  // the power method settles
    pair.discriminator->eval();
    const Tensor rise = abs((*pair.discriminator)(a) - (*pair.discriminator)(b));
    const Tensor run = sqrt(sum(square(a - b), {1}, true));
    CHECK(max(rise / run).item() <= 1.001);
}

TEST_CASE("gan networks: bad options are one sentence") {
    Generator init(1), dropout(2);
    CHECK_THROWS_WITH_AS(planar_mlp({.noise = 0}, init),
                         doctest::Contains("needs at least one feature of noise; got 0"), Error);
    CHECK_THROWS_WITH_AS(planar_mlp({.layers = 0}, init),
                         doctest::Contains("at least one hidden layer"), Error);
    CHECK_THROWS_WITH_AS(image_mlp({.width = 0}, init),
                         doctest::Contains("needs a width of at least 1"), Error);
    CHECK_THROWS_WITH_AS(maxout_mlp({.pac = 0}, init, dropout), doctest::Contains("got pac = 0"),
                         Error);
    CHECK_THROWS_WITH_AS(dcgan_28({.classes = -1}, init),
                         doctest::Contains("negative number of classes"), Error);
    CHECK_THROWS_WITH_AS(dcgan_28({.norm = "layer"}, init),
                         doctest::Contains("expected one of batch, group, none"), Error);
}
