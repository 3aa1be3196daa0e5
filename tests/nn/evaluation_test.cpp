// The scope of evaluation: what holds inside of it, and that its end restores everything.
#include "nn/evaluation.h"

#include <stdexcept>

#include "autograd/ops/elementwise/arithmetic.h"
#include "nn/layers/dropout.h"
#include "nn/layers/linear.h"
#include "nn/layers/norm.h"
#include "nn/optim/ema.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

/// weight x in f64, behind a dropout and a batch norm that is frozen in evaluation mode.
struct Net : nn::Module {
    Generator generator{3};
    nn::Dropout dropout{0.5, generator};
    nn::BatchNorm frozen{1};
    nn::Linear layer{1, 1, {.bias = false}};
    Net() {
        add("dropout", dropout);
        add("frozen", frozen);
        add("layer", layer);
        frozen.eval();
        set(1);
    }
    void set(double value) {
        NoGrad guard;
        layer.weight.fill_(value);
    }
    double weight() const { return layer.weight.item(); }
    Tensor forward(const Tensor& x) override { return layer(dropout(x)); }
};

struct Averaged {
    Net net;
    nn::EMA average{net, 0.5};
    Averaged() {
        net.set(3);
        average.update();  // (1 + 3) / 2
    }
    bool is_restored() {
        return grad_enabled() && net.is_training() && net.dropout.is_training() &&
               !net.frozen.is_training() && net.weight() == 3 &&
               average.shadow()[2].second.item() == 2 && !average.is_in(net);
    }
};

}  // namespace

TEST_CASE("in an Evaluation nothing is recorded, layers evaluate, and weights are the averages") {
    Averaged it;
    REQUIRE(it.is_restored());
    {
        const nn::Evaluation evaluation(it.net, it.average);
        CHECK_FALSE(grad_enabled());
        for (nn::Module* module : it.net.modules()) CHECK_FALSE(module->is_training());
        CHECK(it.net.weight() == 2);
        const Tensor y = it.net(tensor({1, 2, 3, 4}, {4, 1}));
        CHECK(y.to_vector() == std::vector<double>{2, 4, 6, 8});  // no dropout
        CHECK_FALSE(y.requires_grad());
        CHECK(it.net.layer.weight.requires_grad());
    }
    CHECK(it.is_restored());
    {
        const nn::Evaluation evaluation(it.net);
        CHECK(it.net.weight() == 3);
        CHECK_FALSE(it.net.is_training());
    }
    CHECK(it.is_restored());
}

TEST_CASE("Evaluations nest: the averages stay in until the scope that put them in ends") {
    Averaged it;
    {
        const nn::Evaluation outer(it.net, it.average);
        {
            const nn::Evaluation inner(it.net, it.average);
            CHECK(it.net.weight() == 2);
        }
        CHECK(it.net.weight() == 2);
        CHECK_FALSE(grad_enabled());
        CHECK_FALSE(it.net.is_training());
        { const nn::Evaluation inner(it.net); }
        CHECK(it.net.weight() == 2);
        CHECK_FALSE(it.net.dropout.is_training());
    }
    CHECK(it.is_restored());
    {
        const nn::Evaluation outer(it.net);
        {
            const nn::Evaluation inner(it.net, it.average);
            CHECK(it.net.weight() == 2);
        }
        CHECK(it.net.weight() == 3);
        CHECK_FALSE(it.net.is_training());
    }
    CHECK(it.is_restored());
}

TEST_CASE("an exception in an Evaluation, or of its constructor, leaves everything as it was") {
    Averaged it;
    try {
        const nn::Evaluation evaluation(it.net, it.average);
        throw std::runtime_error("in the scope");
    } catch (const std::runtime_error&) { CHECK(it.is_restored()); }
    nn::Linear other(2, 1);
    CHECK(contains(error_of([&] { nn::Evaluation(other, it.average); }), "EMA: the state does"));
    CHECK(other.is_training());
    CHECK(it.is_restored());
}

TEST_CASE("averages that are in a module can be neither updated nor put into another") {
    Averaged it;
    Net other;
    const nn::Evaluation evaluation(it.net, it.average);
    CHECK(contains(error_of([&] { it.average.update(); }), "are in the module at present"));
    CHECK(contains(error_of([&] { nn::Evaluation(other, it.average); }), "in another module"));
    CHECK(other.is_training());
}

TEST_CASE("modules() lists a module and all below it, each once") {
    struct Twice : nn::Module {
        nn::Linear layer{1, 1};
        Net net;
        Twice() {
            add("layer", layer);
            add("net", net);
            add("again", layer);
        }
    } twice;
    CHECK(twice.modules() == std::vector<nn::Module*>{&twice, &twice.layer, &twice.net,
                                                      &twice.net.dropout, &twice.net.frozen,
                                                      &twice.net.layer});
}
