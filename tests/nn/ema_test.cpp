// The moving average: its formula, its exchange with a module, its state.
#include "nn/optim/ema.h"

#include "autograd/grad_mode.h"
#include "nn/layers/linear.h"
#include "nn/layers/norm.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

struct Net : nn::Module {
    nn::Linear layer{2, 1, {.dtype = f64}};
    Tensor seen = zeros({1}, {.dtype = f64});
    Net() {
        add("layer", layer);
        add_buffer("seen", seen);
    }
    void set(double value) {
        NoGrad guard;
        for (Tensor& p : parameters()) p.fill_(value);
        seen.fill_(value);
    }
};

double first(const Tensor& x) { return x.to_vector()[0]; }

}  // namespace

TEST_CASE("EMA follows its formula and leaves buffers alone") {
    Net net;
    net.set(1);
    nn::EMA average(net, 0.9);
    CHECK(average.shadow().size() == 2);
    CHECK(average.shadow()[0].first == "layer.weight");
    double expected = 1;
    for (int n = 0; n < 20; ++n) {
        net.set(n);
        average.update();
        expected = 0.9 * expected + 0.1 * n;
        CHECK(first(average.shadow()[1].second) == doctest::Approx(expected).epsilon(1e-14));
    }
    CHECK(average.update_count() == 20);
    CHECK(first(net.layer.weight) == 19);

    average.swap(net);
    CHECK(first(net.layer.weight) == doctest::Approx(expected));
    CHECK(first(net.seen) == 19);
    average.swap(net);
    CHECK(first(net.layer.weight) == 19);
    {
        nn::EmaScope scope(average, net);
        CHECK(first(net.layer.bias) == doctest::Approx(expected));
        CHECK(net.layer.bias.requires_grad());
    }
    CHECK(first(net.layer.bias) == 19);
    Net other;
    average.apply_to(other);
    CHECK(first(other.layer.weight) == doctest::Approx(expected));
    CHECK(first(other.seen) == 0);
}

TEST_CASE("EMA with warm-up starts with small decays") {
    Net net;
    net.set(1);
    nn::EMA average(net, 0.5, true);
    double expected = 1;
    for (int n = 0; n < 15; ++n) {
        const double d = std::min(0.5, (1.0 + n) / (10.0 + n));
        CHECK(average.next_decay() == d);
        net.set(n);
        average.update();
        expected = d * expected + (1 - d) * n;
        CHECK(first(average.shadow()[0].second) == doctest::Approx(expected).epsilon(1e-14));
    }
    CHECK(average.next_decay() == 0.5);
}

TEST_CASE("EMA resumes from its state with the same bits and throws on another module's state") {
    Net net;
    net.set(1);
    nn::EMA a(net, 0.9, true), b(net, 0.9, true);
    for (int n = 0; n < 3; ++n) {
        net.set(n * 0.37);
        a.update();
    }
    b.load_state_dict(a.state_dict());
    a.update();
    b.update();
    CHECK(same_bits(a.shadow()[0].second, b.shadow()[0].second));
    CHECK(b.update_count() == 4);

    nn::Linear other(3, 1);
    const auto before = other.weight.to_vector();
    CHECK(contains(error_of([&] { a.apply_to(other); }), "unknown layer.weight"));
    CHECK(contains(error_of([&] { a.swap(other); }), "missing weight"));
    CHECK(other.weight.to_vector() == before);
    CHECK(
        contains(error_of([&] { b.load_state_dict({}); }), "missing updates, shadow.layer.weight"));
    CHECK_THROWS_AS(nn::EMA(net, 1), Error);
    net.to(f32);
    CHECK(contains(error_of([&] { a.update(); }), "hint: make the EMA after to()"));
}

TEST_CASE("EMA averages floating-point buffers if asked to") {
    Net net;
    net.set(1);
    nn::EMA average(net, 0.9, false, true);
    REQUIRE(average.shadow().size() == 3);
    CHECK(average.shadow()[2].first == "seen");
    net.set(2);
    average.update();
    {
        nn::EmaScope scope(average, net);
        CHECK(first(net.seen) == doctest::Approx(1.1));
        CHECK(first(net.layer.bias) == doctest::Approx(1.1));
    }
    CHECK(first(net.seen) == 2);
    CHECK(first(average.shadow()[2].second) == doctest::Approx(1.1));

    nn::BatchNorm norm(3);  // its count of batches is no average
    CHECK(nn::EMA(norm, 0.9, false, true).shadow().size() == 4);
}
