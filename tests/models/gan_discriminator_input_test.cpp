// What the networks are shown: classes, packs, instance noise.
#include "models/gan/discriminator_input.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;
using namespace nn_test;

namespace {
Tensor classes_of(const std::vector<double>& y) {
    return tensor(y, {static_cast<std::int64_t>(y.size())}, {.dtype = i64});
}
}  // namespace

TEST_CASE("gan inputs: classes are further features, or constant planes") {
    const Tensor x = tensor({1, 2, 3, 4}, {2, 2});
    CHECK(condition(x, classes_of({2, 0}), 3).to_vector() ==
          std::vector<double>{1, 2, 0, 0, 1, 3, 4, 1, 0, 0});
    const Tensor images = condition(reshape(x, {2, 1, 1, 2}), classes_of({1, 0}), 2);
    CHECK(images.shape() == Shape{2, 3, 1, 2});
    CHECK(images.to_vector() == std::vector<double>{1, 2, 0, 0, 1, 1, 3, 4, 1, 1, 0, 0});
    CHECK(condition(zeros({0, 2}, {.dtype = f64}), classes_of({}), 3).shape() == Shape{0, 5});

    Tensor leaf = x * 1.0;
    leaf.requires_grad_();
    backward(sum(square(condition(leaf, classes_of({1, 1}), 2))));
    CHECK(leaf.grad().to_vector() == std::vector<double>{2, 4, 6, 8});
}

TEST_CASE("gan inputs: a pack is samples side by side") {
    const Tensor x = tensor({1, 2, 3, 4, 5, 6, 7, 8}, {4, 2});
    CHECK(pack(x, 2).shape() == Shape{2, 4});
    CHECK(pack(x, 2).to_vector() == x.to_vector());
    CHECK(pack(x, 1).same_as(x));
    const Tensor images = reshape(x, {4, 1, 1, 2});
    CHECK(pack(images, 4).shape() == Shape{1, 4, 1, 2});
    // the second channel: the second sample of each pack
    CHECK(select(pack(images, 2), 1, 1).to_vector() == std::vector<double>{3, 4, 7, 8});
}

TEST_CASE(
    "gan inputs: noise on what D sees, then classes, then packs; noise for G has its "
    "classes") {
    const Minibatch batch{zeros({4000, 2}, {.dtype = f64}),
                          classes_of(std::vector<double>(4000, 1))};
    const DiscriminatorInput shown{.classes = 2, .pac = 2, .instance_noise = 0.3};
    Generator generator(1);
    const Tensor x = reshape(shown(batch, generator), {4000, 4});
    const Tensor noise = narrow(x, 1, 0, 2);
    CHECK(std::abs(mean(noise).item()) < 4 * 0.3 / std::sqrt(8000.0));
    CHECK(stddev(noise).item() == doctest::Approx(0.3).epsilon(0.04));
    CHECK(max(select(x, 1, 2)).item() == 0);  // no noise on the classes
    CHECK(min(select(x, 1, 3)).item() == 1);
    CHECK(generator_input(batch, shown.classes).shape() == Shape{4000, 4});

    const std::uint64_t drawn = generator.counter();
    const DiscriminatorInput plain;
    CHECK(plain(batch, generator).same_as(batch.x));
    CHECK(generator_input({batch.x, {}}, 0).same_as(batch.x));
    CHECK(generator.counter() == drawn);
}

TEST_CASE("gan inputs: bad classes, packs and deviations throw") {
    const Tensor x = zeros({4, 2});
    CHECK(contains(error_of([&] { condition(x, {}, 3); }), "one class for each sample"));
    CHECK(contains(error_of([&] { condition(x, zeros({4}), 3); }), "expected i64 [4]"));
    CHECK(contains(error_of([&] { condition(x, classes_of({0, 1}), 3); }), "expected i64 [4]"));
    CHECK_FALSE(error_of([&] { condition(x, classes_of({0, 1, 2, 3}), 3); }).empty());
    CHECK_FALSE(error_of([&] { condition(x, classes_of({0, 1, 2, -1}), 3); }).empty());
    CHECK_FALSE(error_of([&] { condition(x, classes_of({0, 0, 0, 0}), 0); }).empty());
    CHECK(contains(error_of([&] {
                       condition(zeros({4}), classes_of({0, 0, 0, 0}), 1);
                   }),
                   "[m, F]"));
    CHECK(contains(error_of([&] { condition({}, classes_of({0}), 1); }), "[m, F]"));
    for (const std::int64_t pac : {3, 0, -1})
        CHECK(contains(error_of([&] { pack(x, pac); }), "packs must divide the batch"));
    Generator generator(1);
    CHECK(contains(error_of([&] {
                       DiscriminatorInput{.instance_noise = -1}({x, {}}, generator);
                   }),
                   "must not be negative"));
    CHECK_FALSE(error_of([&] { DiscriminatorInput{}({}, generator); }).empty());
}
