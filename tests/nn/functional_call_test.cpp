// A module with other tensors in place of its own: the same function, its own tensors back at the
// end, nothing changed by an error.
#include "autograd/ops/shape/shape.h"
#include "nn/functional_call.h"

#include <stdexcept>

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "nn/layers/activation.h"
#include "nn/layers/linear.h"
#include "nn/layers/norm.h"
#include "nn/optim/optimizer.h"
#include "nn/parametrization.h"
#include "nn/sequential.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

void build(nn::Sequential& net, std::uint64_t seed) {
    Generator generator(seed);
    const nn::LinearOptions options{.dtype = f64, .generator = &generator};
    net.add<nn::Linear>(2, 3, options)
        .add<nn::BatchNorm>(3)
        .add<nn::Tanh>()
        .add<nn::Linear>(3, 1, options);
    net.to(f64);
}

std::vector<const TensorImpl*> handles(const nn::Module& module) {
    std::vector<const TensorImpl*> out;
    for (const auto& [name, tensor] : module.state_dict()) out.push_back(tensor.impl());
    return out;
}

struct Tied : nn::Module {
    nn::Linear first{2, 2, {.dtype = f64}}, second{2, 2, {.dtype = f64}};
    Tied() {
        second.weight = first.weight;
        add("first", first);
        add("second", second);
    }
    Tensor forward(const Tensor& x) override { return second(first(x)); }
};

}  // namespace

TEST_CASE("functional_call with the tensors of another module computes what the other computes") {
    nn::Sequential a, b;
    build(a, 1);
    build(b, 2);
    const Tensor x = spread({5, 2}, 0.3);
    const auto before = handles(a);
    const Tensor own = a(x), other = nn::functional_call(a, b.state_dict(), x);
    CHECK(same_bits(other, b(x)));
    CHECK_FALSE(same_bits(other, own));
    CHECK(handles(a) == before);
    CHECK(same_bits(a(x), own));

    const Tensor bias = f64s({7}, {1});  // what is not named stays
    CHECK(distance(nn::functional_call(a, {{"3.bias", bias}}, x) - own,
                   std::vector<double>(5, 7 - a.state_dict().back().second.item())) < 1e-14);
}

TEST_CASE("functional_call gives derivatives to the tensors passed in, leaves or not") {
    nn::Sequential net;
    build(net, 3);
    const Tensor x = spread({4, 2}, 0.1);
    const NamedTensors own = net.named_parameters();
    std::vector<Tensor> inputs;
    for (const auto& [name, p] : own) inputs.push_back(clone(detach(p)).requires_grad_());
    const auto f = [&](const std::vector<Tensor>& in) {
        NamedTensors given;
        for (std::size_t i = 0; i < in.size(); ++i) given.emplace_back(own[i].first, in[i] * 1.5);
        return nn::functional_call(net, given, x);
    };
    gradcheck(f, inputs, {.name = "functional_call"});
    gradgradcheck(f, inputs, {.name = "functional_call"});
    for (const auto& [name, p] : own) CHECK_FALSE(p.grad().defined());
}

TEST_CASE("functional_call exchanges tied tensors together and a computed weight at its source") {
    Tied tied;
    const Tensor weight = f64s({1, 2, 3, 4}, {2, 2}), zero = zeros({2}, {.dtype = f64}),
                 x = f64s({1, 1}, {1, 2});
    const NamedTensors no_biases{{"first.bias", zero}, {"second.bias", zero}};
    for (const char* name : {"first.weight", "second.weight"}) {
        NamedTensors given = no_biases;
        given.emplace_back(name, weight);
        CHECK(nn::functional_call(tied, given, x).to_vector() == std::vector<double>{17, 37});
    }
    CHECK(tied.first.weight.same_as(tied.second.weight));
    const NamedTensors two{{"first.weight", weight}, {"second.weight", clone(weight)}};
    CHECK(
        contains(error_of([&] { nn::functional_call(tied, two, x); }), "two tensors for one; got"));

    nn::Linear layer(2, 2, {.dtype = f64});
    nn::weight_norm(layer);
    const Tensor same_direction = layer.weight * 3.0, length = ones({2, 1}, {.dtype = f64});
    const std::string rule = "parametrizations.weight.original";
    const Tensor y = nn::functional_call(
        layer, {{rule + "0", length}, {rule + "1", same_direction}, {"bias", zero}}, x);
    const Tensor unit = layer.weight / norm(layer.weight, 2, {1}, true);
    CHECK(distance(y, sum(unit * x, {1}).to_vector()) < 1e-15);
}

TEST_CASE("functional_call leaves the module as it was after an error or an exception") {
    nn::Sequential net;
    build(net, 4);
    const auto before = handles(net);
    const Tensor x = spread({3, 2}, 0), weight = zeros({3, 2}, {.dtype = f64});
    const auto error = [&](const NamedTensors& given, const Tensor& in) {
        return error_of([&] { nn::functional_call(net, given, in); });
    };
    CHECK(contains(error({{"0.weight", weight}, {"0.wait", weight}}, x),
                   "no parameter or buffer of that name; got \"0.wait\""));
    CHECK(contains(error({{"0.weight", zeros({3, 2})}}, x), "does not fit"));
    CHECK(contains(error({{"0.weight", zeros({2, 3}, {.dtype = f64})}}, x), "expected f64 [3, 2]"));
    CHECK(contains(error({{"0.weight", Tensor()}}, x), "undefined"));
    CHECK(contains(error({{"0.weight", weight}}, zeros({3, 5}, {.dtype = f64})), "linear"));
    CHECK(handles(net) == before);
    try {
        const nn::FunctionalScope scope(net, {{"0.weight", weight}});
        CHECK(handles(net) != before);
        throw std::runtime_error("in the scope");
    } catch (const std::runtime_error&) { CHECK(handles(net) == before); }
}

TEST_CASE("Frozen lets gradients pass through a module that does not change") {
    nn::Sequential net;
    build(net, 5);
    backward(sum(square(net(spread({6, 2}, 1)))));
    std::vector<std::vector<double>> state, gradients;
    for (const auto& [name, t] : net.state_dict()) state.push_back(t.to_vector());
    for (const Tensor& p : net.parameters()) gradients.push_back(p.grad().to_vector());
    Tensor x = spread({6, 2}, 2), same = spread({6, 2}, 2);
    x.requires_grad_();
    same.requires_grad_();
    {
        const nn::Frozen frozen(net);
        const Tensor y = net(x);
        for (const Tensor& p : net.parameters()) CHECK_FALSE(p.requires_grad());
        backward(sum(square(y)));
    }
    std::size_t i = 0;
    // running statistics, too
    for (const auto& [name, t] : net.state_dict()) CHECK(t.to_vector() == state[i++]);
    i = 0;
    for (const Tensor& p : net.parameters()) CHECK(p.grad().to_vector() == gradients[i++]);
    backward(sum(square(net(same))));
    CHECK(same_bits(x.grad(), same.grad()));
}

TEST_CASE("grad_norm is the norm of all gradients together") {
    Tensor a = f64s({1, 2}, {2}), b = f64s({3}, {1}), none = f64s({9}, {1});
    for (Tensor* x : {&a, &b, &none}) x->requires_grad_();
    CHECK(nn::grad_norm({a, b}).item() == 0);
    backward(3.0 * sum(a) + 4.0 * sum(b));
    CHECK(nn::grad_norm({a, b, none}).item() == doctest::Approx(std::sqrt(34.0)).epsilon(1e-15));
    CHECK(contains(error_of([] { nn::grad_norm({Tensor()}); }), "undefined"));
}
